// Starting the other processors: INIT, ten milliseconds, start-up (Intel SDM vol. 3, 9.4.4). A task does it beside the
// rest of the boot, and each processor joins the scheduler when it arrives.
#if hasFeature(Embedded)
import Boot
import CPU

public enum Processors {
    /// What waits for one application processor: its own record, its idle task and its place in the scheduler.
    private struct Slot {
        let local: UnsafeMutablePointer<cpu_local>
        let processor: ProcessorPointer
    }

    nonisolated(unsafe) private static var slots: [Slot] = []
    nonisolated(unsafe) private static var stacks: UnsafeMutablePointer<UInt64>! = nil
    nonisolated(unsafe) private static var arrived: EventCount! = nil

    /// Starts every processor of `model` beside this one and returns at once. `trampoline` is the writable mapping of page 8,
    /// `physical` translates an address inside the image, `pageMap` is the kernel's CR3.
    public static func start(
        _ model: InterruptModel, trampoline: UnsafeMutableRawPointer, pageMap: UInt64,
        physical: @convention(c) (UnsafeRawPointer?) -> UInt64
    ) {
        let own = LocalAPIC.id
        var targets: [UInt32] = []
        for identifier in model.processors where identifier != own && identifier < 255 && targets.count < Int(CPU_MAX_COUNT) - 1 {
            targets.append(identifier)
        }
        guard !targets.isEmpty else { return }
        arrived = EventCount()
        stacks = UnsafeMutablePointer<UInt64>.allocate(capacity: targets.count)
        for index in targets.indices {
            guard let slot = makeSlot(index) else { break }
            slots.append(slot)
            stacks[index] = slot.processor.pointee.idle.pointee.context.stack_high
        }
        guard boot_prepare_processors(trampoline, physical, pageMap, stacks, UInt32(slots.count)) != 0 else { return }
        Tasks.start("processor start", priority: .interactive, stackByteCount: 64 << 10) { wake(targets) }
    }

    private static func makeSlot(_ index: Int) -> Slot? {
        guard let idle = Tasks.make("idle", priority: .background, owner: 0, stackByteCount: Scheduler.idleStackByteCount, isIdle: true, {})
        else { return nil }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<cpu_local>.size, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<cpu_local>.size)
        let local = memory.assumingMemoryBound(to: cpu_local.self)
        idle.pointee.onProcessor = 1
        let processor = ProcessorPointer.allocate(capacity: 1)
        processor.initialize(to: Processor(local: local, idle: idle))
        processor.pointee.isIdle = 1
        return Slot(local: local, processor: processor)
    }

    private static func wake(_ targets: [UInt32]) {
        for target in targets { LocalAPIC.sendInit(to: target) }
        Scheduler.sleep(nanoseconds: 10_000_000)
        for _ in 0..<2 where boot_processors_arrived() < UInt32(slots.count) {
            for target in targets { LocalAPIC.sendStartup(page: UInt8(BOOT_TRAMPOLINE_PAGE), to: target) }
            _ = waitForAll(until: Scheduler.clock.nanoseconds + 50_000_000)
        }
        if waitForAll(until: Scheduler.clock.nanoseconds + 2_000_000_000) == false { log("some processors did not start") }
    }

    /// Waits until every processor that was announced runs tasks; false when `deadline` (nanoseconds) passed first.
    @discardableResult
    public static func waitForAll(until deadline: UInt64) -> Bool {
        guard let arrived else { return true }
        while true {
            let seen = arrived.count
            if Scheduler.processorCount == slots.count + 1 { return true }
            guard arrived.wait(past: seen, until: deadline) else { return false }
        }
    }

    /// The Swift entry of an application processor, on its idle task's stack with interrupts off.
    fileprivate static func enter(_ number: Int) -> Never {
        boot_enable_processor_features()
        let slot = slots[number]
        PageTables.activate()
        CPULocal.install(slot.local, index: UInt32(number + 1))
        let idle = slot.processor.pointee.idle
        slot.local.pointee.current = UnsafeMutableRawPointer(idle).assumingMemoryBound(to: task_context.self)
        DescriptorTables.install(slot.local)
        LocalAPIC.enable(spuriousVector: ProcessorInterrupt.spurious, errorVector: ProcessorInterrupt.apicError)
        slot.local.pointee.apic_id = LocalAPIC.id
        slot.local.pointee.online = 1
        Scheduler.add(slot.processor)
        arrived.notify()
        cpu_enable_interrupts()
        Scheduler.idle()
    }
}

@_cdecl("processor_main")
func processorMain(_ number: UInt32) { Processors.enter(Int(number)) }
#endif
