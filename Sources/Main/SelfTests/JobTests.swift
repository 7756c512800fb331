// Jobs: their memory, their limits, and that nothing of them stays.
import CPU
import Kernel

private final class Node {
    let next: Node?
    let payload: [Int]

    init(_ next: Node?) {
        self.next = next
        payload = [Int](repeating: 7, count: 50)
    }
}

private nonisolated(unsafe) var result: Node?

func runJobTests() {
    // What starts beside this would count as the jobs'.
    Processors.waitForAll(until: Scheduler.clock.nanoseconds + 2_000_000_000)
    Scheduler.sleep(nanoseconds: 50_000_000)
    _ = Jobs.run(name: "first", JobLimits(resultOwner: 1)) {}
    let used = KernelHeap.usedBytes
    var end = Jobs.run(name: "orderly", JobLimits(resultOwner: 1)) { result = Node(Node(nil)) }
    if case .completed = end { check("a job completes", true) } else { check("a job completes", false) }
    check("its result goes to the result's owner", KernelHeap.usage(of: 1).usedBytes > 800 && result?.next?.payload[49] == 7)
    result = nil
    check("the result is freed as any other object", KernelHeap.usage(of: 1).usedBytes == 0)

    end = Jobs.run(name: "faulty", JobLimits(resultOwner: 1)) {
        result = Node(Node(nil))
        fatalError("on purpose")
    }
    // What a job that was ended left in a global is gone: forget it without releasing it.
    _ = withUnsafeMutableBytes(of: &result) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
    check("a fault ends the job", kind(end) == .swiftTrap)

    end = Jobs.run(name: "greedy", JobLimits(memoryQuota: 100_000, resultOwner: 1)) {
        var list: Node?
        while true { list = Node(list) }
    }
    check("the memory quota ends the job", kind(end) == .outOfMemory)

    var inner = JobEnd.refused
    end = Jobs.run(name: "outer", JobLimits(resultOwner: 1)) {
        inner = Jobs.run(name: "inner", JobLimits(resultOwner: 1)) { fatalError("inner") }
    }
    check("jobs nest", kind(inner) == .swiftTrap && kind(end) == nil)
    check("no job is left", Jobs.permissions == nil && Jobs.running().isEmpty)
    check("the memory in use is as before", KernelHeap.usedBytes == used)
}

/// What needs the clock and the scheduler: ends by force, and faults on other processors.
func runForcedEndTests() {
    let limits = JobLimits(timeBudget: 30_000_000, resultOwner: 1, grace: 20_000_000)
    let start = Scheduler.clock.nanoseconds
    var end = Jobs.run(name: "endless", limits) { spin() }
    check("a job that never asks is ended by force", kind(end) == .timeBudget)
    check("and not before its grace is over", Scheduler.clock.nanoseconds - start >= 50_000_000)

    end = Jobs.run(name: "endless on all", limits) { Parallel.forEach(64) { _ in spin() } }
    check("so is one on all processors", kind(end) == .timeBudget)

    let cancelled = JobLimits(resultOwner: 1, grace: 1_000_000)
    let victim = cpu_current_task().pointee.id
    Tasks.start("canceller") {
        Scheduler.sleep(nanoseconds: 20_000_000)
        _ = Jobs.cancel(task: victim)
    }
    end = Jobs.run(name: "cancelled", cancelled) { spin() }
    check("a cancelled job is ended by force after its grace", kind(end) == .cancelled)

    // IA32_MCG_STATUS: the interrupted code can go on, a machine check is in progress.
    var wentOn = false
    end = Jobs.run(name: "struck", JobLimits(resultOwner: 1)) {
        let flags = cpu_lock_interrupts()
        cpu_write_msr(0x17A, 5)
        cpu_test_machine_check()
        wentOn = true
        cpu_unlock_interrupts(flags)
        spin()
    }
    check("a machine check with interrupts off ends the job as soon as they are on", wentOn && kind(end) == .machineCheck)
    end = Jobs.run(name: "struck", JobLimits(resultOwner: 1)) {
        cpu_write_msr(0x17A, 5)
        cpu_test_machine_check()
        wentOn = false
    }
    check("and else at once", wentOn && kind(end) == .machineCheck)

    // While a job within it is set up, a job is not ended by force: then it is told of, and ends both.
    let faults = Exceptions.faultCount
    var inner = JobEnd.refused
    end = Jobs.run(name: "struck", JobLimits(resultOwner: 1)) {
        let task = cpu_current_task()!
        task.pointee.keep_alive += 1
        cpu_write_msr(0x17A, 5)
        cpu_test_machine_check()
        inner = Jobs.run(name: "within", JobLimits(resultOwner: 1)) { spin() }
        task.pointee.keep_alive -= 1
        spin()
    }
    check("one on the way into an inner job ends both", kind(inner) == .machineCheck && kind(end) == .machineCheck)
    check("and is recorded once", Exceptions.faultCount == faults + 1)

    for _ in 0..<20 {
        end = Jobs.run(name: "parallel", JobLimits(resultOwner: 1)) {
            Parallel.forEach(1000) { index in if index == 777 { fatalError("on some processor") } }
        }
        if kind(end) != .swiftTrap { break }
    }
    check("a fault in a parallel loop ends the job, on whatever processor", kind(end) == .swiftTrap)
    let sum = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    sum.initialize(to: 0)
    Parallel.forEach(1000) { index in _ = atomic_add64(sum, UInt64(index)) }
    check("parallel loops work as before", sum.pointee == 499_500)
    sum.deallocate()

    if let task = Tasks.start("faulty", isJoinable: true, { fatalError("outside of every job") }) {
        check("a fault outside of every job ends its task alone", Tasks.join(task))
    }
    check("the machine's page tables are still sound", auditIsClean())
}

@inline(never)
private func spin() {
    while true { cpu_pause() }
}

private func kind(_ end: JobEnd) -> FaultKind? {
    if case .faulted(let record) = end { return record.kind }
    return nil
}
