// The disk image, booted by EFI firmware.
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
        try console.type("import jax.numpy as jnp; (jnp.arange(4) + 1).sum()\r")
        #expect(console.wait(for: "10", after: seen, seconds: 60) != nil, "\(console.lastLines)")
    }

    /// The very line that `make image` prints.
    @Test func theBareLineBootsToThePrompt() throws {
        let line = shell(Built.root + "/image/boot-line.sh").output.split(separator: "\n").last.map(String.init) ?? ""
        #expect(line.hasPrefix("qemu-system-x86_64 "))
        let talk = shell("bash -c '(for i in $(seq 120); do sleep 1; grep -q \">>> \" /tmp/line.$$ && break; done; printf \"6*7\\r\"; sleep 3; printf \"\\004\") | timeout 180 \(line) | tee /tmp/line.$$; rm -f /tmp/line.$$'")
        #expect(talk.output.contains("42"), "\(talk.output.suffix(500))")
    }
}
