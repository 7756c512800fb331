// The images as their first users meet them: booted by EFI firmware, on machines of several sizes.
import Glibc
import HostMachine
import Testing

@Suite(.serialized, .enabled(if: Built.images)) struct AcceptanceTests {
    @Test func theImageBootsByEFIToThePrompt() throws {
        var options = MachineOptions()
        options.boot = .efi
        options.cpus = 2
        let machine = try Machine(options)
        let console = machine.console!
        #expect(console.wait(for: ">>> ", seconds: 180) != nil, "\(console.lastLines)")
        var seen = console.count
        try console.type("6*7\r")
        #expect(console.wait(for: "42\r\n", after: seen, seconds: 60) != nil)
        seen = console.count
        try console.type("import jax, jax.numpy as jnp; jnp.arange(4) * 2.5\r")
        #expect(console.wait(for: "Array([0. , 2.5, 5. , 7.5], dtype=float32, weak_type=True)", after: seen, seconds: 60) != nil,
                "\(console.lastLines)")
        // A program that real JAX exported (image/example.py), read from the partition through the firmware.
        seen = console.count
        try console.type("jax.export.deserialize(open('models/softmax.jaxexp', 'rb').read()).call(jnp.arange(4) + 1.0)\r")
        #expect(console.wait(for: "Array([0.0320586 , 0.08714432, 0.23688284, 0.6439143 ], dtype=float32)",
                             after: seen, seconds: 60) != nil, "\(console.lastLines)")
        try console.type("\u{4}")
        #expect(machine.process.wait(seconds: 30) == 0, "Ctrl-D did not power off")
    }

    /// The machine's own tests where the firmware has laid out the image and the memory: a disk with a command line for the
    /// kernel and a folder of files.
    @Test func theMachinesOwnTestsPassByEFI() throws {
        var template = Array("/tmp/barejax-test-XXXXXX".utf8CString)
        #expect(mkdtemp(&template) != nil)
        let folder = String(cString: template)
        defer { _ = shell("rm -rf \(folder)") }
        let made = shell("""
            mkdir -p \(folder)/partition/EFI/BOOT && echo test=memory test=traps test=stacks test=jobs test=tasks > \(folder)/partition/EFI/BOOT/CMDLINE.TXT \
            && \(Built.root)/image/make-disk.sh \(folder)/disk.img \(Built.root)/build/BOOTX64.EFI \(folder)/partition 2>&1
            """)
        #expect(made.status == 0, "\(made.output)")
        var options = MachineOptions()
        options.boot = .efi
        options.disk = folder + "/disk.img"
        options.cpus = 4
        let machine = try Machine(options)
        #expect(machine.process.wait(seconds: 120) == 1, "\(machine.console!.text)")
    }

    /// RAM above 4 GiB, and more processors than the host has; memory is touched only where it is used.
    @Test(arguments: [MachineOptions.Boot.pvh, .efi]) func sixteenGibibytesAndEightProcessors(boot: MachineOptions.Boot) throws {
        var options = MachineOptions()
        options.boot = boot
        options.cpus = 8
        options.memory = "16G"
        let machine = try Machine(options)
        let console = machine.console!
        #expect(console.wait(for: ">>> ", seconds: 180) != nil, "\(console.lastLines)")
        #expect(console.text.contains(" MiB of memory, 8 processors"))
        let seen = console.count
        try console.type("import machine; machine.memory()['total'] >> 30\r")
        #expect(console.wait(for: "\n15\r\n", after: seen, seconds: 30) != nil, "\(console.lastLines)")
    }

    /// One clear line, not a fault: Swift code is compiled for AVX2.
    @Test(arguments: ["Nehalem", "max,avx2=off"]) func aProcessorWithoutAVX2IsRefused(processor: String) throws {
        var options = MachineOptions()
        options.extra = ["-cpu", processor]
        let machine = try Machine(options)
        let console = machine.console!
        #expect(console.wait(for: "Halted.\r\n", seconds: 30) != nil)
        #expect(console.text == "BareJAX needs a processor with AVX2, FMA, F16C, BMI2 and LZCNT; this one lacks them. Halted.\r\n")
    }

    /// The very line that `make image` prints.
    @Test func theBareLineBootsToThePrompt() throws {
        let line = shell(Built.root + "/image/boot-line.sh").output.split(separator: "\n").last.map(String.init) ?? ""
        #expect(line.hasPrefix("qemu-system-x86_64 "))
        let talk = shell("bash -c '(for i in $(seq 120); do sleep 1; grep -q \">>> \" /tmp/line.$$ && break; done; printf \"6*7\\r\"; "
            + "sleep 3; printf \"\\004\") | timeout 180 \(line) | tee /tmp/line.$$; rm -f /tmp/line.$$'")
        #expect(talk.output.contains("42"), "\(talk.output.suffix(500))")
    }
}
