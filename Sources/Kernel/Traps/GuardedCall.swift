// Running something so that a fault beneath it comes back as a record instead of ending the machine.
#if hasFeature(Embedded)
import CPU

/// `trap_guarded_call` with a Swift closure: its function and context are passed as the first two words. A closure that is
/// not escaping cannot be handed to C, and one made escaping would be found still referenced after an escape.
@_silgen_name("trap_guarded_call")
private func guardedClosure(_ body: () -> Void, _ job: UInt64) -> UInt32

/// Calls `body`; nil when it returned, the fault's record when it was ended. Calls nest: the innermost takes the fault.
///
/// After a fault the frames between are gone without their deinitialisers: what they had allocated is freed by its owner
/// (`Jobs`), mutexes taken inside are released and marked poisoned.
public func guardedCall(job: UInt64 = 0, _ body: () -> Void) -> FaultRecord? {
    isEnded(job: job, body) ? Exceptions.lastOfCurrentTask : nil
}

/// The same for whoever reads the record itself, `Exceptions.lastOfCurrentTask`, if there is one: it is long, and so is the absence of one.
func isEnded(job: UInt64, _ body: () -> Void) -> Bool {
    let mark = Scheduler.onlineCount > 0 ? Scheduler.current.pointee.heldMutexes : nil
    let escaped = guardedClosure(body, job)
    guard escaped != 0 else { return false }
    if Scheduler.onlineCount > 0, Scheduler.current.pointee.heldMutexes != mark {
        Mutex.abandon(Scheduler.current, downTo: mark)
    }
    return true
}
#endif
