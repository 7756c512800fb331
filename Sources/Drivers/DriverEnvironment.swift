// What a driver may ask of the kernel: memory for DMA, register windows, interrupts, waiting. The kernel implements it
// in ring 0, a fake in the tests; no driver knows which of the two it runs on.

/// The services beneath the drivers.
public protocol DriverEnvironment: AnyObject {
    /// Zeroed memory that is contiguous in physical addresses and aligned to a 4096-byte page.
    func allocateDMA(byteCount: Int) throws(DeviceError) -> DMABuffer
    func freeDMA(_ buffer: DMABuffer)

    /// Maps device registers uncached. `physical` is where the bus decodes them.
    func mapRegisters(physical: UInt64, byteCount: Int) throws(DeviceError) -> any RegisterWindow

    /// Reserves an interrupt vector whose arrival calls `handler`, in interrupt context: it may notify a `Signal` and
    /// must not allocate, wait or lock.
    func allocateInterrupt(_ handler: @escaping () -> Void) throws(DeviceError) -> MessageInterrupt
    func freeInterrupt(_ interrupt: MessageInterrupt)

    func makeSignal() -> any Signal
    func makeLock() -> any Lock

    /// Nanoseconds since start; never goes back.
    var nanoseconds: UInt64 { get }
}

/// Memory that a device may read and write while the processor sees it at `base`.
public struct DMABuffer {
    public let base: UnsafeMutableRawPointer
    public let physical: UInt64
    public let byteCount: Int

    public init(base: UnsafeMutableRawPointer, physical: UInt64, byteCount: Int) {
        self.base = base
        self.physical = physical
        self.byteCount = byteCount
    }
}

/// The write that raises a message-signalled interrupt (PCI 3.0, section 6.8).
public struct MessageInterrupt: Equatable {
    public let address: UInt64
    public let data: UInt32

    public init(address: UInt64, data: UInt32) {
        self.address = address
        self.data = data
    }
}

/// An event count: the way from an interrupt to the tasks that wait for it, with no wake-up lost.
///
/// Read `count`, look whether the condition holds, and if not, wait past that count:
///
///     while true {
///         let seen = signal.count
///         if let completion = try queue.nextCompletion() { return completion }
///         guard signal.wait(past: seen, until: deadline) else { throw … }
///     }
public protocol Signal: AnyObject {
    var count: UInt64 { get }
    /// Adds one to the count and wakes every waiting task. May be called in interrupt context.
    func notify()
    /// Returns true once the count differs from `seen`, false when `deadline` (nanoseconds; nil: never) passed first.
    func wait(past seen: UInt64, until deadline: UInt64?) -> Bool
}

/// Mutual exclusion between tasks. Never taken in interrupt context.
public protocol Lock: AnyObject {
    func acquire()
    func release()
}
