// A bounded queue of values between tasks: senders wait while it is full, receivers while it is empty.
#if hasFeature(Embedded)
import CPU

/// Values of one type, in order, from any number of senders to any number of receivers.
public final class Channel<Element> {
    /// What waiting looks at without the mutex; each atomic.
    private struct State {
        var count: UInt32 = 0
        var isClosed: UInt32 = 0
    }

    private let mutex = Mutex()
    private let state: UnsafeMutablePointer<State>
    private let notFull: UnsafeMutablePointer<WaitQueue>, notEmpty: UnsafeMutablePointer<WaitQueue>
    private let capacity: Int
    private var elements: [Element?]
    private var head = 0

    /// Room for `capacity` values, at least one.
    public init(capacity: Int) {
        self.capacity = max(capacity, 1)
        elements = []
        for _ in 0..<self.capacity { elements.append(nil) }
        state = UnsafeMutablePointer.allocate(capacity: 1)
        state.initialize(to: State())
        notFull = UnsafeMutablePointer.allocate(capacity: 1)
        notFull.initialize(to: WaitQueue())
        notEmpty = UnsafeMutablePointer.allocate(capacity: 1)
        notEmpty.initialize(to: WaitQueue())
    }

    deinit {
        state.deallocate()
        notFull.deallocate()
        notEmpty.deallocate()
    }

    /// Waits for room and puts `element` in. Sending into a closed channel is misuse.
    public func send(_ element: Element) {
        let state = self.state, capacity = UInt32(self.capacity)
        while true {
            _ = Scheduler.wait(on: notFull, until: nil) {
                atomic_load32(&state.pointee.count) < capacity || atomic_load32(&state.pointee.isClosed) != 0
            }
            mutex.lock()
            if state.pointee.isClosed != 0 {
                mutex.unlock()
                misuse("a value was sent into a closed channel")
            }
            let count = state.pointee.count
            if count < capacity {
                elements[(head + Int(count)) % self.capacity] = element
                atomic_store32(&state.pointee.count, count + 1)
            }
            mutex.unlock()
            if count < capacity {
                Scheduler.wakeOne(notEmpty)
                return
            }
        }
    }

    /// The next value, waiting for it; nil when the channel is closed and empty, or `deadline` passed first.
    public func receive(until deadline: UInt64? = nil) -> Element? {
        let state = self.state
        while true {
            let isReady = Scheduler.wait(on: notEmpty, until: deadline) {
                atomic_load32(&state.pointee.count) > 0 || atomic_load32(&state.pointee.isClosed) != 0
            }
            guard isReady else { return nil }
            mutex.lock()
            let count = state.pointee.count, isClosed = state.pointee.isClosed != 0
            var element: Element?
            if count > 0 {
                element = elements[head]
                elements[head] = nil
                head = (head + 1) % capacity
                atomic_store32(&state.pointee.count, count - 1)
            }
            mutex.unlock()
            if count > 0 {
                Scheduler.wakeOne(notFull)
                return element
            }
            if isClosed { return nil }
        }
    }

    /// Lets receivers take what is left and then end. Closing twice is misuse.
    public func close() {
        mutex.lock()
        let wasClosed = state.pointee.isClosed != 0
        atomic_store32(&state.pointee.isClosed, 1)
        mutex.unlock()
        if wasClosed { misuse("a channel was closed twice") }
        Scheduler.wakeAll(notEmpty)
        Scheduler.wakeAll(notFull)
    }
}
#endif
