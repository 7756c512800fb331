// What the kernel's mechanisms cost, in ticks of the time-stamp counter: under `-icount shift=0,sleep=off` these are guest
// instructions. `test=bench` on the command line; Tests/Bench/kernel_costs.py prints them beside a Linux guest's.
import CPU
import Kernel

enum Benchmarks {
    private static let rounds = 1000

    static func run() {
        report("allocation", allocation())
        report("page_map", pageMap())
        report("context_switch", contextSwitch())
        report("interrupt_to_task", interruptToTask())
    }

    private static func report(_ name: StaticString, _ ticks: UInt64) {
        logText("bench ")
        logText(name)
        logText(" ")
        logDecimal(ticks)
        logText("\n")
    }

    /// A block of 64 bytes taken and given back.
    private static func allocation() -> UInt64 {
        let start = cpu_tsc()
        for _ in 0..<rounds {
            if let block = KernelHeap.allocate(byteCount: 64, alignment: 16, owner: 0) { KernelHeap.free(block) }
        }
        return (cpu_tsc() - start) / UInt64(rounds)
    }

    /// A page between guard pages: mapped, written, unmapped.
    private static func pageMap() -> UInt64 {
        let start = cpu_tsc()
        for _ in 0..<rounds {
            guard let region = GuardedRegions.allocate(byteCount: 4096) else { return 0 }
            region.base.storeBytes(of: 1, as: UInt8.self)
            GuardedRegions.free(region)
        }
        return (cpu_tsc() - start) / UInt64(rounds)
    }

    /// One task wakes another and waits for it; half of the way there and back.
    private static func contextSwitch() -> UInt64 {
        let there = EventCount(), back = EventCount()
        Tasks.start("partner", priority: .interactive, stackByteCount: 64 << 10) {
            for round in 0..<rounds {
                _ = there.wait(past: UInt64(round), until: nil)
                back.notify()
            }
        }
        let start = cpu_tsc()
        for round in 0..<rounds {
            there.notify()
            _ = back.wait(past: UInt64(round), until: nil)
        }
        return (cpu_tsc() - start) / UInt64(rounds) / 2
    }

    /// From an interrupt's request to the task that waits for it.
    private static func interruptToTask() -> UInt64 {
        let event = EventCount(), total = UnsafeMutablePointer<UInt64>.allocate(capacity: 2)
        total.initialize(repeating: 0, count: 2)
        guard let vector = Interrupts.allocateVector({ event.notify() }) else { return 0 }
        let done = EventCount()
        Tasks.start("waiter", priority: .interactive, stackByteCount: 64 << 10) {
            for round in 0..<rounds {
                _ = event.wait(past: UInt64(round), until: nil)
                total[1] &+= cpu_tsc() &- total[0]
                done.notify()
            }
        }
        for round in 0..<rounds {
            Scheduler.yield()
            total[0] = cpu_tsc()
            LocalAPIC.send(vector, to: LocalAPIC.id)
            _ = done.wait(past: UInt64(round), until: nil)
        }
        Interrupts.freeVector(vector)
        return total[1] / UInt64(rounds)
    }
}
