// Whether every processor still takes interrupts. A task asks all of them twice a second, and keeps the watchdog device quiet
// only while all answer; the device's NMI then ends the job on the processor that hangs (Exceptions, `.watchdog`).
import Drivers
import Kernel

enum Watchdog {
    /// Between two looks, nanoseconds.
    private static let period: UInt64 = 500_000_000
    /// Each of the device's two timers, milliseconds.
    private static let patience: UInt32 = 2000

    /// Nothing without the device.
    static func start(_ bus: PCIBus, _ environment: any DriverEnvironment) {
        for function in bus.functions where I6300ESB.matches(function) {
            do throws(DeviceError) {
                let device = try I6300ESB(function, environment)
                Exceptions.isWatchdogExpected = true
                Tasks.start("watchdog", priority: .interactive, stackByteCount: 64 << 10) { watch(device) }
            } catch {
                log(error.description)
            }
            return
        }
    }

    private static func watch(_ device: I6300ESB) {
        while true {
            if Processors.allAnswer(within: 4 * period) { device.start(milliseconds: patience) }
            Processors.askAll()
            Scheduler.sleep(nanoseconds: period)
        }
    }
}
