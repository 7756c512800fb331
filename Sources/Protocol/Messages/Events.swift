// Messages that are no reply: text that a running request prints, log lines, progress, and the machine's own
// requests to the host.
import JaxPlatform

/// Text that running Python printed: UTF-8, which may be cut within a character.
public struct Output: Fields {
    public var text: [UInt8] = []

    public init() {}
    public init(text: [UInt8]) { self.text = text }
    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.field(&text) }
}

/// A line of the machine's log.
public struct LogLine: Fields {
    public var line = ""

    public init() {}
    public init(line: String) { self.line = line }
    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.field(&line) }
}

/// How far a request is.
public struct Progress: Fields {
    public var done = 0
    /// 0 where it is not known.
    public var total = 0
    public var what = ""

    public init() {}

    public init(done: Int, total: Int, what: String) {
        self.done = done
        self.total = total
        self.what = what
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&done)
        try coder.field(&total)
        try coder.field(&what)
    }
}

/// The machine asks for a piece of a file of the shared folder (`boot --share DIR`); the reply's body holds the bytes.
public struct ReadFile: Request {
    public static var kind: MessageKind { .readFile }
    /// The file's name within the folder; no way up.
    public var name = ""
    public var offset = 0
    public var count = 0

    public init() {}

    public init(name: String, offset: Int, count: Int) {
        self.name = name
        self.offset = offset
        self.count = count
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&name)
        try coder.field(&offset)
        try coder.field(&count)
    }

    public struct Reply: Fields {
        /// Bytes of the whole file.
        public var fileByteCount = 0

        public init() {}
        public init(fileByteCount: Int) { self.fileByteCount = fileByteCount }
        public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.field(&fileByteCount) }
    }
}
