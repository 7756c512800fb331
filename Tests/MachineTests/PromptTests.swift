// A session at the prompt: one machine, typed at through its serial line.
import Glibc
import HostMachine
import JaxPlatform
import Testing

@Suite(.serialized, .enabled(if: Built.images)) struct PromptTests {
    /// A machine at its prompt, with one program that never ends among its files (a ustar archive).
    private func session() throws -> Session {
        let archive = "/tmp/barejax-test-\(getpid()).tar"
        defer { unlink(archive) }
        #expect(shell("tar --format=ustar -cf \(archive) -C \(Built.root)/Tests/ServiceTests/Fixtures endless.jaxexp").status == 0)
        var options = MachineOptions()
        options.cpus = 2
        options.memory = "512M"
        options.files = archive
        let machine = try Machine(options)
        #expect(machine.console!.wait(for: ">>> ", seconds: 60) != nil, "\(machine.console!.lastLines)")
        return Session(machine)
    }

    @Test func aBlockEndsWithABlankLine() throws {
        let session = try session()
        try session.type("for i in range(3):\r", until: "... ")
        try session.type("print('square', i * i)\r", until: "... ")
        try session.type("\r", until: "square 4\r\n>>> ")
    }

    @Test func controlCEndsPythonAndNativeCode() throws {
        let session = try session()
        try session.type("survivor = 5\r", until: ">>> ")
        try session.type("while True: pass\r\r", until: "... ")
        usleep(500_000)
        try session.type("\u{3}", until: "KeyboardInterrupt")
        try session.type("import jax, jax.numpy as jnp\r", until: ">>> ")
        try session.type("endless = jax.export.deserialize(open('endless.jaxexp', 'rb').read())\r", until: ">>> ")
        try session.type("endless.call(jnp.ones(()))\r", until: "\r\n")
        usleep(500_000)
        try session.type("\u{3}", until: "KeyboardInterrupt")
        try session.type("print('it is', survivor)\r", until: "it is 5\r\n>>> ")
    }

    @Test func historyAndCompletion() throws {
        let session = try session()
        try session.type("print(20 + 22)\r", until: "\r\n42\r\n>>> ")
        try session.type("\u{1B}[A\r", until: "\r\n42\r\n>>> ")
        try session.type("import machine\r", until: ">>> ")
        try session.type("machine.upt\t", until: "machine.uptime")
        try session.type("() < 1000\r", until: "True\r\n>>> ")
    }

    /// Text beyond ASCII is typed, shown and edited by characters.
    @Test func linesAreUTF8() throws {
        let session = try session()
        try session.type("len('☃😀'), 'héllo ☃'\r", until: "\r\n(2, 'héllo ☃')\r\n>>> ")
        try session.type("é = 3\r", until: ">>> ")
        try session.type("é * 14\r", until: "\r\n42\r\n>>> ")
        // Two backspaces take two characters, of three and four bytes.
        try session.type("'a☃😀\u{7F}\u{7F}b'\r", until: "\r\n'ab'\r\n>>> ")
    }

    @Test func aTimeLimitEndsStatements() throws {
        let session = try session()
        try session.type("import machine; survivor = 7\r", until: ">>> ")
        try session.type("with machine.limits(time=0.3): print(machine.limits()['time'])\r\r", until: "\r\n0.3\r\n>>> ")
        try session.type("machine.limits()['time'] is None\r", until: "\r\nTrue\r\n>>> ")
        try session.type("_ = machine.limits(time=0.3)\r", until: ">>> ")
        try session.type("while True: pass\r\r", until: "MemoryError: the time budget is used up")
        try session.type("survivor * 6\r", until: "\r\n42\r\n>>> ")
    }

    @Test func exitPowersOff() throws {
        let session = try session()
        try session.type("exit()\r", until: nil)
        #expect(session.machine.process.wait(seconds: 30) == 0, "exit() did not power off")
    }

    @Test func faultsAreExceptionsAndVariablesSurvive() throws {
        let session = try session()
        try session.type("import machine; survivor = 6\r", until: ">>> ")
        for kind in ["trap", "page", "overflow"] {
            try session.type("machine.raise_fault('\(kind)')\r", until: "Fault: ")
            try session.type("survivor * 7\r", until: "\r\n42\r\n>>> ")
        }
        try session.type("len(machine.faults())\r", until: "\r\n3\r\n>>> ")
    }

    @Test func rebootStartsAnew() throws {
        var options = MachineOptions()
        options.cpus = 2
        options.reboots = true
        let machine = try Machine(options)
        let session = Session(machine)
        #expect(machine.console!.wait(for: ">>> ", seconds: 60) != nil)
        try session.type("import machine; before = 1; machine.reboot()\r", until: "help() tells more.\r\n>>> ")
        try session.type("before\r", until: "NameError")
    }

    /// Only a fault in the interpreter itself costs the variables; the machine says so and goes on.
    @Test func aFaultInTheInterpreterRestartsIt() throws {
        let session = try session()
        try session.type("import machine; lost = 1\r", until: ">>> ")
        try session.type("machine.end_interpreter()\r", until: "its variables are gone.")
        try session.type("lost\r", until: "NameError")
        try session.type("6 * 7\r", until: "\r\n42\r\n>>> ")
        try session.type("\u{4}", until: nil)
        #expect(session.machine.process.wait(seconds: 30) == 0, "Ctrl-D did not power off")
    }
}

/// What is typed and what must follow it.
private final class Session {
    let machine: Machine

    init(_ machine: Machine) { self.machine = machine }

    func type(_ text: String, until mark: String?) throws {
        let console = machine.console!
        let seen = console.count
        try console.type(text)
        guard let mark else { return }
        #expect(console.wait(for: mark, after: seen, seconds: 30) != nil, "no '\(mark)' after '\(text)':\n\(console.lastLines)")
    }
}
