// A bounded queue of values between tasks: senders wait while it is full, receivers while it is empty.
#if hasFeature(Embedded)

/// Values of one type, in order, from any number of senders to any number of receivers.
public final class Channel<Element> {
    private let mutex = Mutex()
    private let changed = EventCount()
    private let capacity: Int
    private var elements: [Element?]
    private var head = 0, count = 0
    private var isClosed = false

    /// Room for `capacity` values, at least one.
    public init(capacity: Int) {
        self.capacity = max(capacity, 1)
        elements = []
        for _ in 0..<self.capacity { elements.append(nil) }
    }

    /// Waits for room and puts `element` in. Sending into a closed channel is misuse.
    public func send(_ element: Element) {
        while true {
            let seen = changed.count
            mutex.lock()
            if isClosed {
                mutex.unlock()
                misuse("a value was sent into a closed channel")
            }
            if count < capacity {
                elements[(head + count) % capacity] = element
                count += 1
                mutex.unlock()
                changed.notify()
                return
            }
            mutex.unlock()
            _ = changed.wait(past: seen, until: nil)
        }
    }

    /// The next value, waiting for it; nil when the channel is closed and empty, or `deadline` passed first.
    public func receive(until deadline: UInt64? = nil) -> Element? {
        while true {
            let seen = changed.count
            mutex.lock()
            if count > 0 {
                let element = elements[head]
                elements[head] = nil
                head = (head + 1) % capacity
                count -= 1
                mutex.unlock()
                changed.notify()
                return element
            }
            let closed = isClosed
            mutex.unlock()
            if closed { return nil }
            guard changed.wait(past: seen, until: deadline) else { return nil }
        }
    }

    /// Lets receivers take what is left and then end. Closing twice is misuse.
    public func close() {
        mutex.lock()
        let wasClosed = isClosed
        isClosed = true
        mutex.unlock()
        if wasClosed { misuse("a channel was closed twice") }
        changed.notify()
    }
}
#endif
