// The words of a Venus reply. They lie in memory that the host can change at any time, so each word is read once, inside
// bounds, and anything unexpected marks the reply as wrong: `failure` then says what and where.
import CPU

/// Reads one reply from shared memory.
public struct VenusReader {
    private let address: UInt
    private let byteCount: Int
    public private(set) var position = 0
    public private(set) var failure: String?

    /// `address` is 4-byte aligned and has `byteCount` readable bytes.
    init(address: UInt, byteCount: Int) {
        self.address = address
        self.byteCount = byteCount
    }

    private mutating func fail(_ what: String) {
        if failure == nil { failure = "byte \(position): " + what }
    }

    public mutating func u32() -> UInt32 {
        guard failure == nil, position + 4 <= byteCount else {
            fail("the reply ends too early")
            return 0
        }
        position += 4
        return mmio_read32(address + UInt(position - 4))
    }

    /// A byte takes a word of its own.
    public mutating func u8() -> UInt8 { UInt8(truncatingIfNeeded: u32()) }
    public mutating func i32() -> Int32 { Int32(bitPattern: u32()) }
    public mutating func f32() -> Float { Float(bitPattern: u32()) }

    public mutating func u64() -> UInt64 {
        let low = u32()
        return UInt64(low) | UInt64(u32()) << 32
    }

    /// The head of a pointer that has to be there.
    public mutating func present() {
        if u64() != 1 { fail("a pointer is missing") }
    }

    /// A pointer that has to be null.
    public mutating func null() {
        if u64() != 0 { fail("a structure that was not asked for") }
    }

    /// A structure's type.
    public mutating func expect(_ structureType: Int32) {
        let found = i32()
        if found != structureType { fail("structure type \(found), expected \(structureType)") }
    }

    /// The head of an array; whether it has `expected` elements.
    public mutating func count(_ expected: Int) -> Bool {
        let found = u64()
        if found != UInt64(expected) { fail("an array of \(found) elements, expected \(expected)") }
        return failure == nil
    }

    /// A fixed array of bytes, with its count.
    public mutating func bytes(count expected: Int) -> [UInt8] {
        guard count(expected) else { return [] }
        var result: [UInt8] = []
        result.reserveCapacity(expected)
        for index in stride(from: 0, to: expected, by: 4) {
            let word = u32()
            for byte in 0..<min(4, expected - index) { result.append(UInt8(truncatingIfNeeded: word >> (8 * UInt32(byte)))) }
        }
        return result
    }

    /// A fixed array of characters up to its first zero; what is not UTF-8 is replaced.
    public mutating func string(byteCount: Int) -> String {
        let all = bytes(count: byteCount)
        let end = all.firstIndex(of: 0) ?? all.count
        return String(decoding: all[..<end], as: UTF8.self)
    }

    /// The id of an object that the request named, and its pointer.
    public mutating func created() {
        present()
        _ = u64()
    }

    public mutating func created(_ number: Int) {
        if count(number) { for _ in 0..<number { _ = u64() } }
    }
}
