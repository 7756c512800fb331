// Bytes under construction, with MLIR's variable-width integers: the counterpart of the loader's `ByteReader`.

/// Appends to an array of bytes.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    var count: Int { bytes.count }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func append(_ more: [UInt8]) { bytes += more }

    mutating func append(_ memory: UnsafeRawBufferPointer) { bytes.append(contentsOf: memory) }

    mutating func text(_ text: String) {
        for byte in text.utf8 { bytes.append(byte) }
    }

    /// A little-endian integer of `Value`'s width.
    mutating func fixed<Value: FixedWidthInteger>(_ value: Value) {
        var rest = value
        for _ in 0..<(Value.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            if Value.bitWidth > 8 { rest >>= 8 }
        }
    }

    /// Overwrites four bytes.
    mutating func patch(_ value: UInt32, at offset: Int) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    }

    /// Zeros, until the count is a multiple of `alignment`, a power of two.
    mutating func align(to alignment: Int) {
        while bytes.count & (alignment - 1) != 0 { bytes.append(0) }
    }

    // MARK: MLIR's variable-width integers (BytecodeFormat.md, Variable-Width Integers)

    /// One to nine bytes; the zero bits below the lowest one bit of the first byte count the bytes that follow it.
    mutating func varint64(_ value: UInt64) {
        for extra in 0..<8 where value < 1 << UInt64(7 * (extra + 1)) {
            let raw = (value << 1 | 1) << UInt64(extra)
            for index in 0...extra { bytes.append(UInt8(truncatingIfNeeded: raw >> UInt64(8 * index))) }
            return
        }
        bytes.append(0)
        fixed(value)
    }

    /// A count, a size or an index, which is never negative.
    mutating func varint(_ value: Int) { varint64(UInt64(bitPattern: Int64(value))) }

    /// A number with a flag in its lowest bit.
    mutating func varint(_ value: Int, flag: Bool) { varint64(UInt64(bitPattern: Int64(value)) << 1 | (flag ? 1 : 0)) }

    /// Zigzag encoded.
    mutating func signedVarint(_ value: Int) { varint64(UInt64(bitPattern: Int64(value << 1 ^ value >> 63))) }

    mutating func varints(_ list: [Int]) {
        varint(list.count)
        for value in list { varint(value) }
    }

    mutating func signedVarints(_ list: [Int]) {
        varint(list.count)
        for value in list { signedVarint(value) }
    }

    /// A section of the container, its body in one or two parts.
    mutating func section(_ id: Int, _ body: [UInt8], _ rest: [UInt8] = []) {
        byte(UInt8(id))
        varint(body.count + rest.count)
        bytes += body
        bytes += rest
    }
}
