// The last error of each task, as text in memory that never moves, for C callers.
import JaxPlatform

/// A table of fixed size: the task that has been silent longest gives way.
struct ErrorTable {
    private struct Entry {
        var task: UInt64
        var error: JaxError?
        var text: UnsafeMutablePointer<CChar>
    }

    private static let entryCount = 16
    /// Longer texts are cut.
    private static let textBytes = 2048
    /// Least recently set first.
    private var entries: [Entry] = []

    mutating func clear() {
        for entry in entries { entry.text.deallocate() }
        entries = []
    }

    mutating func set(_ error: JaxError?, for task: UInt64) {
        var entry: Entry
        if let index = entries.firstIndex(where: { $0.task == task }) {
            entry = entries.remove(at: index)
        } else if error == nil {
            return
        } else if entries.count < ErrorTable.entryCount {
            entry = Entry(task: task, error: nil, text: UnsafeMutablePointer<CChar>.allocate(capacity: ErrorTable.textBytes))
        } else {
            entry = entries.removeFirst()
            entry.task = task
        }
        entry.error = error
        var length = 0
        if let error {
            for byte in error.description.utf8 where length < ErrorTable.textBytes - 1 {
                entry.text[length] = CChar(bitPattern: byte)
                length += 1
            }
        }
        entry.text[length] = 0
        entries.append(entry)
    }

    func error(of task: UInt64) -> JaxError? {
        for entry in entries where entry.task == task { return entry.error }
        return nil
    }

    func text(of task: UInt64) -> UnsafePointer<CChar> {
        for entry in entries where entry.task == task { return UnsafePointer(entry.text) }
        return emptyText
    }
}

private let emptyText: UnsafePointer<CChar> = {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    text.initialize(to: 0)
    return UnsafePointer(text)
}()
