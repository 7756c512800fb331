// Wide form: how the linear algebra, the Fourier transform, sort keys and index lists see elements of any dtype. A real element
// is one 64-bit word, a complex one two. Floats are `Double` in the word, integers and booleans `Int64` (unsigned ones zero-extended;
// u64 as its bit pattern).
import JaxIR
import JaxPlatform

typealias Words = UnsafeMutablePointer<UInt64>

extension DType {
    /// Words of one element in wide form.
    @inline(__always) var wideWords: Int { isComplex ? 2 : 1 }

    /// The type of the words of the wide form, as `conversionKernel` knows it.
    fileprivate var wide: DType {
        switch kind {
        case .float: return .f64
        case .complex: return .c128
        default: return self == .u64 ? .u64 : .i64
        }
    }
}

/// Memory for the length of one evaluation. `free` ends it; a job that dies first gives all its memory back anyway.
struct Scratch {
    let bytes: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) throws(JaxError) {
        guard let bytes = platform.allocate(byteCount: byteCount) else {
            throw JaxError(.resourceExhausted, "out of memory allocating \(byteCount) bytes")
        }
        self.bytes = bytes
        self.byteCount = byteCount
    }

    /// Room for `count` words; refuses counts that do not fit.
    init(words count: Int) throws(JaxError) {
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: 8)
        if overflow || count < 0 { throw JaxError(.resourceExhausted, "out of memory allocating \(count) words") }
        try self.init(byteCount: byteCount)
    }

    var words: Words { bytes.assumingMemoryBound(to: UInt64.self) }
    var doubles: UnsafeMutablePointer<Double> { bytes.assumingMemoryBound(to: Double.self) }

    func free() { platform.deallocate(bytes, byteCount: byteCount) }
}

extension UnsafeMutablePointer where Pointee == UInt64 {
    @inline(__always) var doubles: UnsafeMutablePointer<Double> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: Double.self)
    }
    @inline(__always) var integers: UnsafeMutablePointer<Int64> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: Int64.self)
    }
}

/// Widens `count` elements of `dtype`, `stride` elements apart, from `source` into `words`.
func loadWide(_ dtype: DType, _ source: UnsafeRawPointer, stride: Int = 1, count: Int, into words: Words) {
    // Every element type has a wide form.
    try? BlockMove(from: dtype, to: dtype.wide).load(source, stride: stride, count: count, into: words)
}

/// Narrows `count` elements from `words` to `dtype` (floats round to nearest even, integers wrap) and stores them
/// `stride` elements apart.
func storeWide(_ dtype: DType, _ words: Words, count: Int, to destination: UnsafeMutableRawPointer, stride: Int = 1) {
    try? BlockMove(from: dtype.wide, to: dtype).store(words, count: count, to: destination, stride: stride)
}

extension Tensor {
    /// All elements in wide form; the caller frees the scratch.
    func wide() throws(JaxError) -> Scratch {
        let scratch = try Scratch(words: elementCount &* dtype.wideWords)
        loadWide(dtype, bytes, count: elementCount, into: scratch.words)
        return scratch
    }

    /// The integers of a small index or shape tensor.
    func indexList() throws(JaxError) -> [Int] {
        let scratch = try wide()
        defer { scratch.free() }
        var list: [Int] = []
        list.reserveCapacity(elementCount)
        for i in 0..<elementCount { list.append(Int(scratch.words.integers[i])) }
        return list
    }
}
