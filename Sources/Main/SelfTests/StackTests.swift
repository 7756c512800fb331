// Overrunning every kind of stack: each ends at its guard page, is told for what it is, and the machine goes on.
import CPU
import Kernel

@inline(never)
private func overflow(_ depth: Int) -> Int {
    depth < 0 ? 0 : overflow(depth + 1) &+ overflow(depth + 2)
}

/// Goes down until hardly anything is left of the stack, and works there for so long: more than a slice, so that interrupts come.
@inline(never)
private func workOnFullStack(_ low: UInt, until end: UInt64) -> Int {
    var marker = 0
    let left = withUnsafeMutablePointer(to: &marker) { UInt(bitPattern: $0) } - low
    if left > 700 { return workOnFullStack(low, until: end) &+ marker }
    while Scheduler.clock.nanoseconds < end { marker &+= 1 }
    return marker
}

private nonisolated(unsafe) var sink = 0
private nonisolated(unsafe) var kind: FaultKind?

func runStackTests() {
    // This task runs on the boot's guarded stack.
    check("overrunning the first stack faults", faultsTwice(.stackOverflow) { sink = overflow(1) })

    // Tasks: the least size, a worker's, the prompt's.
    for (name, byteCount) in [("64 KiB", 64 << 10), ("a worker's", Tasks.defaultStackByteCount),
                              ("the prompt's", 2 << 20)] as [(StaticString, Int)] {
        kind = nil
        let task = Tasks.start("deep", stackByteCount: byteCount, isJoinable: true) {
            kind = guardedCall { sink = overflow(1) }?.kind
        }
        if let task { Tasks.join(task) }
        log(name)
        check("overrunning a task's stack of this size faults", kind == .stackOverflow)
    }

    // An interrupt on a full stack is no fault of the task's: it has one of its own.
    kind = nil
    let faults = Exceptions.faultCount
    let full = Tasks.start("full", stackByteCount: 64 << 10, isJoinable: true) {
        let low = UInt(cpu_current_task().pointee.stack_low), end = Scheduler.clock.nanoseconds + 60_000_000
        kind = guardedCall { sink = workOnFullStack(low, until: end) }?.kind
    }
    if let full { Tasks.join(full) }
    check("interrupts on a full stack do no harm", kind == nil && Exceptions.faultCount == faults)

    // Helpers of a loop: every index overruns, so that whoever takes one does. The caller's task would do it as well.
    Processors.waitForAll(until: Scheduler.clock.nanoseconds + 2_000_000_000)
    let own = cpu_current_task()
    for _ in 0..<4 {
        let end = Jobs.run(name: "deep loop", JobLimits(resultOwner: 1)) {
            Parallel.forEach(64) { _ in
                if cpu_current_task() != own || Scheduler.processorCount == 1 {
                    sink = overflow(1)
                } else {
                    Scheduler.sleep(nanoseconds: 1_000_000)
                }
            }
        }
        if case .faulted(let record) = end { kind = record.kind } else { kind = nil }
        if kind != .stackOverflow { break }
    }
    check("overrunning a helper's stack ends the job", kind == .stackOverflow)

    // A handler runs on the stack of what it has struck: also on an idle processor's.
    let before = Exceptions.faultCount
    if let vector = Interrupts.allocateVector({ sink = overflow(1) }) {
        for processor in 0..<Scheduler.processorCount { LocalAPIC.send(vector, to: cpu_local_at(UInt32(processor)).pointee.apic_id) }
        Scheduler.sleep(nanoseconds: 100_000_000)
        Interrupts.freeVector(vector)
    }
    var struck = 0
    for record in Exceptions.faults() where record.sequence > before && record.kind == .stackOverflow && record.isInInterrupt {
        struck += 1
    }
    check("overrunning any processor's stack in an interrupt's handler is told", struck >= Scheduler.processorCount)

    // The stacks of exceptions: what handles one overruns in its turn.
    check("overrunning the page fault's stack ends the job", overrunsInside(.managerFault) { _ = mmio_read8(8) })
    check("overrunning the double fault's stack ends the job", overrunsInside(.managerFault) { cpu_test_double_fault() })
    check("overrunning the machine check's stack ends the job", overrunsInside(.managerFault) { cpu_test_machine_check() })
    check("overrunning the NMI's stack ends the job",
          overrunsInside(.stackOverflow) { LocalAPIC.sendNMI(to: LocalAPIC.id); while true { cpu_pause() } })
    check("a double fault is named", faultsTwice(.doubleFault) { cpu_test_double_fault() })
    check("the machine's page tables are still sound", auditIsClean())
}

/// Twice in a row the handler of the exception that `body` raises overruns its stack, which ends `body` by a fault of `kind`.
private func overrunsInside(_ kind: FaultKind, _ body: () -> Void) -> Bool {
    for _ in 0..<2 {
        Exceptions.probe = { sink = overflow(1) }
        guard let record = guardedCall(body), record.kind == kind else {
            Exceptions.probe = nil
            return false
        }
    }
    return true
}
