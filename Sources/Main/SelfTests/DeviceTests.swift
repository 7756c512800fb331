// Machine tests of devices; the host plays the other end.
import Kernel

enum DeviceTests {
    /// Sends back what comes through the control port until the host closes it. The host compares.
    static func echo() -> Int {
        var test = SelfTestLog("echo")
        guard let port = Devices.control else {
            test.expect(false, "there is no control port")
            return test.failureCount
        }
        port.waitUntilOpen()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        var total = 0
        let start = Scheduler.clock.nanoseconds
        while true {
            do {
                let count = try port.read(into: buffer)
                if count == 0 { break }
                total += count
                try port.write(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
            } catch {
                test.expect(false, "the port failed")
                break
            }
        }
        let milliseconds = max(1, Int((Scheduler.clock.nanoseconds - start) / 1_000_000))
        log("echoed \(total) bytes, \(total / 1000 / milliseconds) MB/s each way")
        return test.failureCount
    }

    /// The console's interrupts have arrived as messages: its driver waits for nothing else.
    static func messageInterrupts() -> Int {
        var test = SelfTestLog("msix")
        guard let port = Devices.control else {
            test.expect(false, "there is no control port")
            return test.failureCount
        }
        port.waitUntilOpen()
        test.expect(Devices.environment.interruptCount > 0, "no message arrived")
        test.expect(Interrupts.unexpectedCount == 0, "interrupts arrived that nobody had asked for")
        return test.failureCount
    }
}
