// How calls from outside enter the object layer: one at a time, and on the account of the machine rather than of the job
// that calls, since what a call leaves behind outlives the job.

/// Brackets every call into an accelerator. `enter` may be called again by the task that is inside.
public protocol AcceleratorAccess: AnyObject {
    func enter()
    func leave()

    /// Called by `enter` when a caller ended inside, and what it was at may be half done.
    var whenAbandoned: () -> Void { get set }
}

/// For a single caller: nothing to do.
public final class UnguardedAccess: AcceleratorAccess {
    public init() {}
    public func enter() {}
    public func leave() {}
    public var whenAbandoned: () -> Void {
        get { {} }
        set {}
    }
}

extension String {
    /// The same text in memory of its own.
    func copied() -> String { String(decoding: Array(utf8), as: UTF8.self) }
}
