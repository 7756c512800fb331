// One loop over all processors. The caller works too; helpers run on its behalf: what they allocate is charged to the
// same owner, and a fault in one is the caller's.
#if hasFeature(Embedded)
import CPU

/// A loop in progress, on the caller's stack.
private struct ParallelLoop {
    let body: UnsafePointer<(Int) -> Void>
    let count: UInt64
    /// How many indices are taken at once.
    let grain: UInt64
    /// The next index that nobody has taken, atomic.
    var next: UInt64 = 0
    /// Helpers that have not ended, atomic.
    var helpers: UInt32
    /// Where the fault is kept that ended a share, by the first that has one: `hasFault` is claimed atomically.
    let fault: UnsafeMutablePointer<FaultRecord>
    var hasFault: UInt32 = 0
    /// What the helpers take over from the caller's task.
    let caller: UnsafeMutablePointer<task_context>
}

/// A task that helps with loops; there is at most one a processor beside the first.
private final class Helper {
    let wanted = EventCount()
    /// The loop to work on; set by the caller that has claimed the helper.
    var loop: UnsafeMutablePointer<ParallelLoop>?
    /// 1 while a caller has claimed it, atomic.
    let claimed: UnsafeMutablePointer<UInt32>
    let done: EventCount

    init(done: EventCount) {
        self.done = done
        claimed = UnsafeMutablePointer.allocate(capacity: 1)
        claimed.initialize(to: 0)
    }
}

public enum Parallel {
    private static let helperStackByteCount = 256 << 10

    nonisolated(unsafe) private static var helpers: [Helper] = []
    nonisolated(unsafe) private static var done: EventCount! = nil

    /// Makes the helpers. Called once all processors have had the time to start; without it loops run on the caller alone.
    public static func start(helperCount: Int) {
        let done = EventCount()
        self.done = done
        for _ in 0..<helperCount {
            let helper = Helper(done: done)
            guard Tasks.start("parallel helper", stackByteCount: helperStackByteCount, { serve(helper) }) != nil else { return }
            helpers.append(helper)
        }
    }

    /// Calls `body` with every index in `0..<count`, in no order, on all processors that are free; returns when all have
    /// returned. `body` may call this again: the inner loop then runs where it is called, or on what is free.
    public static func forEach(_ count: Int, _ body: (Int) -> Void) {
        let available = min(Scheduler.processorCount - 1, helpers.count, count - 1)
        guard available > 0 else {
            for index in 0..<max(count, 0) { body(index) }
            return
        }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { body in
                withUnsafeTemporaryAllocation(of: FaultRecord.self, capacity: 1) { fault in
                    var loop = ParallelLoop(
                        body: body, count: UInt64(count), grain: UInt64(max(1, count / ((available + 1) * 8))), helpers: 0,
                        fault: fault.baseAddress!, caller: cpu_current_task())
                    withUnsafeMutablePointer(to: &loop) { run($0, helpers: available) }
                }
            }
        }
    }

    private static func run(_ loop: UnsafeMutablePointer<ParallelLoop>, helpers wanted: Int) {
        // However the caller's share ends: the helpers read this frame until they have let go of the loop. Only the share itself is
        // ended by force.
        let context = cpu_current_task()!
        context.pointee.keep_alive += 1
        var claimed = 0
        for helper in helpers where claimed < wanted {
            guard atomic_replace32(helper.claimed, 0, 1) else { continue }
            _ = atomic_add32(&loop.pointee.helpers, 1)
            helper.loop = loop
            helper.wanted.notify()
            claimed += 1
        }
        let wasEnded = isEnded(job: Exceptions.cleanUpPoint) {
            context.pointee.keep_alive -= 1
            work(loop)
            context.pointee.keep_alive += 1
        }
        if wasEnded { keepFault(of: loop) }
        while true {
            let seen = done.count
            if atomic_load32(&loop.pointee.helpers) == 0 { break }
            _ = done.wait(past: seen, until: nil)
        }
        context.pointee.keep_alive -= 1
        if atomic_load32(&loop.pointee.hasFault) != 0 { Exceptions.raiseAgain(loop.pointee.fault.pointee) }
    }

    /// Nobody takes another index, and the fault that has just ended a share is the loop's, if it is the first.
    private static func keepFault(of loop: UnsafeMutablePointer<ParallelLoop>) {
        atomic_store64(&loop.pointee.next, loop.pointee.count)
        guard let fault = Exceptions.lastOfCurrentTask else { return }
        if atomic_replace32(&loop.pointee.hasFault, 0, 1) { loop.pointee.fault.initialize(to: fault) }
    }

    private static func work(_ loop: UnsafeMutablePointer<ParallelLoop>) {
        while true {
            let start = atomic_add64(&loop.pointee.next, loop.pointee.grain)
            guard start < loop.pointee.count else { return }
            for index in start..<min(start + loop.pointee.grain, loop.pointee.count) { loop.pointee.body.pointee(Int(index)) }
        }
    }

    private static func serve(_ helper: Helper) {
        let context = cpu_current_task()!
        var seen: UInt64 = 0
        while true {
            _ = helper.wanted.wait(past: seen, until: nil)
            seen = helper.wanted.count
            guard let loop = helper.loop else { continue }
            context.pointee.owner = loop.pointee.caller.pointee.owner
            context.pointee.job = loop.pointee.caller.pointee.job
            context.pointee.references = loop.pointee.caller.pointee.references
            if isEnded(job: Exceptions.cleanUpPoint, { work(loop) }) { keepFault(of: loop) }
            context.pointee.owner = 0
            context.pointee.job = nil
            context.pointee.references = nil
            helper.loop = nil
            atomic_store32(helper.claimed, 0)
            // The last touch of the loop: its caller may return as soon as the count is zero.
            if atomic_add32(&loop.pointee.helpers, ~0) == 1 { helper.done.notify() }
        }
    }
}
#endif
