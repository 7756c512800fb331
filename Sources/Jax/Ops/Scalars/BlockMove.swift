// Elements between strided memory and blocks, converted on the way.
import JaxIR
import JaxPlatform

/// A way from elements of one type to elements of another.
struct BlockMove {
    private let from: DType
    private let to: DType
    /// Nil where the types are the same.
    private let conversion: BlockKernel?

    /// Throws `notImplemented` where elements cannot be converted.
    init(from: DType, to: DType) throws(JaxError) {
        self.from = from
        self.to = to
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
            if count > 1 { copyRow(to, target, 0, target + to.byteWidth, 1, count - 1) }
            return
        }
        withUnsafeTemporaryAllocation(byteCount: count * from.byteWidth, alignment: 16) { block in
            let gathered = block.baseAddress!
            copyRow(from, source, stride, gathered, 1, count)
            conversion(gathered, gathered, gathered, target, count)
        }
    }

    /// Scatters `count` contiguous elements to elements `stride` apart.
    func store(_ source: UnsafeRawPointer, count: Int, to target: UnsafeMutableRawPointer, stride: Int) {
        guard let conversion else { return copyRow(from, source, 1, target, stride, count) }
        if stride == 1 { return conversion(source, source, source, target, count) }
        withUnsafeTemporaryAllocation(byteCount: count * to.byteWidth, alignment: 16) { block in
            let converted = block.baseAddress!
            conversion(source, source, source, converted, count)
            copyRow(to, converted, 1, target, stride, count)
        }
    }
}

/// Copies `count` elements between strided rows.
private struct RowCopy: WidthKernel {
    let source: UnsafeRawPointer, sourceStride: Int
    let target: UnsafeMutableRawPointer, targetStride: Int
    let count: Int

    func run<T: BitwiseCopyable>(_ type: T.Type) {
        copyStrided(source.assumingMemoryBound(to: T.self), sourceStride, target.assumingMemoryBound(to: T.self), targetStride, count)
    }
}

func copyRow(_ dtype: DType, _ source: UnsafeRawPointer, _ sourceStride: Int,
             _ target: UnsafeMutableRawPointer, _ targetStride: Int, _ count: Int) {
    dispatchWidth(dtype, RowCopy(source: source, sourceStride: sourceStride, target: target, targetStride: targetStride, count: count))
}

/// Copies `count` elements between strided rows of one type. By raw memory and variables: `update` and assignments of a generic
/// type become a call for each element.
@inline(__always)
func copyStrided<T: BitwiseCopyable>(_ source: UnsafePointer<T>, _ sourceStride: Int,
                                     _ target: UnsafeMutablePointer<T>, _ targetStride: Int, _ count: Int) {
    if targetStride == 1 && sourceStride == 1 {
        UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count &* MemoryLayout<T>.stride)
    } else if targetStride == 1 && sourceStride == 0 {
        let element = source.pointee
        for i in 0..<count { target[i] = element }
    } else {
        for i in 0..<count {
            let element = source[i &* sourceStride]
            target[i &* targetStride] = element
        }
    }
}
