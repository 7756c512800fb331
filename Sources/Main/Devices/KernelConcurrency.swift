// Tasks and monitors of the kernel, as the link and the service want them.
import Kernel
import WireProtocol

final class KernelConcurrency: Concurrency {
    func makeMonitor() -> any Monitor { KernelMonitor() }

    /// A task that the kernel pays for, begun again after a fault; its name is the service's concern, the record keeps "service".
    func spawn(_ name: String, _ body: @escaping () -> Void) {
        let started = Tasks.start("service", priority: .interactive) {
            while let fault = guardedCall(body) { log("the task " + name + " was ended by a fault and starts again: " + fault.summary) }
        }
        if started == nil { log("no memory for the task " + name) }
    }
}

/// A mutex with one condition.
private final class KernelMonitor: Monitor {
    private let mutex = Mutex()
    private let changed = EventCount()

    func enter() { mutex.lock() }
    func leave() { mutex.unlock() }

    func wait() {
        let seen = changed.count
        mutex.unlock()
        _ = changed.wait(past: seen, until: nil)
        mutex.lock()
    }

    func notifyAll() { changed.notify() }
}
