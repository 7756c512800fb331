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
    // The first job makes the list of jobs.
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

private func kind(_ end: JobEnd) -> FaultKind? {
    if case .faulted(let record) = end { return record.kind }
    return nil
}
