import Glibc
import JaxPlatform
import Testing
@testable import HostMachine

@Suite struct QEMUTests {
    /// The probe guest itself is sound: under emulation it reaches its end.
    @Test func probeGuestRunsUnderEmulation() {
        #expect(KVMProbe.probe(accelerator: "tcg"))
        #expect(!KVMProbe.probe(accelerator: "no-such-accelerator"))
    }

    @Test func processEndsWithItsObject() throws {
        var process: QEMUProcess? = try QEMUProcess(["sleep", "1000.25"], keeping: [])
        #expect(process!.wait(seconds: 0.05) == nil)
        #expect(process!.isRunning)
        #expect(shell("pgrep -f '^sleep 1000.25$'").output != "")
        process = nil
        for _ in 0..<100 where shell("pgrep -f '^sleep 1000.25$'").output != "" { usleep(100_000) }
        #expect(shell("pgrep -f '^sleep 1000.25$'").output == "")
    }

    @Test func whatCannotBeStartedIsAnError() {
        #expect(throws: JaxError.self) { try QEMUProcess(["/no/such/program"], keeping: []) }
    }

    @Test func sizesAreChecked() {
        for (text, bytes) in [("512M", 512 << 20), ("4G", 4 << 30), ("65536K", 64 << 20), ("100", 100 << 20)] {
            #expect(MachineOptions.byteCount(text) == bytes)
        }
        for text in ["", "G", "-1G", "1.5G", "1GG", "99999999999999G"] { #expect(MachineOptions.byteCount(text) == nil) }
        var options = MachineOptions()
        options.cpus = 9
        #expect(throws: JaxError.self) { try options.validate() }
    }
}
