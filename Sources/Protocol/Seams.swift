// What the link needs of the world: a stream of bytes, and tasks that can wait. The kernel has them, Linux has them.
import JaxPlatform

/// A stream of bytes in both directions.
public protocol ByteStream: AnyObject {
    /// Waits for at least one byte and returns how many were read; 0: the other end is closed and all is read.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(JaxError) -> Int

    /// Writes all of `bytes`, waiting while the other end does not take them.
    func write(_ bytes: UnsafeRawBufferPointer) throws(JaxError)
}

/// A lock with one condition (Hoare's monitor with Mesa's rules: a waiter looks again at what it waited for).
public protocol Monitor: AnyObject {
    func enter()
    func leave()
    /// Leaves, waits for `notifyAll`, enters again. May return early.
    func wait()
    func notifyAll()
}

/// Runs `body` alone in `monitor`.
@inline(__always)
public func hold<Result>(_ monitor: any Monitor, _ body: () -> Result) -> Result {
    monitor.enter()
    defer { monitor.leave() }
    return body()
}

/// Makes tasks and monitors: kernel tasks in ring 0, threads on Linux.
public protocol Concurrency: AnyObject {
    func makeMonitor() -> any Monitor
    /// Runs `body` on a task of its own.
    func spawn(_ name: String, _ body: @escaping () -> Void)
}
