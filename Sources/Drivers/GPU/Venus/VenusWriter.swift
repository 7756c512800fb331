// The words of a Venus command: little endian, every item padded to 4 bytes.

/// Collects the words of one command, or of several.
public struct VenusWriter {
    public var words: [UInt32]

    public init(_ words: [UInt32] = []) { self.words = words }

    public mutating func put(_ value: UInt32) { words.append(value) }
    public mutating func put(_ value: Int32) { words.append(UInt32(bitPattern: value)) }
    public mutating func put(_ value: Float) { words.append(value.bitPattern) }

    public mutating func put(_ value: UInt64) {
        words.append(UInt32(truncatingIfNeeded: value))
        words.append(UInt32(truncatingIfNeeded: value >> 32))
    }

    public mutating func put(_ values: [UInt32]) { words.append(contentsOf: values) }

    /// The head of a pointer that is not null.
    public mutating func putPresent() { put(UInt64(1)) }

    /// A null pointer, or an array without elements.
    public mutating func putNull() { put(UInt64(0)) }

    /// The head of an array.
    public mutating func putCount(_ count: Int) { put(UInt64(count)) }

    /// Bytes, padded with zeros to a multiple of 4.
    public mutating func putBytes(_ bytes: [UInt8]) {
        var word: UInt32 = 0
        for index in bytes.indices {
            word |= UInt32(bytes[index]) << (8 * UInt32(index % 4))
            if index % 4 == 3 || index == bytes.count - 1 {
                words.append(word)
                word = 0
            }
        }
    }

    /// A string with its terminating zero; the empty string as a null pointer where `orNull`.
    public mutating func putString(_ string: String, orNull: Bool) {
        if orNull && string.isEmpty { return putNull() }
        let bytes = Array(string.utf8) + [0]
        putCount(bytes.count)
        putBytes(bytes)
    }
}
