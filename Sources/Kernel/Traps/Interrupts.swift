// Which handler a vector has, and its call: each in a guarded call of its own, so that a fault in a driver's handler leaves
// the interrupted task unharmed.
#if hasFeature(Embedded)
import Boot
import CPU

public enum Interrupts {
    /// Vectors for devices.
    public static let deviceVectors: ClosedRange<UInt8> = 0x30...0x7F

    private struct Handler {
        var body: (() -> Void)?
        /// Faults in a row; a handler that faults again and again is taken off.
        var faults = 0
    }

    nonisolated(unsafe) private static var handlers: UnsafeMutablePointer<Handler>! = nil
    nonisolated(unsafe) private static var lock = spin_lock()

    /// Interrupts that nobody had asked for.
    nonisolated(unsafe) public private(set) static var unexpectedCount: UInt64 = 0
    nonisolated(unsafe) public private(set) static var spuriousCount: UInt64 = 0
    /// Called after the outermost handler, interrupts still off: the scheduler's chance to switch.
    nonisolated(unsafe) public static var afterOutermost: @convention(c) () -> Void = {}
    /// Told when a device's handler has faulted: (vector).
    nonisolated(unsafe) public static var handlerFaulted: @convention(c) (UInt8) -> Void = { _ in }

    /// Before the first interrupt.
    static func start() {
        handlers = UnsafeMutablePointer.allocate(capacity: 256)
        handlers.initialize(repeating: Handler(body: nil), count: 256)
    }

    /// Sets or, with nil, removes the handler of a vector. It runs with interrupts off and must not wait.
    public static func register(_ vector: UInt8, _ body: (() -> Void)?) {
        let flags = spin_acquire(&lock)
        let old = handlers[Int(vector)]
        handlers[Int(vector)] = Handler(body: body)
        spin_release(&lock, flags)
        withExtendedLifetime(old) {}
    }

    /// Takes a free vector for a device; nil when all are taken.
    public static func allocateVector(_ body: @escaping () -> Void) -> UInt8? {
        let flags = spin_acquire(&lock)
        defer { spin_release(&lock, flags) }
        for vector in deviceVectors where handlers[Int(vector)].body == nil {
            handlers[Int(vector)] = Handler(body: body)
            return vector
        }
        return nil
    }

    public static func freeVector(_ vector: UInt8) { register(vector, nil) }

    /// The processor took an interrupt; `frame` is what it struck.
    static func dispatch(_ frame: UnsafeMutablePointer<trap_frame>) {
        let vector = UInt8(frame.pointee.vector)
        let cpu = cpu_local_get()!
        if vector == ProcessorInterrupt.spurious {
            spuriousCount &+= 1
            return
        }
        let start = cpu_tsc()
        cpu.pointee.interrupt_depth += 1
        if handlers[Int(vector)].body != nil {
            // An interrupt that is not served may be the device's last: a handler that faults is called once more.
            if !run(vector), handlers[Int(vector)].body != nil { _ = run(vector) }
        } else {
            unexpectedCount &+= 1
            Exceptions.note(.unexpectedInterrupt, vector: vector)
        }
        if LocalAPIC.base != 0 { LocalAPIC.endOfInterrupt() }
        cpu.pointee.interrupt_depth -= 1
        cpu.pointee.heartbeat = start
        Trace.note(.interrupt, UInt64(vector), start)
        guard cpu.pointee.interrupt_depth == 0 else { return }
        if frame.pointee.rflags & 1 << 9 != 0, cpu.pointee.held_lock_count == 0, let kind = Jobs.forcedEnd(cpu.pointee.current),
           Exceptions.endJob(frame, kind) { return }
        if Injector.isArmed, frame.pointee.rflags & 1 << 9 != 0, cpu.pointee.held_lock_count == 0 {
            Injector.strike(frame, cpu.pointee.current)
        }
        // Where the task's stack was full this is the processor's own, on which no task can be left: the next interrupt will do.
        let task = cpu.pointee.current!, place = UInt64(UInt(bitPattern: frame))
        if place >= task.pointee.stack_low && place < task.pointee.stack_high { afterOutermost() }
    }

    /// Calls a handler; false where it has faulted.
    private static func run(_ vector: UInt8) -> Bool {
        var number = UInt(vector)
        let escaped = trap_guarded_call({ context in
            Interrupts.call(context!.load(as: UInt.self))
        }, &number, 0)
        if escaped != 0 { faulted(vector) } else { handlers[Int(vector)].faults = 0 }
        return escaped == 0
    }

    private static func call(_ vector: UInt) {
        if vector < ProcessorInterrupt.timer { Injector.strikeHandler() }
        handlers[Int(vector)].body?()
    }

    private static func faulted(_ vector: UInt8) {
        handlers[Int(vector)].faults += 1
        // The timer's handler has to stay; a device's goes until its driver is started again.
        if vector < ProcessorInterrupt.timer, handlers[Int(vector)].faults >= 8 { handlers[Int(vector)].body = nil }
        handlerFaulted(vector)
    }
}
#endif
