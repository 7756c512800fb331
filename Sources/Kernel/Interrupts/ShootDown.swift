// Translations that one processor changed are dropped by all others before the change counts as done: else a freed page
// would still be reachable through an old entry somewhere (Intel SDM vol. 3, section 4.10.5).
#if hasFeature(Embedded)
import CPU

enum ShootDown {
    /// Above this many pages a processor drops everything instead.
    private static let pageLimit = 64

    /// 1 while a processor waits for the others, atomic.
    nonisolated(unsafe) private static var isBusy: UInt32 = 0
    nonisolated(unsafe) private static var start: UInt = 0
    nonisolated(unsafe) private static var byteCount = 0
    /// Processors that have not dropped the range yet, a bit each by their place in the scheduler's table; atomic.
    nonisolated(unsafe) private static var pending: UInt64 = 0

    /// Makes every other processor forget the translations of a range, and waits until they have. Any context without a spin
    /// lock: a processor that waits for such a lock with interrupts off could not answer.
    static func forget(_ address: UInt, _ count: Int) {
        guard Scheduler.onlineCount > 1 else { return }
        let flags = cpu_lock_interrupts()
        let own = Scheduler.here.pointee.position
        // Two at once would wait for each other: the one that waits for its turn answers meanwhile.
        while !atomic_replace32(&isBusy, 0, 1) { answer(own) }
        start = address
        byteCount = count
        let online = Scheduler.processorCount
        let others = ((1 as UInt64) << UInt64(online) &- 1) & ~(1 << UInt64(own))
        atomic_store64(&pending, others)
        for index in 0..<online where index != Int(own) {
            LocalAPIC.send(ProcessorInterrupt.shootDown, to: Scheduler.processors[index].pointee.local.pointee.apic_id)
        }
        while atomic_load64(&pending) != 0 { cpu_pause() }
        atomic_store32(&isBusy, 0)
        cpu_unlock_interrupts(flags)
    }

    /// The interrupt's handler.
    static func handle() { answer(Scheduler.here.pointee.position) }

    private static func answer(_ position: UInt32) {
        let bit = (1 as UInt64) << UInt64(position)
        guard atomic_load64(&pending) & bit != 0 else {
            cpu_pause()
            return
        }
        if byteCount > pageLimit << 12 {
            cpu_write_cr3(cpu_read_cr3())
        } else {
            for page in stride(from: start, to: start + UInt(byteCount), by: 4096) { cpu_invalidate_page(page) }
        }
        _ = atomic_and64(&pending, ~bit)
    }
}
#endif
