// Python programs that other tasks want run (`barejax eval`): they queue for the interpreter's task, in order, and their
// callers wait and pass on what is printed.
import CPU
import JaxPlatform
import JaxRun
import Kernel

/// One program on its way through the queue.
final class Evaluation {
    let source: [UInt8]
    let name: String
    let limits: Limits
    /// The task that waits for it.
    let task: UInt64
    /// Moves on when there is output, or the end.
    let changed = EventCount()
    private let mutex = Mutex()
    private var output: [UInt8] = []
    private var status: UInt32?

    init(_ source: [UInt8], name: String, limits: Limits, task: UInt64) {
        self.source = source
        self.name = name
        self.limits = limits
        self.task = task
    }

    func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        mutex.lock()
        output.append(contentsOf: bytes)
        mutex.unlock()
        changed.notify()
    }

    func finish(_ status: UInt32) {
        mutex.lock()
        self.status = status
        mutex.unlock()
        changed.notify()
    }

    /// What was printed since the last call, up to the last whole character unless it has ended, and the status.
    func take() -> (text: String, status: UInt32?) {
        mutex.lock()
        defer { mutex.unlock() }
        var count = output.count
        if status == nil {
            while count > 0 && output[count - 1] & 0xC0 == 0x80 { count -= 1 }
            if count > 0 && output[count - 1] >= 0xC0 { count -= 1 }
            if count == 0 || output[output.count - 1] < 0x80 { count = output.count }
        }
        let text = String(decoding: output[..<count], as: UTF8.self)
        output.removeSubrange(..<count)
        return (text, status)
    }
}

/// The programs that wait, and the one that runs.
final class Evaluations {
    private let mutex = Mutex()
    private var waiting: [Evaluation] = []
    private var running: Evaluation?

    func add(_ evaluation: Evaluation) {
        mutex.lock()
        waiting.append(evaluation)
        mutex.unlock()
    }

    /// The next program to run, on the interpreter's task; nil when none waits.
    func begin() -> Evaluation? {
        mutex.lock()
        defer { mutex.unlock() }
        if waiting.isEmpty { return nil }
        running = waiting.removeFirst()
        return running
    }

    func end(_ status: UInt32) {
        mutex.lock()
        let ended = running
        running = nil
        mutex.unlock()
        ended?.finish(status)
    }

    /// Whether a program of `task` runs now, or waited: that one is gone. nil where there is none.
    func cancel(task: UInt64) -> Bool? {
        mutex.lock()
        defer { mutex.unlock() }
        if let running, running.task == task { return true }
        for index in waiting.indices where waiting[index].task == task {
            waiting.remove(at: index).finish(1)
            return false
        }
        return nil
    }
}
