// The seam between the JAX layer and a device that computes beside the processors. It names no interface of any vendor:
// an implementation is one class for the device and one each for its buffers, kernels, lists and streams.
//
// Rules that hold for every implementation:
// - One caller at a time for a device; the caller brings the lock where several tasks share it.
// - Each object has an owner (a job, a session, the kernel); `end(owner:)` gives back all that an owner still holds.
// - After a failure that `AcceleratorError.needsReset` names, and after `reset()`, the objects made before are lost: each
//   use of one throws `bufferLost` or `deviceLost` with its name. The next object made finds a device rebuilt from
//   scratch. Statistics survive.

/// A device that stores buffers and runs kernels on them.
public protocol Accelerator: AnyObject {
    /// What the device is and what a compiler may rely on. Constant until `reset()`.
    var information: AcceleratorInformation { get }

    /// Bytes and objects in use by owner, and what the device has done so far.
    var ledger: AcceleratorLedger { get }

    /// Another number whenever the device's state has been lost: what was made under an earlier one is gone.
    var generation: Int { get }

    /// Bytes of all buffers, for whoever asks beside the device's users.
    var usedByteCount: Int { get }

    /// Makes a buffer of `byteCount` > 0 bytes with unspecified contents.
    /// Throws `outOfMemory` when the device has no room, `invalidUse` above `information.limits.bufferByteCount`.
    func makeBuffer(byteCount: Int, name: String, owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorBuffer

    /// Loads a SPIR-V module (words in the machine's byte order). Throws `moduleRejected` where the device refuses it.
    func makeModule(_ words: [UInt32], name: String, owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorModule

    /// Prepares one entry point of a module for execution.
    func makeKernel(_ module: any AcceleratorModule, _ layout: KernelLayout) throws(AcceleratorError) -> any AcceleratorKernel

    /// Records commands once, for any number of submissions. With `timed`, each submission measures its time on the device.
    /// The list holds on to the kernels and buffers that it names.
    func makeList(_ commands: [AcceleratorCommand], timed: Bool, owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorList

    /// Makes a queue of submissions that execute in order.
    func makeStream(owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorStream

    /// Frees everything that the owner still holds. Work under way is waited for, and cut off after `budget` nanoseconds.
    func end(owner: AcceleratorOwner, budget: UInt64)

    /// Abandons all work and all objects and rebuilds the device's state.
    func reset() throws(AcceleratorError)
}

/// Device memory. Contents are defined once written.
public protocol AcceleratorBuffer: AnyObject {
    var name: String { get }
    var byteCount: Int { get }
    var owner: AcceleratorOwner { get }
    /// Where kernels find the buffer. Throws `unavailable` on devices without `bufferAddresses`, and where the buffer is lost or freed.
    var deviceAddress: UInt64 { get throws(AcceleratorError) }

    /// Copies from the machine's memory into the buffer; returns when `source` may be reused.
    /// The buffer must not be in use by unfinished work. Throws `invalidUse` past the end.
    func write(_ source: UnsafeRawBufferPointer, at offset: Int) throws(AcceleratorError)

    /// Copies from the buffer into the machine's memory.
    func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(AcceleratorError)

    /// Gives the memory back, once no list holds the buffer any more. Later uses throw; a second call does nothing.
    func free()
}

/// A loaded module of one or more entry points.
public protocol AcceleratorModule: AnyObject {
    var name: String { get }
    func free()
}

/// An entry point that is ready to run.
public protocol AcceleratorKernel: AnyObject {
    var name: String { get }
    var layout: KernelLayout { get }
    func free()
}

/// Commands that were recorded together.
public protocol AcceleratorList: AnyObject {
    var dispatchCount: Int { get }
    func free()
}

/// A sequence of submissions; each has a number that grows by one.
public protocol AcceleratorStream: AnyObject {
    /// Hands the list to the device and returns at once.
    func submit(_ list: any AcceleratorList) throws(AcceleratorError) -> UInt64

    /// Whether the submission of that number, and so every earlier one, has completed.
    func isComplete(_ submission: UInt64) throws(AcceleratorError) -> Bool

    /// Sleeps until the submission has completed. Throws `timedOut` after `budget` nanoseconds: the work is cut off, and
    /// with it the device's state is lost.
    func wait(for submission: UInt64, budget: UInt64) throws(AcceleratorError)

    /// Sleeps until the submission has completed, `nanoseconds` at most; whether it has. The work goes on.
    func completes(_ submission: UInt64, within nanoseconds: UInt64) throws(AcceleratorError) -> Bool

    /// Nanoseconds that a completed submission of a timed list took on the device; nil where the device has no clock
    /// or the number is no longer kept (the last 32 are).
    func duration(of submission: UInt64) throws(AcceleratorError) -> UInt64?

    func free()
}
