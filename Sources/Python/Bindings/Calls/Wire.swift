// The encoding of calls and results (Interface/include/python.h, native functions).
import JaxPlatform

/// Reads one encoded message, which the interpreter's own code has written.
struct WireReader {
    private var bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func take<T>(_ type: T.Type) -> T {
        let value = bytes.loadUnaligned(fromByteOffset: position, as: type)
        position += MemoryLayout<T>.size
        return value
    }

    private mutating func takeText() -> String {
        let count = Int(take(UInt32.self))
        let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]), as: UTF8.self)
        position += count
        return text
    }

    private mutating func takeItems() -> [Value] {
        let count = Int(take(UInt32.self))
        var items: [Value] = []
        items.reserveCapacity(count)
        for _ in 0..<count { items.append(takeValue()) }
        return items
    }

    private mutating func takeString() -> String {
        if case .string(let text) = takeValue() { return text }
        return ""
    }

    mutating func takeValue() -> Value {
        switch take(UInt8.self) {
        case UInt8(ascii: "N"): return .none
        case UInt8(ascii: "E"): return .ellipsis
        case UInt8(ascii: "T"): return .bool(true)
        case UInt8(ascii: "F"): return .bool(false)
        case UInt8(ascii: "i"): return .int(take(Int.self))
        case UInt8(ascii: "I"):
            let digits = takeText()
            if let value = Int(digits) { return .int(value) }
            return .bigInteger(digits)
        case UInt8(ascii: "f"): return .float(take(Double.self))
        case UInt8(ascii: "c"):
            let real = take(Double.self)
            return .complex(real, take(Double.self))
        case UInt8(ascii: "s"): return .string(takeText())
        case UInt8(ascii: "b"):
            let address = take(UInt.self), count = take(Int.self)
            return .bytes(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count))
        case UInt8(ascii: "l"): return .list(takeItems())
        case UInt8(ascii: "t"): return .tuple(takeItems())
        case UInt8(ascii: "d"):
            let count = Int(take(UInt32.self))
            var pairs: [(key: Value, value: Value)] = []
            for _ in 0..<count {
                let key = takeValue()
                pairs.append((key: key, value: takeValue()))
            }
            return .dictionary(pairs)
        case UInt8(ascii: "n"):
            let name = takeString()
            let count = Int(take(UInt32.self))
            var fields: [(name: String, value: Value)] = []
            for _ in 0..<count {
                let field = takeString()
                fields.append((name: field, value: takeValue()))
            }
            return .namedTuple(name, fields)
        case UInt8(ascii: ":"):
            let start = takeValue(), stop = takeValue()
            return .slice(start, stop, takeValue())
        case UInt8(ascii: "h"):
            guard let pointer = UnsafeRawPointer(bitPattern: take(UInt.self)) else { return .none }
            return .object(Unmanaged<NativeObject>.fromOpaque(pointer).takeUnretainedValue())
        default: return .unknown(takeString())
        }
    }
}

/// A result in encoded form. Each handle in it carries a reference of its own.
final class WireReply {
    private(set) var bytes: [UInt8] = []
    /// Keeps the buffers alive that 'b' entries point to.
    private var buffers: [UnsafeMutableRawBufferPointer] = []
    private var handles: [UnsafeMutableRawPointer] = []

    init() {}

    /// A reply without containers that could be long.
    convenience init(_ value: Value) {
        self.init()
        do throws(JaxError) { try put(value) } catch {}
    }

    /// Gives back the references of a reply that nobody gets.
    func releaseHandles() {
        for handle in handles { Interpreter.current.held.release(handle) }
    }

    deinit { for buffer in buffers { buffer.deallocate() } }

    private func put<T: BitwiseCopyable>(_ value: T) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    private func put(tag: Unicode.Scalar) { bytes.append(UInt8(truncatingIfNeeded: tag.value)) }

    private func put(text: String) {
        let utf8 = Array(text.utf8)
        put(UInt32(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    private func put(items: [Value]) throws(JaxError) {
        put(UInt32(items.count))
        for (index, item) in items.enumerated() {
            if index & 1023 == 1023 { try checkpoint() }
            try put(item)
        }
    }

    /// Throws where the running job has to end meanwhile.
    func put(_ value: Value) throws(JaxError) {
        switch value {
        case .none, .unknown: put(tag: "N")
        case .ellipsis: put(tag: "E")
        case .bool(let flag): put(tag: flag ? "T" : "F")
        case .int(let number):
            put(tag: "i")
            put(number)
        case .bigInteger(let digits):
            put(tag: "I")
            put(text: digits)
        case .float(let number):
            put(tag: "f")
            put(number)
        case .complex(let real, let imaginary):
            put(tag: "c")
            put(real)
            put(imaginary)
        case .string(let text):
            put(tag: "s")
            put(text: text)
        case .bytes(let source): put(copy: source)
        case .data(let source): source.withUnsafeBytes { put(copy: $0) }
        case .list(let items):
            put(tag: "l")
            try put(items: items)
        case .tuple(let items):
            put(tag: "t")
            try put(items: items)
        case .namedTuple(_, let fields):
            put(tag: "t")
            put(UInt32(fields.count))
            for field in fields { try put(field.value) }
        case .dictionary(let pairs):
            put(tag: "d")
            put(UInt32(pairs.count))
            for pair in pairs {
                try put(pair.key)
                try put(pair.value)
            }
        case .slice(let start, let stop, let step):
            put(tag: ":")
            try put(start)
            try put(stop)
            try put(step)
        case .object(let object):
            // An array that went into a job comes out as itself.
            let handle = Interpreter.current.held.retain((object as? ArrayObject)?.origin ?? object)
            handles.append(handle)
            put(tag: "h")
            put(UInt(bitPattern: handle))
        }
    }

    private func put(copy source: UnsafeRawBufferPointer) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 1), alignment: 16)
        buffer.copyMemory(from: source)
        buffers.append(buffer)
        put(tag: "b")
        put(UInt(bitPattern: buffer.baseAddress))
        put(source.count)
    }
}
