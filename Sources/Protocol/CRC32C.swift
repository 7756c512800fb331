// CRC-32C (Castagnoli), the checksum of frames: RFC 3720, appendix B.4.
import CPU

/// The CRC-32C of `bytes`.
public func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc: UInt64 = 0xFFFF_FFFF
    var offset = 0
    while offset + 8 <= bytes.count {
        crc = cpu_crc32c_64(crc, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        offset += 8
    }
    var tail = UInt32(truncatingIfNeeded: crc)
    while offset < bytes.count {
        tail = cpu_crc32c_8(tail, bytes[offset])
        offset += 1
    }
    return ~tail
}
