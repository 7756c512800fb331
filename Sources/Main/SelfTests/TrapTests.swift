// Every way in which code can fault: caught, named, and the machine goes on.
import CPU
import Kernel

@inline(never)
private func overflow(_ depth: Int) -> Int {
    depth < 0 ? 0 : overflow(depth + 1) &+ overflow(depth + 2)
}

@inline(never)
private func divide(_ by: Int) -> Int { 100 / by }

@inline(never)
private func element(_ list: [Int], _ index: Int) -> Int { list[index] }

private nonisolated(unsafe) var sink = 0

func runTrapTests() {
    check("a body that returns is no fault", guardedCall { sink = 1 } == nil && sink == 1)
    check("division by zero", faultsTwice(.swiftTrap) { sink = divide(sink - 1) })
    check("an index out of bounds", faultsTwice(.swiftTrap) { sink = element([1, 2, 3], 3) })
    check("fatalError", faultsTwice(.swiftTrap) { fatalError("on purpose") })
    check("a non-canonical address", faultsTwice(.generalProtection) { _ = mmio_read8(0x8000_0000_0000_0000) })
    check("stack overflow", faultsTwice(.stackOverflow) { sink = overflow(1) })
    check("the divide instruction", faultsTwice(.divideError) { cpu_test_divide_by_zero() })
    check("an invalid instruction", faultsTwice(.swiftTrap) { cpu_test_invalid_instruction() })
    check("a breakpoint", faultsTwice(.debug) { cpu_breakpoint() })
    check("a fault of the kernel's making", faultsTwice(.injected) { Exceptions.raise(.injected) })

    var inner: FaultRecord?
    let outer = guardedCall {
        inner = guardedCall { fatalError("inner") }
        Exceptions.raise(.injected)
    }
    check("guarded calls nest", inner?.kind == .swiftTrap && outer?.kind == .injected)

    let record = guardedCall { sink = divide(sink &- sink) }
    check("a fault is named by its function", record.map { contains($0.symbol, "divide") } ?? false)
    check("a fault has a backtrace", (record?.backtraceCount ?? 0) > 1)
    check("faults are kept", Exceptions.faults().count > 20 && Exceptions.faultCount > 20)

    let owner = KernelHeap.makeOwner(name: "test", quota: 64 << 10)!
    let memory = guardedCall {
        charging(owner) {
            var list: [Int] = []
            while true { list.append(list.count) }
        }
    }
    check("running out of memory ends the job", memory?.kind == .outOfMemory)
    check("the owner is as before the call", KernelHeap.currentOwner == 0)
    check("what the job held is freed whole", KernelHeap.removeOwner(owner) > 0)
}

private func contains(_ text: String, _ part: StaticString) -> Bool {
    let bytes = Array(text.utf8)
    return part.withUTF8Buffer { wanted in
        guard bytes.count >= wanted.count else { return false }
        for start in 0...(bytes.count - wanted.count) {
            var matches = true
            for index in 0..<wanted.count where bytes[start + index] != wanted[index] { matches = false }
            if matches { return true }
        }
        return false
    }
}
