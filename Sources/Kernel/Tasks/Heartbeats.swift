// Signs of life: each processor notes when it took its last interrupt.
#if hasFeature(Embedded)
import CPU

extension Processors {
    /// Sends every processor an interrupt, which it answers by its heartbeat.
    public static func askAll() {
        for index in 0..<Scheduler.processorCount {
            LocalAPIC.send(ProcessorInterrupt.reschedule, to: Scheduler.processors[index].pointee.local.pointee.apic_id)
        }
    }

    /// Whether every processor that runs tasks took an interrupt in the last `nanoseconds`.
    public static func allAnswer(within nanoseconds: UInt64) -> Bool {
        for index in 0..<Scheduler.processorCount where isSilent(Scheduler.processors[index].pointee.local, nanoseconds) { return false }
        return true
    }

    static func isSilent(_ cpu: UnsafeMutablePointer<cpu_local>, _ nanoseconds: UInt64) -> Bool {
        let now = Scheduler.clock.nanoseconds, heartbeat = Scheduler.clock.nanoseconds(at: cpu.pointee.heartbeat)
        return now > heartbeat && now - heartbeat > nanoseconds
    }
}
#endif
