// The preemptive scheduler: which task a processor runs, and the switch. Every processor has its own run queue; one that
// has nothing to do takes work from the others.
#if hasFeature(Embedded)
import Boot
import CPU

public enum Scheduler {
    /// How long a task runs before an equal gets its turn.
    static let sliceNanoseconds: UInt64 = 5_000_000

    /// All processors that run tasks, by index; the first `processorCount` are set.
    nonisolated(unsafe) static var processors = UnsafeMutablePointer<ProcessorPointer>.allocate(capacity: Int(CPU_MAX_COUNT))
    nonisolated(unsafe) static var onlineCount: UInt32 = 0
    nonisolated(unsafe) public static var clock: Clock! = nil

    /// Processors that run tasks.
    public static var processorCount: Int { Int(atomic_load32(&onlineCount)) }

    @inline(__always)
    static var here: ProcessorPointer { cpu_local_get().pointee.scheduler.assumingMemoryBound(to: Processor.self) }

    /// The running task; the record's first field is what the processor's record points to.
    @inline(__always)
    public static var current: TaskPointer {
        UnsafeMutableRawPointer(cpu_current_task()!).assumingMemoryBound(to: Task.self)
    }

    // MARK: Start

    /// Makes the code that runs now, on the first processor, the task "main", and gives the processor an idle task.
    /// The local APIC is enabled; from here on tasks can be started and waited for.
    public static func start(clock: Clock) {
        self.clock = clock
        Interrupts.register(ProcessorInterrupt.timer) { Scheduler.handleTimer() }
        Interrupts.register(ProcessorInterrupt.reschedule) { Scheduler.handleReschedule() }
        Interrupts.register(ProcessorInterrupt.apicError) {}
        Interrupts.register(ProcessorInterrupt.shootDown) { ShootDown.handle() }
        PageTables.forgetElsewhere = { ShootDown.forget($0, $1) }
        Interrupts.afterOutermost = { Scheduler.leaveInterrupt() }
        let local = cpu_local_get()!
        let main = TaskPointer.allocate(capacity: 1)
        main.initialize(to: Task(name: "main", priority: .interactive, owner: 0, isIdle: false, isJoinable: false))
        main.pointee.context = local.pointee.current.pointee
        main.pointee.context.task = UnsafeMutableRawPointer(main)
        main.pointee.context.ticks_started = cpu_tsc()
        main.pointee.onProcessor = 1
        AllTasks.add(main)
        guard let idle = Tasks.make("idle", priority: .background, owner: 0, stackByteCount: idleStackByteCount, isIdle: true, { idle() })
        else { misuse("there is no memory for the first idle task") }
        let processor = ProcessorPointer.allocate(capacity: 1)
        processor.initialize(to: Processor(local: local, idle: idle))
        local.pointee.current = UnsafeMutableRawPointer(main).assumingMemoryBound(to: task_context.self)
        add(processor)
        // Starts the first slice: a first task that never waits has to meet the timer too.
        yield()
    }

    static let idleStackByteCount = 32 << 10

    /// Lets a processor take part. Called on that processor, with interrupts off.
    static func add(_ processor: ProcessorPointer) {
        processor.pointee.local.pointee.scheduler = UnsafeMutableRawPointer(processor)
        LocalAPIC.setTimerVector(ProcessorInterrupt.timer)
        let flags = spin_acquire(&addLock)
        processors[Int(onlineCount)] = processor
        processor.pointee.position = onlineCount
        atomic_store32(&onlineCount, onlineCount + 1)
        spin_release(&addLock, flags)
    }

    nonisolated(unsafe) private static var addLock = spin_lock()

    /// The running task's priority from here on; returns what it was.
    @discardableResult
    public static func setPriority(_ priority: TaskPriority) -> TaskPriority {
        let task = current, previous = task.pointee.priority
        task.pointee.priority = priority
        return previous
    }

    // MARK: Giving the processor away

    /// Lets another task run that is at least as urgent, if there is one.
    public static func yield() {
        let flags = cpu_lock_interrupts()
        schedule(isBlocking: false)
        cpu_unlock_interrupts(flags)
    }

    /// Called when the outermost interrupt handler has ended, with interrupts off: switches if that is due.
    public static func leaveInterrupt() {
        guard onlineCount > 0, cpu_local_get().pointee.scheduler != nil, here.pointee.needsReschedule else { return }
        schedule(isBlocking: false)
    }

    /// Picks the next task and switches to it. Interrupts are off and no spin lock is held. With `isBlocking` the running
    /// task is not put back: its waker does that, and may have done so already.
    static func schedule(isBlocking: Bool) {
        let processor = here, task = current
        acquire(processor)
        processor.pointee.needsReschedule = false
        let now = clock.nanoseconds
        wakeDueSleepers(processor, now)
        if !isBlocking && !task.pointee.isIdle { processor.pointee.queue.append(task) }
        var next = processor.pointee.queue.removeNext()
        if next == nil {
            release(processor)
            next = steal(for: processor)
            acquire(processor)
        }
        let chosen = next ?? processor.pointee.queue.removeNext() ?? processor.pointee.idle
        processor.pointee.sliceEnd = chosen.pointee.isIdle ? .max : now &+ sliceNanoseconds
        setTimer(processor, now)
        guard chosen != task else {
            release(processor)
            return
        }
        atomic_store32(&processor.pointee.isIdle, chosen.pointee.isIdle ? 1 : 0)
        chosen.pointee.onProcessor = 1
        chosen.pointee.processor = processor.pointee.position
        let counter = cpu_tsc()
        task.pointee.context.ticks_used &+= counter &- task.pointee.context.ticks_started
        chosen.pointee.context.ticks_started = counter
        processor.pointee.previous = task
        processor.pointee.switchCount &+= 1
        Trace.note(.taskSwitch, chosen.pointee.context.id, UInt64(UInt(bitPattern: chosen.pointee.name.utf8Start)))
        processor.pointee.local.pointee.current = UnsafeMutableRawPointer(chosen).assumingMemoryBound(to: task_context.self)
        release(processor)
        switch_task(UnsafeMutableRawPointer(task), UnsafeRawPointer(chosen))
        finishSwitch()
    }

    /// First thing after a switch, on the new task's stack: the task before it may be taken by other processors now.
    static func finishSwitch() {
        let processor = here
        guard let previous = processor.pointee.previous else { return }
        processor.pointee.previous = nil
        if previous.pointee.state == Task.State.ended.rawValue { processor.pointee.ended.append(previous) }
        atomic_store32(&previous.pointee.onProcessor, 0)
    }

    /// A task from the processor with the longest queue.
    private static func steal(for processor: ProcessorPointer) -> TaskPointer? {
        var victim: ProcessorPointer?, most = 0
        for index in 0..<processorCount where processors[index] != processor {
            let waiting = processors[index].pointee.queue.count
            if waiting > most {
                most = waiting
                victim = processors[index]
            }
        }
        guard let victim else { return nil }
        acquire(victim)
        defer { release(victim) }
        guard let task = victim.pointee.queue.removeStealable({ atomic_load32(&$0.pointee.onProcessor) == 0 }) else { return nil }
        processor.pointee.stealCount &+= 1
        return task
    }

    // Interrupts are off in all of the scheduler: the flags need not be kept.
    @inline(__always)
    private static func acquire(_ processor: ProcessorPointer) { _ = spin_acquire(&processor.pointee.lock) }
    @inline(__always)
    private static func release(_ processor: ProcessorPointer) { spin_release(&processor.pointee.lock, 0) }

    // MARK: Waking

    /// Makes a task that this caller has changed from waiting to runnable run somewhere. Any context.
    static func enqueue(_ task: TaskPointer) {
        let flags = cpu_lock_interrupts()
        let processor = choose(for: task), mine = here
        acquire(processor)
        processor.pointee.queue.append(task)
        let running = UnsafeMutableRawPointer(processor.pointee.local.pointee.current!).assumingMemoryBound(to: Task.self)
        let isUrgent = running.pointee.isIdle || running.pointee.priority.rawValue < task.pointee.priority.rawValue
        if isUrgent && processor == mine { processor.pointee.needsReschedule = true }
        release(processor)
        if isUrgent {
            if processor != mine {
                LocalAPIC.send(ProcessorInterrupt.reschedule, to: processor.pointee.local.pointee.apic_id)
            } else if flags & 1 << 9 != 0, processor.pointee.local.pointee.interrupt_depth == 0 {
                schedule(isBlocking: false)
            }
        }
        cpu_unlock_interrupts(flags)
    }

    /// Where a woken task goes: to the processor that ran it, unless that one is busy and another is idle. A task whose
    /// registers are still being saved stays where it is.
    private static func choose(for task: TaskPointer) -> ProcessorPointer {
        let last = processors[Int(task.pointee.processor)]
        if atomic_load32(&task.pointee.onProcessor) != 0 || atomic_load32(&last.pointee.isIdle) != 0 { return last }
        for index in 0..<processorCount where atomic_load32(&processors[index].pointee.isIdle) != 0 { return processors[index] }
        return last
    }

    private static func wakeDueSleepers(_ processor: ProcessorPointer, _ now: UInt64) {
        while let task = processor.pointee.sleepers.removeDue(now) {
            if atomic_replace32(&task.pointee.state, Task.State.waiting.rawValue, Task.State.runnable.rawValue) {
                processor.pointee.queue.append(task)
            }
        }
    }

    // MARK: Waiting

    /// Gives the processor away until the running task, which has entered wait queues already, is woken, or until
    /// `deadline` (nanoseconds; nil: none). Interrupts are off; the caller leaves the queues afterwards.
    static func block(until deadline: UInt64?) {
        let task = current
        guard let deadline else {
            schedule(isBlocking: true)
            return
        }
        let processor = here
        acquire(processor)
        task.pointee.wakeTime = deadline
        processor.pointee.sleepers.insert(task)
        release(processor)
        schedule(isBlocking: true)
        // It may run elsewhere now; where it was woken by something else it is still among the sleepers.
        acquire(processor)
        processor.pointee.sleepers.remove(task)
        release(processor)
    }

    /// Sleeps for so long at least.
    public static func sleep(nanoseconds: UInt64) {
        requireTaskContext("a task slept where it may not wait")
        let flags = cpu_lock_interrupts()
        atomic_store32(&current.pointee.state, Task.State.waiting.rawValue)
        block(until: clock.nanoseconds &+ nanoseconds)
        cpu_unlock_interrupts(flags)
    }

    /// Waiting in a handler or with a spin lock held would stop the processor for good. Both have interrupts off.
    static func requireTaskContext(_ what: StaticString) {
        if cpu_flags() & 1 << 9 == 0 { misuse(what) }
    }

    /// Waits until `condition` holds; false when `deadline` (nanoseconds; nil: never) passed first. Whoever makes the
    /// condition true wakes the queue afterwards. A condition that takes something takes it once: it is not asked again
    /// after it held.
    static func wait(on queue: UnsafeMutablePointer<WaitQueue>, until deadline: UInt64?, for condition: () -> Bool) -> Bool {
        requireTaskContext("a task waited where it may not wait")
        while true {
            if condition() { return true }
            if let deadline, clock.nanoseconds >= deadline { return false }
            let task = current
            let flags = cpu_lock_interrupts()
            queue.pointee.enter(task)
            // A wake-up from between the look and the entry would be lost without this second look.
            let holds = condition()
            let isClaimed = !atomic_replace32(&task.pointee.state, Task.State.waiting.rawValue,
                                              holds ? Task.State.runnable.rawValue : Task.State.waiting.rawValue)
            // Where a waker has claimed the task already, it puts it into a run queue: that must be consumed.
            if !holds || isClaimed { block(until: deadline) }
            queue.pointee.leave(task)
            cpu_unlock_interrupts(flags)
            if holds { return true }
        }
    }

    /// Wakes the first waiting task. Any context; the queue's spin lock must not be held.
    static func wakeOne(_ queue: UnsafeMutablePointer<WaitQueue>) {
        if queue.pointee.hasWaiting { wake(queue, 1) }
    }

    /// Those that wait now: one that has been woken, and runs at once, may wait again before the last is.
    static func wakeAll(_ queue: UnsafeMutablePointer<WaitQueue>) {
        let count = queue.pointee.waitingCount
        if count > 0 { wake(queue, count) }
    }

    /// A task that was taken out of the queue is in nobody's hands but ours: until it is in a run queue, the job that wakes it is
    /// not ended by force.
    private static func wake(_ queue: UnsafeMutablePointer<WaitQueue>, _ most: Int) {
        let context = cpu_current_task()!
        context.pointee.keep_alive += 1
        var count = 0
        while count < most, let task = queue.pointee.removeFirstToWake() {
            enqueue(task)
            count += 1
        }
        context.pointee.keep_alive -= 1
    }

    // MARK: The timer

    /// Sets the timer to the slice's end or the first sleeper, where it is not set to something earlier already.
    private static func setTimer(_ processor: ProcessorPointer, _ now: UInt64) {
        let wanted = min(processor.pointee.sliceEnd, processor.pointee.sleepers.earliest ?? .max)
        guard wanted < processor.pointee.timerDeadline else { return }
        processor.pointee.timerDeadline = wanted
        LocalAPIC.fire(after: wanted > now ? wanted &- now : 0, clock)
    }

    /// Asks for an interrupt of this processor's timer after so long at the latest.
    static func interrupt(after nanoseconds: UInt64) {
        let flags = cpu_lock_interrupts()
        let processor = here
        acquire(processor)
        let wanted = clock.nanoseconds &+ nanoseconds
        if wanted < processor.pointee.timerDeadline {
            processor.pointee.timerDeadline = wanted
            LocalAPIC.fire(after: nanoseconds, clock)
        }
        release(processor)
        cpu_unlock_interrupts(flags)
    }

    /// The timer's interrupt: wakes sleepers, and asks for a switch when the slice has ended and somebody waits.
    public static func handleTimer() {
        let processor = here
        acquire(processor)
        processor.pointee.timerCount &+= 1
        processor.pointee.timerDeadline = .max
        let now = clock.nanoseconds
        wakeDueSleepers(processor, now)
        let waiting = processor.pointee.queue.highest
        if let waiting {
            let isDue = now >= processor.pointee.sliceEnd || current.pointee.isIdle || waiting.rawValue > current.pointee.priority.rawValue
            if isDue { processor.pointee.needsReschedule = true }
        } else if now >= processor.pointee.sliceEnd {
            processor.pointee.sliceEnd = now &+ sliceNanoseconds
        }
        setTimer(processor, now)
        release(processor)
        if waiting != nil { callIdle() }
    }

    /// Two wake-ups may choose the same idle processor before it runs: a task that still waits here after a slice, while
    /// another processor has nothing to do, is taken by that one.
    private static func callIdle() {
        for index in 0..<processorCount where atomic_load32(&processors[index].pointee.isIdle) != 0 {
            LocalAPIC.send(ProcessorInterrupt.reschedule, to: processors[index].pointee.local.pointee.apic_id)
            return
        }
    }

    /// The interrupt by which another processor says that its wake-up is urgent here.
    public static func handleReschedule() { here.pointee.needsReschedule = true }

    // MARK: Idle

    /// What a processor does when nothing is to be done. A task that is put into the queue after the last look brings an
    /// interrupt with it, which ends the halt.
    static func idle() -> Never {
        while true {
            reapEnded()
            cpu_disable_interrupts()
            schedule(isBlocking: false)
            // What ended last is given back before the processor rests.
            if here.pointee.queue.isEmpty && here.pointee.ended.isEmpty {
                cpu_enable_interrupts_and_halt()
            } else {
                cpu_enable_interrupts()
            }
        }
    }
}
#endif
