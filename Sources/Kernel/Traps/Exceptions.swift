// The exception manager: names every exception, records it, and ends what it struck: the innermost guarded call of the
// running task, and the machine only where there is none.
#if hasFeature(Embedded)
import Boot
import CPU

public enum Exceptions {
    nonisolated(unsafe) private static var ring: UnsafeMutablePointer<FaultRing>! = nil
    nonisolated(unsafe) private static var ringLock = spin_lock()
    /// Whether each fault is reported on the log.
    nonisolated(unsafe) public static var reportsFaults = true
    /// The record of the fault that escaped last in each task (by identifier modulo 256); read right after the escape.
    nonisolated(unsafe) private static var lastEscape: UnsafeMutablePointer<FaultRecord?>! = nil
    private static let escapeSlots = 256
    /// For each processor an NMI's record that the ring's lock kept waiting, and whether there is any, atomic.
    nonisolated(unsafe) private static var late: UnsafeMutablePointer<FaultRecord?>! = nil
    nonisolated(unsafe) private static var isAnyLate: UInt32 = 0
    /// Locks that were held by code that a fault ended. Their data may be half changed.
    nonisolated(unsafe) public private(set) static var poisonedLockCount = 0

    /// Faults whose answer was more than the end of a job: a task begun anew or ended, a device reset. Atomic.
    nonisolated(unsafe) private static var climbed: UInt64 = 0
    public static var climbedCount: UInt64 { atomic_load64(&climbed) }

    /// Called once by the handler of the next exception, for tests of what happens in there.
    nonisolated(unsafe) public static var probe: (() -> Void)?

    private static func runProbe() {
        guard let probe else { return }
        self.probe = nil
        probe()
    }

    /// Before the first exception can be handled.
    static func start() {
        ring = UnsafeMutablePointer.allocate(capacity: 1)
        ring.initialize(to: FaultRing())
        lastEscape = UnsafeMutablePointer.allocate(capacity: escapeSlots)
        lastEscape.initialize(repeating: nil, count: escapeSlots)
        late = UnsafeMutablePointer.allocate(capacity: Int(CPU_MAX_COUNT))
        late.initialize(repeating: nil, count: Int(CPU_MAX_COUNT))
    }

    /// The last faults, the oldest first.
    public static func faults() -> [FaultRecord] {
        var list: [FaultRecord] = []
        list.reserveCapacity(FaultRing.capacity)
        appendLate()
        let flags = spin_acquire(&ringLock)
        ring.pointee.forEach { if list.count < list.capacity { list.append($0) } }
        spin_release(&ringLock, flags)
        return list
    }

    /// All faults since start.
    public static var faultCount: UInt64 {
        appendLate()
        return ring.pointee.count
    }

    private static func appendLate() {
        guard atomic_replace32(&isAnyLate, 1, 0) else { return }
        let flags = spin_acquire(&ringLock)
        for index in 0..<Int(CPU_MAX_COUNT) {
            guard let record = late[index] else { continue }
            late[index] = nil
            _ = ring.pointee.append(record)
        }
        spin_release(&ringLock, flags)
    }

    /// The record of the fault that ended a guarded call of the running task just now.
    static var lastOfCurrentTask: FaultRecord? { lastEscape[Int(cpu_current_task().pointee.id) & (escapeSlots - 1)] }

    /// Ends the running job with a fault of the kernel's own making. Returns only where there is nothing to end.
    public static func raise(_ kind: FaultKind, detail: UInt64 = 0) {
        trap_raise(UInt64(kind.rawValue), detail)
    }

    /// Marks a recovery point that forced ends stop at, to clean up and pass the fault on by `raiseAgain`.
    static let cleanUpPoint = UInt64.max
    private static let again: UInt64 = 0xFF

    /// Passes a caught fault on to the next guarded call outside.
    static func raiseAgain(_ record: FaultRecord) {
        lastEscape[Int(cpu_current_task().pointee.id) & (escapeSlots - 1)] = record
        trap_raise(again, 0)
    }

    /// Records something that ends nothing.
    public static func note(_ kind: FaultKind, vector: UInt8) {
        var record = FaultRecord(kind: kind, vector: vector)
        record.ticks = cpu_tsc()
        record.processor = cpu_local_get().pointee.index
        if kind == .brokenDevice { _ = atomic_add64(&climbed, 1) }
        _ = keep(record)
    }

    // MARK: Handling

    /// An exception, on the stack that its vector has. Returns to go on at `frame`, which an escape has rewritten.
    static func handle(_ frame: UnsafeMutablePointer<trap_frame>) {
        let cpu = cpu_local_get()!
        let task = cpu.pointee.current!
        // An NMI strikes anywhere, also while a fault is handled: unless the processor hangs it changes nothing, and waits for
        // no lock. A processor that idles is silent too, but with interrupts on.
        let hasInterruptsOff = frame.pointee.rflags & 0x200 == 0
        if frame.pointee.vector == 2, !(isWatchdogExpected && hasInterruptsOff && Processors.isSilent(cpu, 1_000_000_000)) {
            runProbe()
            _ = note(frame, cpu, task)
            return
        }
        if frame.pointee.vector == 18, goesOn(frame, cpu, task, hasInterruptsOff) { return }
        cpu.pointee.trap_depth += 1
        if cpu.pointee.trap_depth > 1 {
            handleNested(frame, cpu, task)
            return
        }
        if frame.pointee.vector == UInt64(TRAP_RAISED), frame.pointee.rdi == again, let point = task.pointee.recovery,
           let record = lastEscape[Int(task.pointee.id) & (escapeSlots - 1)] {
            escape(frame, to: point, cpu, task, record)
            cpu.pointee.trap_depth = 0
            return
        }
        var record = describe(frame, cpu, task)
        Injector.strikeManager()
        runProbe()
        var point = task.pointee.recovery
        let canGoOn = record.kind == .debug && point == nil
        if record.kind == .nonMaskableInterrupt {
            // This processor hangs: the NMI is the watchdog's, and what runs ends.
            record.kind = .watchdog
        } else if record.kind == .machineCheck {
            cpu_write_msr(machineCheckStatus, 0)
        }
        if record.vector == 2 || record.vector == 18 { point = innermostJob(task) ?? point }
        record = keep(record)
        if reportsFaults && record.kind != .cancelled || point == nil && !canGoOn { record.writeReport() }
        if !canGoOn {
            guard let point else { panic(record) }
            escape(frame, to: point, cpu, task, record)
        }
        cpu.pointee.trap_depth = 0
    }

    /// A machine check strikes anywhere too. With RIPV the interrupted code can go on; a job's result is not to be trusted any
    /// more. It is ended at once where that leaves nothing half changed: then this is false. Else as soon as it stands elsewhere.
    private static func goesOn(_ frame: UnsafeMutablePointer<trap_frame>, _ cpu: UnsafeMutablePointer<cpu_local>,
                               _ task: UnsafeMutablePointer<task_context>, _ hasInterruptsOff: Bool) -> Bool {
        guard probe == nil, cpu_read_msr(machineCheckStatus) & 1 != 0 else { return false }
        let isInside = cpu.pointee.trap_depth == 0 && Jobs.isInside(task)
        if isInside, !hasInterruptsOff, cpu.pointee.interrupt_depth == 0, cpu.pointee.held_lock_count == 0, Jobs.mayEnd(task) {
            return false
        }
        cpu_write_msr(machineCheckStatus, 0)
        let record = note(frame, cpu, task)
        if isInside { Jobs.endSoon(task, record) }
        return true
    }

    /// IA32_MCG_STATUS: until it is cleared another machine check shuts the processor down (Intel SDM vol. 3, 15.3.1.2).
    private static let machineCheckStatus: UInt32 = 0x17A

    /// Whether an NMI may come from the watchdog (Main/Devices/Watchdog.swift).
    nonisolated(unsafe) public static var isWatchdogExpected = false

    /// A fault while a fault was handled: no more is said about it than its number; what was running ends.
    private static func handleNested(_ frame: UnsafeMutablePointer<trap_frame>, _ cpu: UnsafeMutablePointer<cpu_local>,
                                     _ task: UnsafeMutablePointer<task_context>) {
        var record = FaultRecord(kind: .managerFault, vector: UInt8(truncatingIfNeeded: frame.pointee.vector))
        record.instruction = frame.pointee.rip
        record.address = cpu_read_cr2()
        record.task = task.pointee.id
        record.processor = cpu.pointee.index
        record.ticks = cpu_tsc()
        guard cpu.pointee.trap_depth <= 3, let point = task.pointee.recovery else { panic(record) }
        if !spin_held_here(&ringLock) { record = keep(record) }
        escape(frame, to: point, cpu, task, record)
        cpu.pointee.trap_depth = 0
    }

    private static func describe(_ frame: UnsafeMutablePointer<trap_frame>, _ cpu: UnsafeMutablePointer<cpu_local>,
                                 _ task: UnsafeMutablePointer<task_context>) -> FaultRecord {
        let vector = frame.pointee.vector
        let address = vector == 14 ? cpu_read_cr2() : 0
        let stack = task.pointee.stack_low..<max(task.pointee.stack_low, task.pointee.stack_high)
        let rip = frame.pointee.rip
        let isTrap = vector == 6 && Symbols.isText(rip) && Symbols.isText(rip + 1)
            && UnsafePointer<UInt8>(bitPattern: UInt(rip))![0] == 0x0F && UnsafePointer<UInt8>(bitPattern: UInt(rip))![1] == 0x0B
        var kind = FaultKind.classify(vector: vector, errorCode: frame.pointee.error_code, address: address,
                                      stackPointer: frame.pointee.rsp, stack: stack, isTrapInstruction: isTrap)
        if kind == .badAddress, DescriptorTables.isBelowExceptionStack(UInt(address), of: cpu) { kind = .stackOverflow }
        var detail = address
        var instruction = rip
        if vector == UInt64(TRAP_RAISED) {
            kind = FaultKind(rawValue: UInt8(truncatingIfNeeded: frame.pointee.rdi)) ?? .otherException
            detail = frame.pointee.rsi
            // Who raised it: the caller's return address above trap_raise's frame.
            if stack.contains(frame.pointee.rbp &+ 8) {
                instruction = UnsafePointer<UInt64>(bitPattern: UInt(frame.pointee.rbp + 8))!.pointee
            }
        }
        var record = FaultRecord(kind: kind, vector: UInt8(truncatingIfNeeded: vector))
        record.ticks = cpu_tsc()
        record.processor = cpu.pointee.index
        record.errorCode = frame.pointee.error_code
        record.instruction = instruction
        record.address = detail
        record.stackPointer = frame.pointee.rsp
        record.task = task.pointee.id
        record.job = innermostJob(task)?.pointee.job ?? 0
        record.isInInterrupt = cpu.pointee.interrupt_depth > 0
        walk(frame.pointee.rbp, stack, &record)
        record.code = SealedCode.region(at: instruction)
        for index in 0..<record.backtraceCount where record.code == nil { record.code = SealedCode.region(at: record.backtrace[index]) }
        return record
    }

    /// The recovery point of the job that runs.
    private static func innermostJob(_ task: UnsafeMutablePointer<task_context>) -> UnsafeMutablePointer<recovery_point>? {
        var point = task.pointee.recovery
        while let candidate = point, candidate.pointee.job == 0 || candidate.pointee.job == cleanUpPoint {
            point = candidate.pointee.outer
        }
        return point
    }

    /// Return addresses by the chain of frame pointers, as far as it stays inside the stack and climbs.
    private static func walk(_ start: UInt64, _ stack: Range<UInt64>, _ record: inout FaultRecord) {
        var frame = start
        while record.backtraceCount < 12, stack.contains(frame), stack.contains(frame + 15), frame & 7 == 0 {
            let link = UnsafePointer<UInt64>(bitPattern: UInt(frame))!
            guard Symbols.isText(link[1]) || SealedCode.isCode(link[1]) else { return }
            record.backtrace[record.backtraceCount] = link[1]
            record.backtraceCount += 1
            guard link[0] > frame else { return }
            frame = link[0]
        }
    }

    /// Keeps a record of what waits for no lock. The code that it struck on this processor may hold the ring's: then the record
    /// waits for whoever reads the ring next.
    private static func note(_ frame: UnsafeMutablePointer<trap_frame>, _ cpu: UnsafeMutablePointer<cpu_local>,
                             _ task: UnsafeMutablePointer<task_context>) -> FaultRecord {
        let record = describe(frame, cpu, task)
        for _ in 0..<1000 {
            guard atomic_replace32(&ringLock.taken, 0, 1) else {
                cpu_pause()
                continue
            }
            let numbered = ring.pointee.append(record)
            atomic_store32(&ringLock.taken, 0)
            return numbered
        }
        late[Int(cpu.pointee.index)] = record
        atomic_store32(&isAnyLate, 1)
        return record
    }

    private static func keep(_ record: FaultRecord) -> FaultRecord {
        let flags = spin_acquire(&ringLock)
        defer { spin_release(&ringLock, flags) }
        Trace.note(.fault, ring.pointee.count + 1, UInt64(record.kind.rawValue))
        return ring.pointee.append(record)
    }

    // MARK: Escape

    /// Makes `frame` return into the guarded call that owns `point`.
    static func escape(_ frame: UnsafeMutablePointer<trap_frame>, to point: UnsafeMutablePointer<recovery_point>,
                       _ cpu: UnsafeMutablePointer<cpu_local>, _ task: UnsafeMutablePointer<task_context>,
                       _ record: FaultRecord) {
        lastEscape[Int(task.pointee.id) & (escapeSlots - 1)] = record
        releaseLocks(cpu)
        // Neither a job's point, nor that of an interrupt's handler.
        if point.pointee.job == 0 && point.pointee.interrupt_depth == 0 { _ = atomic_add64(&climbed, 1) }
        task.pointee.recovery = point.pointee.outer
        task.pointee.owner = point.pointee.owner
        // At once, with interrupts off: what is shielded from a forced end is so from its first instruction.
        task.pointee.keep_alive = point.pointee.keep_alive
        endAbandonedInterrupts(cpu, down: point.pointee.interrupt_depth)
        frame.pointee.rip = trap_escape_address()
        frame.pointee.rsp = UInt64(UInt(bitPattern: point))
        frame.pointee.rbp = point.pointee.rbp
        frame.pointee.rflags = point.pointee.flags & ~0x500    // neither single step nor direction
        frame.pointee.cs = UInt64(TRAP_CODE_SEGMENT)
        frame.pointee.ss = UInt64(TRAP_DATA_SEGMENT)
    }

    /// Ends the innermost job of the running task from an interrupt that has struck it; guarded calls inside it end with it.
    /// False where the task has none.
    static func endJob(_ frame: UnsafeMutablePointer<trap_frame>, _ kind: FaultKind) -> Bool {
        let cpu = cpu_local_get()!
        let task = cpu.pointee.current!
        var point = task.pointee.recovery
        while let candidate = point, candidate.pointee.job == 0 { point = candidate.pointee.outer }
        guard let point else { return false }
        var record: FaultRecord
        if let pending = Jobs.pendingFault(task) {
            record = pending
        } else {
            record = describe(frame, cpu, task)
            record.kind = kind
            record.job = innermostJob(task)?.pointee.job ?? 0
            record = keep(record)
        }
        escape(frame, to: point, cpu, task, record)
        return true
    }

    /// Interrupts whose handlers the escape leaves were never acknowledged.
    private static func endAbandonedInterrupts(_ cpu: UnsafeMutablePointer<cpu_local>, down depth: UInt32) {
        while cpu.pointee.interrupt_depth > depth {
            if LocalAPIC.base != 0 { LocalAPIC.endOfInterrupt() }
            cpu.pointee.interrupt_depth -= 1
        }
    }

    /// Lets go of every spin lock that this processor holds; each is marked.
    static func releaseLocks(_ cpu: UnsafeMutablePointer<cpu_local>) {
        while cpu.pointee.held_lock_count > 0 {
            let index = Int(cpu.pointee.held_lock_count) - 1
            guard index < Int(CPU_MAX_HELD_LOCKS), let lock = heldLock(cpu, index) else { break }
            lock.pointee.poisoned = 1
            poisonedLockCount += 1
            spin_release(lock, 0)
        }
        cpu.pointee.held_lock_count = 0
    }

    private static func heldLock(_ cpu: UnsafeMutablePointer<cpu_local>, _ index: Int) -> UnsafeMutablePointer<spin_lock>? {
        (UnsafeMutableRawPointer(cpu) + MemoryLayout<cpu_local>.offset(of: \.held_locks)!)
            .assumingMemoryBound(to: UnsafeMutablePointer<spin_lock>?.self)[index]
    }
}

/// Where all stubs lead.
@_cdecl("kernel_trap")
func kernelTrap(_ frame: UnsafeMutablePointer<trap_frame>) {
    let vector = frame.pointee.vector
    if vector >= 32 && vector != UInt64(TRAP_RAISED) {
        Interrupts.dispatch(frame)
    } else {
        Exceptions.handle(frame)
    }
}
#endif
