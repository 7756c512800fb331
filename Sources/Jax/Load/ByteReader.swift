// A bounded reader of untrusted bytes. Every read is checked; a failure names the byte offset and what was expected there.
// The one file of the loader that touches raw memory.
import JaxPlatform

/// A window of a file and a position in it. Copies are independent readers. The bytes must outlive the reader.
public struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    /// The next byte to read, counted from the start of the file.
    public private(set) var offset: Int
    /// One past the last readable byte.
    public let end: Int

    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        offset = 0
        end = bytes.count
    }

    private init(_ bytes: UnsafeRawBufferPointer, from offset: Int, to end: Int) {
        self.bytes = bytes
        self.offset = offset
        self.end = end
    }

    public var remaining: Int { end - offset }
    public var isEmpty: Bool { offset == end }

    /// An error at the position reached.
    public func malformed(_ message: String) -> JaxError { JaxError(.malformed, message, offset: offset) }

    private func expectation(_ what: StaticString, _ count: Int) -> JaxError {
        malformed("expected \(count) bytes of \(what), but only \(remaining) are left")
    }

    public mutating func byte(_ what: StaticString) throws(JaxError) -> UInt8 {
        guard offset < end else { throw expectation(what, 1) }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// A little-endian integer of `Value`'s width.
    public mutating func fixed<Value: FixedWidthInteger>(_ type: Value.Type, _ what: StaticString) throws(JaxError) -> Value {
        let width = Value.bitWidth / 8
        guard remaining >= width else { throw expectation(what, width) }
        defer { offset += width }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// The next `count` bytes as a reader of their own.
    public mutating func slice(_ count: Int, _ what: StaticString) throws(JaxError) -> ByteReader {
        guard count >= 0, count <= remaining else { throw expectation(what, count) }
        defer { offset += count }
        return ByteReader(bytes, from: offset, to: offset + count)
    }

    public mutating func skip(_ count: Int, _ what: StaticString) throws(JaxError) {
        _ = try slice(count, what)
    }

    /// Steps over padding, so that `offset` becomes a multiple of `alignment`.
    public mutating func align(to alignment: Int) throws(JaxError) {
        guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 30 else {
            throw malformed("the alignment \(alignment) is not a power of two")
        }
        try skip(-offset & (alignment - 1), "padding")
    }

    /// The same window from an absolute `offset` on.
    public func seeking(to offset: Int, _ what: StaticString) throws(JaxError) -> ByteReader {
        guard offset >= 0, offset <= end else {
            throw malformed("the position \(offset) of \(what) lies outside the file")
        }
        return ByteReader(bytes, from: offset, to: end)
    }

    /// The rest of the window as text; what is not UTF-8 is replaced.
    public mutating func text() -> String {
        defer { offset = end }
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[offset..<end]), as: UTF8.self)
    }

    /// Text up to a zero byte, which is consumed.
    public mutating func zeroTerminatedText(_ what: StaticString) throws(JaxError) -> String {
        var length = 0
        while offset + length < end, bytes[offset + length] != 0 { length += 1 }
        guard offset + length < end else { throw malformed("expected a zero byte at the end of \(what)") }
        var window = try slice(length, what)
        offset += 1
        return window.text()
    }

    /// Copies the rest of the window, which must be `count` bytes, to `destination`.
    public mutating func copy(to destination: UnsafeMutableRawPointer, count: Int) {
        precondition(count == remaining)
        if count > 0 { destination.copyMemory(from: bytes.baseAddress! + offset, byteCount: count) }
        offset = end
    }

    /// A copy of the rest of the window.
    public func array() -> [UInt8] { Array(bytes[offset..<end]) }

    // MARK: MLIR's variable-width integers (BytecodeFormat.md, Variable-Width Integers)

    /// One to nine bytes; the zero bits below the lowest one bit of the first byte count the bytes that follow it.
    public mutating func varint64(_ what: StaticString) throws(JaxError) -> UInt64 {
        let first = try byte(what)
        if first & 1 == 1 { return UInt64(first >> 1) }
        if first == 0 { return try fixed(UInt64.self, what) }
        let extra = first.trailingZeroBitCount
        guard remaining >= extra else { throw expectation(what, extra) }
        var value = UInt64(first)
        for index in 0..<extra { value |= UInt64(bytes[offset + index]) << UInt64(8 * (index + 1)) }
        offset += extra
        return value >> UInt64(extra + 1)
    }

    /// A variable-width integer that is an index, a size or a mask.
    public mutating func varint(_ what: StaticString) throws(JaxError) -> Int {
        let start = offset
        let value = try varint64(what)
        guard value <= UInt64(Int.max) else {
            throw JaxError(.malformed, "the \(what) \(value) is out of range", offset: start)
        }
        return Int(value)
    }

    /// A number with a flag in its lowest bit.
    public mutating func flaggedVarint(_ what: StaticString) throws(JaxError) -> (value: Int, flag: Bool) {
        let raw = try varint64(what)
        return (Int(raw >> 1), raw & 1 == 1)
    }

    /// Zigzag encoded.
    public mutating func signedVarint(_ what: StaticString) throws(JaxError) -> Int {
        let raw = try varint64(what)
        return Int(bitPattern: UInt(truncatingIfNeeded: raw >> 1)) ^ -Int(raw & 1)
    }

    /// The number of elements that follow, each of at least one byte: a count that the window cannot hold is refused.
    public mutating func count(_ what: StaticString) throws(JaxError) -> Int {
        let start = offset
        let value = try varint(what)
        try checkCount(value, what, at: start)
        return value
    }

    public func checkCount(_ value: Int, _ what: StaticString, at position: Int) throws(JaxError) {
        guard value <= remaining else {
            throw JaxError(.malformed, "\(value) \(what) cannot lie in the \(remaining) bytes that follow", offset: position)
        }
    }
}
