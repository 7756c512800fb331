// C structures for a native driver: memory that lives for one call, and loads and stores at byte offsets.
import Foundation
import GPU

/// An address, with typed loads and stores.
struct NativePointer {
    let raw: UnsafeMutableRawPointer?

    static let null = NativePointer(raw: nil)

    static func + (pointer: NativePointer, offset: Int) -> NativePointer { NativePointer(raw: pointer.raw.map { $0 + offset }) }

    func store(_ value: UInt8) { raw!.storeBytes(of: value, as: UInt8.self) }
    func store(_ value: UInt32) { raw!.storeBytes(of: value, as: UInt32.self) }
    func store(_ value: Int32) { raw!.storeBytes(of: value, as: Int32.self) }
    func store(_ value: UInt64) { raw!.storeBytes(of: value, as: UInt64.self) }
    func store(_ value: Float) { raw!.storeBytes(of: value, as: Float.self) }
    func store(_ value: NativePointer?) { raw!.storeBytes(of: value?.raw, as: UnsafeMutableRawPointer?.self) }

    func load<Value: BitwiseCopyable>() -> Value { raw!.loadUnaligned(as: Value.self) }

    /// The pNext of a structure.
    var next: NativePointer { NativePointer(raw: (raw! + 8).load(as: UnsafeMutableRawPointer?.self)) }

    /// Characters up to the first zero.
    func string(byteCount: Int) -> String {
        let bytes = UnsafeRawBufferPointer(start: raw, count: byteCount)
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// Zeroed memory that is freed with the arena.
final class NativeArena {
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit { for block in blocks { block.deallocate() } }

    func allocate(_ byteCount: Int) -> NativePointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 8), alignment: 16)
        memset(block, 0, max(byteCount, 8))
        blocks.append(block)
        return NativePointer(raw: block)
    }

    func one(_ byteCount: Int, _ fill: (NativePointer) -> Void) -> NativePointer? {
        let pointer = allocate(byteCount)
        fill(pointer)
        return pointer
    }

    /// nil for no elements.
    func array(_ count: Int, stride: Int, _ fill: (NativePointer, Int) -> Void) -> NativePointer? {
        guard count > 0 else { return nil }
        let pointer = allocate(count * stride)
        for index in 0..<count { fill(pointer + index * stride, index) }
        return pointer
    }

    func words(_ words: [UInt32]) -> NativePointer? {
        array(words.count, stride: 4) { at, index in at.store(words[index]) }
    }

    func bytes(_ bytes: [UInt8]) -> NativePointer? {
        array(bytes.count, stride: 1) { at, index in at.store(bytes[index]) }
    }

    func string(_ string: String, orNull: Bool) -> NativePointer? {
        orNull && string.isEmpty ? nil : bytes(Array(string.utf8) + [0])
    }

    /// Appends a structure to a pNext chain; the new end of the chain.
    func chain(_ last: NativePointer, _ byteCount: Int, _ fill: (NativePointer) -> Void) -> NativePointer {
        let next = allocate(byteCount)
        fill(next)
        (last + 8).store(next)
        return next
    }
}

