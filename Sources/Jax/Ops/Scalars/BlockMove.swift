// Elements between strided memory and blocks, converted on the way.
import JaxIR
import JaxPlatform

/// A way from elements of one type to elements of another.
struct BlockMove {
    private let from: Int
    private let to: Int
    /// Nil where the types are the same.
    private let conversion: BlockKernel?

    /// Throws `notImplemented` where elements cannot be converted.
    init(from: DType, to: DType) throws(JaxError) {
        self.from = from.byteWidth
        self.to = to.byteWidth
        if from == to {
            conversion = nil
        } else {
            guard let kernel = conversionKernel(from: from, to: to) else { throw unavailable("convert", from) }
            conversion = kernel
        }
    }

    /// Gathers `count` elements, `stride` apart, into contiguous ones.
    func load(_ source: UnsafeRawPointer, stride: Int, count: Int, into target: UnsafeMutableRawPointer) {
        guard let conversion else { return copyRow(from, source, stride, target, 1, count) }
        if stride == 1 { return conversion(source, source, source, target, count) }
        if stride == 0 {
            conversion(source, source, source, target, min(count, 1))
            if count > 1 { copyRow(to, target, 0, target + to, 1, count - 1) }
            return
        }
        withUnsafeTemporaryAllocation(byteCount: count * from, alignment: 16) { block in
            let gathered = block.baseAddress!
            copyRow(from, source, stride, gathered, 1, count)
            conversion(gathered, gathered, gathered, target, count)
        }
    }

    /// Scatters `count` contiguous elements to elements `stride` apart.
    func store(_ source: UnsafeRawPointer, count: Int, to target: UnsafeMutableRawPointer, stride: Int) {
        guard let conversion else { return copyRow(from, source, 1, target, stride, count) }
        if stride == 1 { return conversion(source, source, source, target, count) }
        withUnsafeTemporaryAllocation(byteCount: count * to, alignment: 16) { block in
            let converted = block.baseAddress!
            conversion(source, source, source, converted, count)
            copyRow(to, converted, 1, target, stride, count)
        }
    }
}

/// Copies `count` elements of `width` bytes between strided rows.
func copyRow(_ width: Int, _ source: UnsafeRawPointer, _ sourceStride: Int, _ target: UnsafeMutableRawPointer, _ targetStride: Int, _ count: Int) {
    if sourceStride == 1 && targetStride == 1 {
        target.copyMemory(from: source, byteCount: count &* width)
        return
    }
    switch width {
    case 1: copyStrided(UInt8.self, source, sourceStride, target, targetStride, count)
    case 2: copyStrided(UInt16.self, source, sourceStride, target, targetStride, count)
    case 4: copyStrided(UInt32.self, source, sourceStride, target, targetStride, count)
    case 8: copyStrided(UInt64.self, source, sourceStride, target, targetStride, count)
    default: copyStrided(Bytes16.self, source, sourceStride, target, targetStride, count)
    }
}

@inline(__always)
private func copyStrided<T>(_ type: T.Type, _ source: UnsafeRawPointer, _ sourceStride: Int,
                            _ target: UnsafeMutableRawPointer, _ targetStride: Int, _ count: Int) {
    let from = source.assumingMemoryBound(to: T.self), to = target.assumingMemoryBound(to: T.self)
    if sourceStride == 0 && targetStride == 1 { return to.update(repeating: from.pointee, count: count) }
    for i in 0..<count { to[i &* targetStride] = from[i &* sourceStride] }
}
