// The GPU on the machine: its own tests through QEMU and Venus, what the prompt and the statistics say of it, and
// machines that have none.
import Glibc
import HostMachine
import JaxPlatform
import Testing
import WireProtocol

@Suite(.serialized, .enabled(if: Built.path("barejax.elf") != nil)) struct GPUMachineTests {
    /// The machine's own tests: kernels against the processor, beside a null device; allocation cycles; a dispatch that is
    /// cut off; faults.
    @Test(arguments: ["gpu accelerators=null", "gpu-cycles", "gpu-deadline", "gpu-faults"]) func selfTest(name: String) throws {
        var options = MachineOptions()
        options.cpus = 2
        options.gpu = .on
        options.commandLine = "test=" + name
        let machine = try Machine(options)
        let status = machine.process.wait(seconds: 400)
        print(machine.console!.text)
        #expect(status == 1, "\(machine.console!.lastLines)")
    }

    @Test func thePromptNamesTheGPUAndTestsIt() throws {
        let running = try RunningMachine { $0.gpu = .on }
        defer { running.shutDown() }
        let tested = try running.python("import machine\nprint(machine.gpu_selftest())")
        #expect(tested.output.contains("True") && !tested.output.contains("WRONG"), "\(tested.output)")
        #expect(tested.output.contains("histogram with atomics: "), "\(tested.output)")
        // What the job held on the device went with it; what was done stays counted.
        let devices = try running.python("import machine\nfor d in machine.devices(): print(d['name'], d['memory'], "
            + "d['dispatches'])").output
        #expect(devices.contains("gpu:0 0 ") && !devices.contains("gpu:0 0 0"), "\(devices)")
        let statistics = try running.client.start(ReadStatistics()).waitWithBody(seconds: 10).body?.text ?? ""
        #expect(statistics.contains("\"name\":\"gpu:0\"") || statistics.contains("\"name\": \"gpu:0\""), "\(statistics)")
    }

    /// The firmware shows its console on the GPU and places its window; few and many processors, little and much memory.
    @Test(.enabled(if: Built.images), arguments: [(1, "512M"), (4, "16G")]) func byEFI(cpus: Int, memory: String) throws {
        let running = try RunningMachine {
            $0.boot = .efi
            $0.gpu = .on
            $0.cpus = cpus
            $0.memory = memory
        }
        defer { running.shutDown() }
        let tested = try running.python("import machine\nprint([d['name'] for d in machine.devices()], machine.gpu_selftest())")
        #expect(tested.output.contains("['cpu:0', 'gpu:0'] True") && !tested.output.contains("WRONG"), "\(tested.output)")
    }

    /// What the machine's GPU needs beside QEMU ends with the command, also when that is killed at once.
    @Test(.enabled(if: Built.all)) func theHelpersEndWithTheCommand() throws {
        let script = """
            descendants() { for child in $(ps -o pid= --ppid $1); do echo $child; descendants $child; done; }
            folder=$(mktemp -d)
            '\(Built.command)' boot --gpu on --socket $folder/s > $folder/log 2>&1 & command=$!
            for i in $(seq 300); do [ -S $folder/s ] && break; sleep 0.1; done
            helpers=$(descendants $command)
            echo names $(ps -o comm= -p $(echo $helpers | tr ' ' ','))
            kill -KILL $command; wait $command 2> /dev/null
            for i in $(seq 100); do left=$(for p in $helpers; do kill -0 $p 2> /dev/null && echo $p; done); [ -z "$left" ] && break; sleep 0.1; done
            rm -rf $folder
            echo left $left.
            """
        let output = shell("bash -c '" + script.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
                           + "'").output
        #expect(output.contains("Xvfb") && output.contains("virgl_render") && output.contains("qemu-system"), "\(output)")
        #expect(output.contains("left ."), "\(output)")
    }

    /// No GPU, and one without Venus: nothing else changes.
    @Test(arguments: [MachineOptions.Boot.pvh, .efi],
          [[], ["-device", "virtio-gpu-pci"]]) func withoutVenusTheMachineIsAsBefore(boot: MachineOptions.Boot, extra: [String]) throws {
        guard boot == .pvh || Built.images else { return }
        let running = try RunningMachine {
            $0.boot = boot
            $0.extra = extra
        }
        defer { running.shutDown() }
        let devices = try running.python("import machine\nprint([d['name'] for d in machine.devices()])").output
        #expect(devices.contains("cpu") && !devices.contains("gpu"), "\(devices)")
        let refused = try running.python("import machine\nmachine.gpu_selftest()")
        #expect(refused.status == 1 && refused.output.contains("this machine has no GPU"), "\(refused.output)")
        #expect(try running.python("import jax.numpy as jnp\nprint((jnp.arange(3) * 2).tolist())").output.contains("[0, 2, 4]"))
        #expect(running.machine.console!.text.contains("no GPU: "), "\(running.machine.console!.text)")
    }

    /// `--gpu auto` where there is no Venus says so in one line and boots; `--gpu on` is an error.
    @Test func autoSaysWhyThereIsNone() throws {
        let folder = shell("mktemp -d").output.split(separator: "\n").first.map(String.init) ?? ""
        defer { _ = shell("rm -rf '\(folder)'") }
        _ = shell("cp '\(Built.command)' '\(Built.path("barejax.elf")!)' '\(folder)'")
        guard !shell("'\(folder)/barejax' doctor").output.contains("the host's own QEMU") else { return }
        let automatic = shell("(timeout 20 '\(folder)/barejax' boot --gpu auto --socket '\(folder)/s' 2>&1 & for i in $(seq 180); do [ "
            + "-S '\(folder)/s' ] && break; sleep 0.1; done; sleep 0.5; kill %1; wait) 2>/dev/null")
        #expect(automatic.output.contains("ready"), "\(automatic.output)")
        #expect(automatic.output.split(separator: "\n").filter { $0.hasPrefix("no GPU: ") }.count == 1, "\(automatic.output)")
        let demanded = shell("timeout 20 '\(folder)/barejax' boot --gpu on --socket '\(folder)/s' 2>&1")
        #expect(demanded.status == 1 && demanded.output.contains("Venus"), "\(demanded.output)")
    }
}
