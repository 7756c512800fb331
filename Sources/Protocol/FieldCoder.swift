// The fields of a message, described once for both directions: each message lists its fields to a `FieldCoder`, which
// appends them while encoding and fills them in, checked, while decoding. Little endian, no padding.
import JaxPlatform

/// Writes fields to bytes, or reads them back. Nothing is allocated before its length has been checked against the bytes
/// that are there.
public struct FieldCoder {
    public private(set) var bytes: [UInt8]
    private var position = 0
    public let isDecoding: Bool

    /// Ready to encode.
    public init() {
        bytes = []
        isDecoding = false
    }

    /// Ready to decode.
    public init(decoding bytes: [UInt8]) {
        self.bytes = bytes
        isDecoding = true
    }

    private func need(_ count: Int, _ what: StaticString) throws(JaxError) {
        guard count <= bytes.count - position else {
            throw JaxError(.malformed, "message: expected \(count) bytes of \(what), found \(bytes.count - position)", offset: position)
        }
    }

    private mutating func integer<I: FixedWidthInteger>(_ value: inout I, _ what: StaticString) throws(JaxError) {
        let width = MemoryLayout<I>.size
        if isDecoding {
            try need(width, what)
            value = 0
            for index in 0..<width { value |= I(truncatingIfNeeded: UInt64(bytes[position + index])) << I(truncatingIfNeeded: 8 * index) }
            position += width
        } else {
            for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> I(truncatingIfNeeded: 8 * index))) }
        }
    }

    public mutating func field(_ value: inout UInt8) throws(JaxError) { try integer(&value, "a number") }
    public mutating func field(_ value: inout UInt32) throws(JaxError) { try integer(&value, "a number") }
    public mutating func field(_ value: inout UInt64) throws(JaxError) { try integer(&value, "a number") }

    public mutating func field(_ value: inout Int) throws(JaxError) {
        var wide = Int64(value)
        try integer(&wide, "a number")
        value = Int(wide)
    }

    public mutating func field(_ value: inout Bool) throws(JaxError) {
        var byte: UInt8 = value ? 1 : 0
        try integer(&byte, "a flag")
        guard byte <= 1 else { throw JaxError(.malformed, "message: expected a flag of 0 or 1, found \(byte)", offset: position - 1) }
        value = byte == 1
    }

    /// A count of elements of at least `width` bytes each, so that no more than the message can hold is ever reserved.
    public mutating func count(_ value: inout Int, elementWidth width: Int) throws(JaxError) {
        var narrow = UInt32(value)
        try integer(&narrow, "a count")
        guard !isDecoding || Int(narrow) * width <= bytes.count - position else {
            throw JaxError(.malformed, "message: \(narrow) elements announced, but only \(bytes.count - position) bytes follow",
                           offset: position - 4)
        }
        value = Int(narrow)
    }

    /// UTF-8 text; invalid sequences become replacement characters.
    public mutating func field(_ text: inout String) throws(JaxError) {
        var length = isDecoding ? 0 : text.utf8.count
        try count(&length, elementWidth: 1)
        if isDecoding {
            text = String(decoding: bytes[position..<position + length], as: UTF8.self)
            position += length
        } else {
            bytes.append(contentsOf: text.utf8)
        }
    }

    public mutating func field(_ text: inout String?) throws(JaxError) {
        var present = text != nil
        try field(&present)
        guard present else {
            text = nil
            return
        }
        var value = text ?? ""
        try field(&value)
        text = value
    }

    public mutating func field(_ data: inout [UInt8]) throws(JaxError) {
        var length = data.count
        try count(&length, elementWidth: 1)
        if isDecoding {
            data = Array(bytes[position..<position + length])
            position += length
        } else {
            bytes += data
        }
    }

    public mutating func field(_ list: inout [UInt64]) throws(JaxError) {
        var length = list.count
        try count(&length, elementWidth: 8)
        if isDecoding { list = [UInt64](repeating: 0, count: length) }
        for index in 0..<length { try integer(&list[index], "a number") }
    }

    public mutating func field(_ list: inout [Int]) throws(JaxError) {
        var length = list.count
        try count(&length, elementWidth: 8)
        if isDecoding { list = [Int](repeating: 0, count: length) }
        for index in 0..<length { try field(&list[index]) }
    }

    /// A list of structures of at least `width` bytes each.
    public mutating func list<Element: Fields>(_ list: inout [Element], elementWidth width: Int) throws(JaxError) {
        var length = list.count
        try count(&length, elementWidth: width)
        if isDecoding {
            list = []
            list.reserveCapacity(length)
            for _ in 0..<length {
                var element = Element()
                try element.code(&self)
                list.append(element)
            }
        } else {
            for var element in list { try element.code(&self) }
        }
    }

    /// Decoding must have used every byte.
    func finish() throws(JaxError) {
        guard position == bytes.count else {
            throw JaxError(.malformed, "message: \(bytes.count - position) bytes after the last field", offset: position)
        }
    }
}

/// Something made of fields.
public protocol Fields {
    init()
    /// Names every field, in order, to the coder.
    mutating func code(_ coder: inout FieldCoder) throws(JaxError)
}

extension Fields {
    /// The fields as bytes.
    public func encoded() -> [UInt8] {
        var copy = self
        var coder = FieldCoder()
        do throws(JaxError) { try copy.code(&coder) } catch {}    // encoding has nothing to refuse
        return coder.bytes
    }

    /// Throws `malformed` unless `bytes` are exactly these fields.
    public init(decoding bytes: [UInt8]) throws(JaxError) {
        self.init()
        var coder = FieldCoder(decoding: bytes)
        try code(&coder)
        try coder.finish()
    }
}
