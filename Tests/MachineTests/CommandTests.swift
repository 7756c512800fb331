// The command as its users call it.
import Glibc
import HostMachine
import Testing

@Suite(.serialized, .enabled(if: Built.all)) struct CommandTests {
    private let command = Built.path("barejax") ?? "barejax"

    @Test func evalPrintsAndPassesTheStatusOn() {
        let good = shell("\(command) eval 'print(6*7)'")
        #expect(good.output == "42\n" && good.status == 0)
        let bad = shell("\(command) eval '1/0' 2>&1")
        #expect(bad.status == 1 && bad.output.contains("ZeroDivisionError"))
    }

    @Test func errorsGoToStandardErrorWithStatusOne() {
        for arguments in ["run /no/such/program", "frobnicate", "boot --cpus 99", "stats --connect /no/such/socket", "eval"] {
            let quiet = shell("\(command) \(arguments) 2>/dev/null")
            #expect(quiet.status == 1 && quiet.output == "", "\(arguments)")
            #expect(shell("\(command) \(arguments) 2>&1 >/dev/null").output != "", "\(arguments)")
        }
    }

    @Test func aKilledCommandLeavesNoQEMU() {
        for signal in ["INT", "TERM", "KILL"] {
            let socket = "/tmp/barejax-test-\(getpid())-\(signal)"
            let script = """
            \(command) boot --socket \(socket) > \(socket).out & command=$!
            for i in $(seq 300); do grep -q ready \(socket).out && break; sleep 0.1; done
            qemu=$(pgrep -P $command | head -n 1)
            kill -\(signal) $command; sleep 0.5
            [ -n "$qemu" ] && ! kill -0 $qemu 2>/dev/null && echo gone
            rm -f \(socket) \(socket).out
            """
            #expect(shell("bash -c '\(script)' 2>/dev/null").output.hasSuffix("gone\n"), "after SIG\(signal)")
        }
    }

    @Test func aWrongGoldenValueIsAFailure() throws {
        let folder = Built.root + "/../shared/conformance/stablehlo"
        guard access(folder, R_OK) == 0 else { return }
        let program = folder + "/abs_float32_20_20.mlirbc"
        #expect(shell("\(command) check \(program)").output.hasSuffix("1 passed, 0 failed\n"))
    }
}
