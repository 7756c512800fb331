// Jobs: user work with an owner for its memory, limits, and an end that gives everything back.
//
// A job runs on the task that asks for it. What it allocates belongs to an owner of its own; at its orderly end what is
// still alive goes to `JobLimits.resultOwner`, and after a fault or a limit all of it is freed at once.
#if hasFeature(Embedded)
import Boot
import CPU

/// What a job may use.
public struct JobLimits {
    /// Bytes that it may hold at once; nil: no limit but the machine's.
    public var memoryQuota: Int?
    /// Nanoseconds that it may run; nil: no limit.
    public var timeBudget: UInt64?
    /// A set of bits whose meaning is the caller's.
    public var permissions: UInt32
    /// Who owns what is alive when the job ends in order.
    public var resultOwner: UInt32
    /// Nanoseconds that the job may go on after it was cancelled or its budget is used up, before it is ended by force;
    /// nil: it is never ended by force.
    public var grace: UInt64?

    public init(memoryQuota: Int? = nil, timeBudget: UInt64? = nil, permissions: UInt32 = 0, resultOwner: UInt32,
                grace: UInt64? = 100_000_000) {
        self.grace = grace
        self.memoryQuota = memoryQuota
        self.timeBudget = timeBudget
        self.permissions = permissions
        self.resultOwner = resultOwner
    }
}

/// How a job ended.
public enum JobEnd {
    case completed
    /// A fault ended it.
    case faulted(FaultRecord)
    /// There was no place in the ledger or no memory to begin it.
    case refused
}

/// Why a running job has to end.
public enum JobInterruption: UInt32 {
    case cancelled = 1
    case timeBudget = 2
}

/// The record of a running job, on the stack of the call that runs it.
struct JobRecord {
    var id: UInt64
    let task: UInt64
    let owner: UInt32
    let limits: JobLimits
    let started: UInt64
    /// Nanoseconds of the clock; UInt64.max without a budget.
    let deadline: UInt64
    /// When it was cancelled; 0: it was not.
    var cancelled: UInt64 = 0
    /// Where a fault is kept that has struck it where it could not be ended: it is as soon as it can.
    let faultStorage: UnsafeMutablePointer<FaultRecord>
    var hasPendingFault = false
    /// Whether it has entered a device that keeps an account of it.
    var usedDevices = false
    /// Set to 1 as soon as the job has to end, where what it runs wants to be told (`Jobs.notify`).
    var notice: UnsafeMutablePointer<UInt32>?
    /// Up to 47 bytes, so that the list of jobs can be read while they come and go.
    var name: InlineArray<48, UInt8>
    /// The job that this one runs within, and the next in the list of all.
    var outer: UnsafeMutablePointer<JobRecord>?
    var next: UnsafeMutablePointer<JobRecord>?

    var pendingFault: FaultRecord? { hasPendingFault ? faultStorage.pointee : nil }
}

/// A running job, for `machine.jobs()`.
public struct JobDescription {
    public let id, task: UInt64
    public let name: String
    public let owner: UInt32
    public let usedBytes: Int
    /// Nanoseconds since it began.
    public let age: UInt64
    public let limits: JobLimits
}

public enum Jobs {
    nonisolated(unsafe) static var first: UnsafeMutablePointer<JobRecord>?
    nonisolated(unsafe) static var lock = spin_lock()
    nonisolated(unsafe) private static var nextID: UInt64 = 1
    /// Jobs begun since start.
    public static var count: UInt64 { nextID - 1 }

    /// Called at the end of a job that used devices, with its number, outside of the job.
    nonisolated(unsafe) public static var whenDeviceUserEnds: (UInt64) -> Void = { _ in }

    /// Marks the running job as one that devices keep an account of, and returns its number; 0 outside of jobs.
    public static func noteDeviceUse() -> UInt64 {
        guard let record = cpu_current_task().pointee.job?.assumingMemoryBound(to: JobRecord.self) else { return 0 }
        record.pointee.usedDevices = true
        return record.pointee.id
    }

    /// Runs `body` as a job. Jobs nest: the inner one has limits and memory of its own, and can be ended where the outer one
    /// may not be.
    /// `keepsNothing` is asked after an orderly end: where it says so, all that the job allocated is freed. `cleanUp` is called at
    /// any end while the job's memory is still there; a fault in it is no one's. Without `notesReferences` the job sees to it
    /// itself that its frames hold no references to what is not its own where it may be ended by force.
    public static func run(name: String, _ limits: JobLimits, keepsNothing: () -> Bool = { false }, notesReferences: Bool = true,
                           cleanUp: () -> Void = {}, _ body: () -> Void) -> JobEnd {
        let task = cpu_current_task()!
        // The job outside is not ended by force while this one is set up or taken down.
        let outerKeepAlive = task.pointee.keep_alive
        task.pointee.keep_alive = outerKeepAlive + 1
        defer { task.pointee.keep_alive = outerKeepAlive }
        guard let owner = KernelHeap.makeOwner(name: name, quota: limits.memoryQuota, within: task.pointee.owner) else { return .refused }
        let now = now
        return withStorage { pending, last, references in
            var record = JobRecord(id: 0, task: task.pointee.id, owner: owner, limits: limits, started: now,
                                   deadline: limits.timeBudget.map { now &+ min($0, UInt64.max - now) } ?? UInt64.max,
                                   faultStorage: pending, name: InlineArray(repeating: 0),
                                   outer: task.pointee.job?.assumingMemoryBound(to: JobRecord.self), next: nil)
            let start = copy(name, to: &record.name)
            return withUnsafeMutablePointer(to: &record) { record in
                let outerReferences = task.pointee.references
                let outerOwner = task.pointee.owner
                let outerJob = task.pointee.job
                foreign_references_begin(references, owner, outerOwner)
                let id = link(record)
                Trace.note(.jobBegin, id, start.0, start.1)
                task.pointee.job = UnsafeMutableRawPointer(record)
                task.pointee.owner = owner
                task.pointee.references = notesReferences ? references : nil
                task.pointee.keep_alive = 0
                if Injector.isArmed { Injector.jobBegan(record) }
                var isFaulted = isEnded(job: id, body)
                if isFaulted { last.initialize(to: Exceptions.lastOfCurrentTask!) }
                task.pointee.keep_alive = outerKeepAlive + 1
                if !isFaulted, record.pointee.hasPendingFault {
                    isFaulted = true
                    last.initialize(to: pending.pointee)
                }
                _ = isEnded(job: 0, cleanUp)
                task.pointee.references = outerReferences
                task.pointee.owner = outerOwner
                task.pointee.job = outerJob
                unlink(record)
                Injector.jobEnded(id)
                Trace.note(.jobEnd, id, start.0, start.1)
                if record.pointee.usedDevices { whenDeviceUserEnds(id) }
                let keeps = !isFaulted && !keepsNothing()
                if !keeps { _ = foreign_references_give_back(references) }
                foreign_references_end(references)
                if keeps { KernelHeap.handOver(from: owner, to: limits.resultOwner) }
                KernelHeap.removeOwner(owner)
                return isFaulted ? .faulted(last.pointee) : .completed
            }
        }
    }

    /// Memory for two records of faults and the table of references: all are long, and are not written before they are needed.
    @inline(__always)
    private static func withStorage(_ body: (UnsafeMutablePointer<FaultRecord>, UnsafeMutablePointer<FaultRecord>,
                                             UnsafeMutablePointer<foreign_references>) -> JobEnd) -> JobEnd {
        withUnsafeTemporaryAllocation(of: FaultRecord.self, capacity: 2) { faults in
            withUnsafeTemporaryAllocation(of: foreign_references.self, capacity: 1) { references in
                body(faults.baseAddress!, faults.baseAddress! + 1, references.baseAddress!)
            }
        }
    }

    /// Fills a record's name; its first sixteen bytes, for the trace.
    private static func copy(_ text: String, to name: inout InlineArray<48, UInt8>) -> (UInt64, UInt64) {
        var text = text
        return withUnsafeMutableBytes(of: &name) { name in
            text.withUTF8 { name.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0).prefix(47))) }
            return (name.load(as: UInt64.self), name.load(fromByteOffset: 8, as: UInt64.self))
        }
    }

    static var now: UInt64 { Scheduler.clock?.nanoseconds ?? 0 }

    /// Whether the calling task runs a job.
    public static var isRunning: Bool { cpu_current_task().pointee.job != nil }

    /// The running job's permissions; nil outside of jobs.
    public static var permissions: UInt32? {
        cpu_current_task().pointee.job.map { $0.assumingMemoryBound(to: JobRecord.self).pointee.limits.permissions }
    }

    /// The jobs that run now.
    public static func running() -> [JobDescription] {
        var list: [JobDescription] = []
        var copies: [JobRecord] = []
        copies.reserveCapacity(64)
        let flags = spin_acquire(&lock)
        var record = first
        while let job = record, copies.count < copies.capacity {
            copies.append(job.pointee)
            record = job.pointee.next
        }
        spin_release(&lock, flags)
        let now = now
        for job in copies {
            var name: [UInt8] = []
            for index in job.name.indices where job.name[index] != 0 { name.append(job.name[index]) }
            list.append(JobDescription(id: job.id, task: job.task, name: String(decoding: name, as: UTF8.self),
                                       owner: job.owner, usedBytes: KernelHeap.usage(of: job.owner).usedBytes,
                                       age: now &- job.started, limits: job.limits))
        }
        return list
    }

    private static func link(_ record: UnsafeMutablePointer<JobRecord>) -> UInt64 {
        let flags = spin_acquire(&lock)
        defer { spin_release(&lock, flags) }
        record.pointee.id = nextID
        nextID += 1
        record.pointee.next = first
        first = record
        return record.pointee.id
    }

    private static func unlink(_ record: UnsafeMutablePointer<JobRecord>) {
        let flags = spin_acquire(&lock)
        defer { spin_release(&lock, flags) }
        if first == record {
            first = record.pointee.next
            return
        }
        var before = first
        while let job = before {
            if job.pointee.next == record {
                job.pointee.next = record.pointee.next
                return
            }
            before = job.pointee.next
        }
    }
}
#endif
