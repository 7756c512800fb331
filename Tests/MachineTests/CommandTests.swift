// The command as its users call it.
import Glibc
import HostMachine
import JaxPlatform
import Testing
import WireProtocol

@Suite(.serialized, .enabled(if: Built.all)) struct CommandTests {
    private let command = Built.command

    @Test func evalPrintsAndPassesTheStatusOn() {
        let good = shell("\(command) eval 'print(6*7)'")
        #expect(good.output == "42\n" && good.status == 0)
        let bad = shell("\(command) eval '1/0' 2>&1")
        #expect(bad.status == 1 && bad.output.contains("ZeroDivisionError"))
    }

    @Test func itSaysWhatItIs() {
        #expect(shell("\(command) --version") == (productVersion + "\n", 0))
    }

    @Test func errorsGoToStandardErrorWithStatusOne() {
        let wrong = ["run /no/such/program", "frobnicate", "boot --cpus 99", "boot --efi --append x",
                     "stats --connect /no/such/socket", "eval"]
        for arguments in wrong {
            let quiet = shell("\(command) \(arguments) 2>/dev/null")
            #expect(quiet.status == 1 && quiet.output == "", "\(arguments)")
            #expect(shell("\(command) \(arguments) 2>&1 >/dev/null").output != "", "\(arguments)")
        }
    }

    /// However the command ends, what it started ends too: the whole tree of processes below it.
    @Test(arguments: ["off", "auto"]) func aKilledCommandLeavesNoQEMU(gpu: String) {
        for signal in ["INT", "TERM", "KILL"] {
            let socket = "/tmp/barejax-test-\(getpid())-\(signal)"
            let script = """
            below() { for child in $(pgrep -P $1); do echo $child; below $child; done; }
            \(command) boot --gpu \(gpu) --socket \(socket) > \(socket).out & command=$!
            for i in $(seq 300); do grep -q ready \(socket).out && break; sleep 0.1; done
            started=$(below $command)
            kill -\(signal) $command
            for i in $(seq 100); do left=; for p in $started; do grep -q "State:.[^ZX]" /proc/$p/status && left=$p; done; [ -z "$left" ] && break; sleep 0.1; done
            [ -n "$started" ] && [ -z "$left" ] && echo gone
            rm -f \(socket) \(socket).out
            """
            #expect(shell("bash -c '\(script)' 2>/dev/null").output.hasSuffix("gone\n"), "after SIG\(signal)")
        }
    }

    @Test func soDoesOneThatIsKilledAtWork() {
        let script = """
        \(command) eval "while True: pass" & command=$!
        for i in $(seq 100); do qemu=$(pgrep -P $command qemu); [ -n "$qemu" ] && break; sleep 0.1; done
        sleep 1; kill -TERM $command
        for i in $(seq 100); do grep -q "State:.[^ZX]" /proc/$qemu/status || break; sleep 0.1; done
        [ -n "$qemu" ] && ! grep -q "State:.[^ZX]" /proc/$qemu/status && echo gone
        """
        #expect(shell("bash -c '\(script)' 2>/dev/null").output.hasSuffix("gone\n"))
    }

    @Test func aWrongGoldenValueIsAFailure() {
        let fixtures = Built.root + "/Tests/MachineTests/Fixtures"
        let right = shell("\(command) check \(fixtures)/right.mlirbc")
        #expect(right.status == 0 && right.output == "1 passed, 0 failed\n", "\(right)")
        let both = shell("\(command) check \(fixtures)")
        #expect(both.status == 1 && both.output.hasSuffix("1 passed, 1 failed\n"), "\(both)")
        #expect(both.output.hasPrefix("FAILED \(fixtures)/wrong.mlirbc: ") && both.output.contains("6.5"), "\(both)")
    }

    /// Arrays from files, results to files: x * y + 1 and the sum of x.
    @Test func runTakesAndWritesArrays() throws {
        let folder = try temporaryFolder()
        defer { _ = shell("rm -rf \(folder)") }
        try write(npy([1, 2, 3, 4, 5, 6], "(2, 3)"), to: folder + "/x.npy")
        try write(npy([2, 2, 2, 10, 10, 10], "(2, 3)"), to: folder + "/y.npy")
        let program = Built.root + "/Tests/ServiceTests/Fixtures/affine.jaxexp"
        let run = shell("\(command) run \(program) \(folder)/x.npy \(folder)/y.npy --out \(folder)/out 2>&1")
        #expect(run.status == 0, "\(run)")
        let product = try contents(folder + "/out/0.npy"), sum = try contents(folder + "/out/1.npy")
        #expect(Array(product.bytes).suffix(24) == bytes([3, 5, 7, 41, 51, 61])[...])
        #expect(Array(sum.bytes).suffix(4) == bytes([21])[...])
        withExtendedLifetime((product, sum)) {}
        let wrong = shell("\(command) run \(program) \(folder)/x.npy 2>&1 >/dev/null")
        #expect(wrong.status == 1 && wrong.output.contains("2"), "\(wrong)")
    }
}
