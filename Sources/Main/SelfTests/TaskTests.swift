// Machine tests of time and tasks, run inside the machine on whatever processors it has.
import CPU
import Kernel

/// The checks of one machine test; a line for each that fails, and one for the test.
struct SelfTestLog {
    let name: StaticString
    private(set) var failureCount = 0

    init(_ name: StaticString) { self.name = name }

    mutating func expect(_ condition: Bool, _ what: StaticString) {
        if condition { return }
        failureCount += 1
        check(what, false)
    }
}

enum TaskTests {
    static func timers() -> Int {
        var test = SelfTestLog("timers")
        let clock = Scheduler.clock!
        for nanoseconds in [UInt64(1_000_000), 5_000_000, 20_000_000] {
            let before = clock.nanoseconds
            Scheduler.sleep(nanoseconds: nanoseconds)
            let elapsed = clock.nanoseconds - before
            test.expect(elapsed >= nanoseconds, "a sleep ended too early")
            test.expect(elapsed < nanoseconds + 500_000_000, "a sleep ended far too late")
        }
        let event = EventCount()
        test.expect(!event.wait(past: 0, until: clock.nanoseconds + 2_000_000), "a wait for nothing did not time out")
        event.notify()
        test.expect(event.wait(past: 0, until: clock.nanoseconds + 2_000_000), "an event that has come was not seen")
        var order: [Int] = []
        let mutex = Mutex()
        var tasks: [TaskPointer] = []
        for index in [3, 1, 2] {
            let task = Tasks.start("sleeper", isJoinable: true) {
                Scheduler.sleep(nanoseconds: UInt64(index) * 30_000_000)
                mutex.lock()
                order.append(index)
                mutex.unlock()
            }
            if let task { tasks.append(task) }
        }
        for task in tasks { Tasks.join(task) }
        test.expect(order == [1, 2, 3], "sleepers woke out of order")
        return test.failureCount
    }

    /// Loops that never give the processor away have to share it, in about equal parts, with their vector registers intact.
    static func preemption() -> Int {
        var test = SelfTestLog("preemption")
        let count = Scheduler.processorCount * 2 + 1
        let counters = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        let wrong = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        counters.initialize(repeating: 0, count: count)
        wrong.initialize(repeating: 0, count: count)
        let end = Scheduler.clock.nanoseconds + 300_000_000
        var tasks: [TaskPointer] = []
        for index in 0..<count {
            let task = Tasks.start("spinner", isJoinable: true) {
                var vector = SIMD8<Float>(repeating: Float(index))
                let step = SIMD8<Float>(repeating: 1)
                var sum: UInt64 = 0
                while Scheduler.clock.nanoseconds < end {
                    for _ in 0..<100 { vector += step }
                    sum += 100
                    if vector[0] != vector[7] || vector[0] != Float(index) + Float((sum - 1) % 1_000_000 + 1) { wrong[index] += 1 }
                    if sum % 1_000_000 == 0 { vector = SIMD8<Float>(repeating: Float(index)) }
                }
                counters[index] = sum
            }
            if let task { tasks.append(task) }
        }
        test.expect(tasks.count == count, "a task could not be started")
        for task in tasks { Tasks.join(task) }
        var least = UInt64.max, errors: UInt64 = 0
        for index in 0..<count {
            least = min(least, counters[index])
            errors += wrong[index]
        }
        test.expect(least > 0, "a task never ran")
        test.expect(errors == 0, "a task's vector registers changed under it")
        counters.deallocate()
        wrong.deallocate()
        return test.failureCount
    }

    /// An interactive task runs at once though the processors are busy.
    static func priorities() -> Int {
        var test = SelfTestLog("priorities")
        let end = Scheduler.clock.nanoseconds + 200_000_000
        var tasks: [TaskPointer] = []
        for _ in 0..<(Scheduler.processorCount * 2) {
            if let task = Tasks.start("busy", isJoinable: true, { while Scheduler.clock.nanoseconds < end {} }) { tasks.append(task) }
        }
        var background: UInt64 = 0
        if let task = Tasks.start("background", priority: .background, isJoinable: true, { background = Scheduler.clock.nanoseconds }) {
            tasks.append(task)
        }
        var waits: [UInt64] = []
        waits.reserveCapacity(20)
        if let urgent = Tasks.start("urgent", priority: .interactive, isJoinable: true, {
            for _ in 0..<20 {
                let before = Scheduler.clock.nanoseconds
                Scheduler.sleep(nanoseconds: 2_000_000)
                waits.append(Scheduler.clock.nanoseconds - before)
            }
        }) { Tasks.join(urgent) }
        for task in tasks { Tasks.join(task) }
        // The median: a host with other work may stop a processor of this machine for longer now and then.
        waits.sort()
        test.expect(waits.count == 20 && waits[0] >= 2_000_000 && waits[10] < 50_000_000, "an urgent task waited behind busy ones")
        test.expect(background != 0, "a background task starved")
        return test.failureCount
    }

    /// Many tasks, one counter behind a mutex; a channel that carries every value once.
    static func exclusion() -> Int {
        var test = SelfTestLog("exclusion")
        let mutex = Mutex(), channel = Channel<Int>(capacity: 4)
        var shared = 0, sum = 0
        var tasks: [TaskPointer] = []
        for index in 0..<8 {
            let task = Tasks.start("counter", isJoinable: true) {
                for step in 0..<200 {
                    mutex.lock()
                    let value = shared
                    if step % 16 == 0 { Scheduler.yield() }
                    shared = value + 1
                    mutex.unlock()
                    if step < 50 { channel.send(index * 50 + step) }
                }
            }
            if let task { tasks.append(task) }
        }
        for _ in 0..<400 { sum += channel.receive() ?? 0 }
        for task in tasks { Tasks.join(task) }
        channel.close()
        test.expect(channel.receive() == nil, "a closed channel gave a value")
        test.expect(shared == 1600, "increments were lost")
        test.expect(sum == 399 * 200, "values were lost or came twice")
        return test.failureCount
    }

    static func parallel() -> Int {
        var test = SelfTestLog("parallel")
        let count = 10_000
        let hits = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        for round in 0..<50 {
            hits.initialize(repeating: 0, count: count)
            Parallel.forEach(count) { index in hits[index] += UInt32(index % 7 + 1 + round) }
            var right = true
            for index in 0..<count where hits[index] != UInt32(index % 7 + 1 + round) { right = false }
            test.expect(right, "an index was missed or done twice")
        }
        let total = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        total.initialize(to: 0)
        Parallel.forEach(20) { _ in Parallel.forEach(20) { _ in _ = atomic_add64(total, 1) } }
        test.expect(total.pointee == 400, "nested loops lost indices")
        Parallel.forEach(0) { _ in test.expect(false, "an empty loop ran") }
        hits.deallocate()
        total.deallocate()
        return test.failureCount
    }

    /// Every processor that the tables name runs tasks, and work spreads over them.
    static func processors() -> Int {
        var test = SelfTestLog("smp")
        let isComplete = Processors.waitForAll(until: Scheduler.clock.nanoseconds + 10_000_000_000)
        test.expect(isComplete && Scheduler.processorCount == Devices.processorCount, "a processor did not start")
        let seen = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        seen.initialize(to: 0)
        let end = Scheduler.clock.nanoseconds + 20_000_000_000
        let all: UInt64 = (1 << UInt64(Scheduler.processorCount)) - 1
        var tasks: [TaskPointer] = []
        for _ in 0..<Scheduler.processorCount {
            let task = Tasks.start("visitor", isJoinable: true) {
                while atomic_load64(seen) != all, Scheduler.clock.nanoseconds < end {
                    _ = atomic_or64(seen, 1 << UInt64(cpu_local_get().pointee.index))
                }
            }
            if let task { tasks.append(task) }
        }
        for task in tasks { Tasks.join(task) }
        test.expect(seen.pointee == all, "a processor took no work")
        seen.deallocate()
        return test.failureCount
    }

    /// What must not be done with a mutex ends the work that did it, and the mutex is free again and says so.
    static func misuse() -> Int {
        var test = SelfTestLog("misuse")
        let mutex = Mutex(), other = Mutex()
        test.expect(guardedCall { mutex.lock(); mutex.lock() } != nil, "locking twice was not found")
        test.expect(mutex.isPoisoned && !mutex.isHeldByCurrentTask, "the mutex of an ended job stayed locked")
        test.expect(guardedCall { other.unlock() } != nil, "unlocking a free mutex was not found")
        mutex.isPoisoned = false
        mutex.lock()
        var found = false
        if let task = Tasks.start("thief", isJoinable: true, { found = guardedCall { mutex.unlock() } != nil }) { Tasks.join(task) }
        test.expect(found && mutex.isHeldByCurrentTask, "another task's mutex could be unlocked")
        mutex.unlock()
        test.expect(guardedCall {
            cpu_disable_interrupts()
            Scheduler.sleep(nanoseconds: 1000)
        } != nil, "sleeping with interrupts off was not found")
        return test.failureCount
    }

    static func manyTasks() -> Int {
        var test = SelfTestLog("tasks")
        let total = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        total.initialize(to: 0)
        for _ in 0..<20 {
            var tasks: [TaskPointer] = []
            for index in 0..<20 {
                if let task = Tasks.start("short", stackByteCount: 64 << 10, isJoinable: true, { _ = atomic_add64(total, UInt64(index)) }) {
                    tasks.append(task)
                }
            }
            for task in tasks { Tasks.join(task) }
        }
        test.expect(total.pointee == 20 * 190, "a task did not run")
        total.deallocate()
        return test.failureCount
    }
}
