// Wide form: how reductions, scatters, sorts and the linear algebra see elements of any dtype. A real element is one 64-bit
// word, a complex one two. Floats are `Double` in the word, integers and booleans `Int64` (unsigned ones zero-extended; u64
// as its bit pattern). Few typed loops then serve all dtypes: a basic operation on f32, f16 or bf16 that is computed in
// `Double` and rounded once gives the same bits as one computed in the type itself.
import JaxIR
import JaxPlatform

typealias Words = UnsafeMutablePointer<UInt64>

extension DType {
    /// Words of one element in wide form.
    @inline(__always) var wideWords: Int { isComplex ? 2 : 1 }

    /// Whether elements of this type have a wide form: all but the floats below 16 bits.
    var hasWideForm: Bool { kind != .float || bitWidth >= 16 }

    /// The float as this type holds it, widened again; `value` itself for f64 and for types that are not floats.
    @inline(__always) func rounded(_ value: Double) -> Double {
        switch self {
        case .f32, .c64: return Double(Float(value))
        case .f16: return Double(Float16(value))
        case .bf16: return Double(Float(bitPattern: UInt32(bfloat16Bits(Float(value))) << 16))
        default: return value
        }
    }

    /// The integer as this type holds it: wrapped to the width, extended again.
    @inline(__always) func wrapped(_ value: Int64) -> Int64 {
        switch self {
        case .i1: return value & 1
        case .i2: return (value << 62) >> 62
        case .i4: return (value << 60) >> 60
        case .i8: return Int64(Int8(truncatingIfNeeded: value))
        case .i16: return Int64(Int16(truncatingIfNeeded: value))
        case .i32: return Int64(Int32(truncatingIfNeeded: value))
        case .u2: return value & 3
        case .u4: return value & 15
        case .u8: return value & 0xff
        case .u16: return value & 0xffff
        case .u32: return value & 0xffff_ffff
        default: return value
        }
    }
}

/// The upper half of `value`, rounded to nearest even; NaN stays NaN.
@inline(__always)
func bfloat16Bits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value != value { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
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

// MARK: - Loading and storing

/// Widens `count` elements of `dtype`, `stride` elements apart, from `source` into `words`.
func loadWide(_ dtype: DType, _ source: UnsafeRawPointer, stride: Int = 1, count: Int, into words: Words) {
    switch dtype {
    case .f64: widen(source, stride, count, words.doubles) { (x: Double) in x }
    case .f32: widen(source, stride, count, words.doubles) { (x: Float) in Double(x) }
    case .f16: widen(source, stride, count, words.doubles) { (x: Float16) in Double(x) }
    case .bf16: widen(source, stride, count, words.doubles) { (x: UInt16) in Double(Float(bitPattern: UInt32(x) << 16)) }
    case .c64: widen(source, stride, count, words.doubles, parts: 2) { (x: Float) in Double(x) }
    case .c128: widen(source, stride, count, words.doubles, parts: 2) { (x: Double) in x }
    case .i2, .i4, .i8: widen(source, stride, count, words.integers) { (x: Int8) in Int64(x) }
    case .i16: widen(source, stride, count, words.integers) { (x: Int16) in Int64(x) }
    case .i32: widen(source, stride, count, words.integers) { (x: Int32) in Int64(x) }
    case .i64, .u64: widen(source, stride, count, words.integers) { (x: Int64) in x }
    case .i1, .u2, .u4, .u8: widen(source, stride, count, words.integers) { (x: UInt8) in Int64(x) }
    case .u16: widen(source, stride, count, words.integers) { (x: UInt16) in Int64(x) }
    case .u32: widen(source, stride, count, words.integers) { (x: UInt32) in Int64(x) }
    default: preconditionFailure("a dtype without wide form")
    }
}

/// Narrows `count` elements from `words` to `dtype` (floats round to nearest even, integers wrap) and stores them
/// `stride` elements apart.
func storeWide(_ dtype: DType, _ words: Words, count: Int, to destination: UnsafeMutableRawPointer, stride: Int = 1) {
    switch dtype {
    case .f64: narrow(words.doubles, count, destination, stride) { (x: Double) in x }
    case .f32: narrow(words.doubles, count, destination, stride) { (x: Double) in Float(x) }
    case .f16: narrow(words.doubles, count, destination, stride) { (x: Double) in Float16(x) }
    case .bf16: narrow(words.doubles, count, destination, stride) { (x: Double) in bfloat16Bits(Float(x)) }
    case .c64: narrow(words.doubles, count, destination, stride, parts: 2) { (x: Double) in Float(x) }
    case .c128: narrow(words.doubles, count, destination, stride, parts: 2) { (x: Double) in x }
    case .i2, .i4: narrow(words.integers, count, destination, stride) { (x: Int64) in Int8(truncatingIfNeeded: dtype.wrapped(x)) }
    case .i1, .u2, .u4: narrow(words.integers, count, destination, stride) { (x: Int64) in UInt8(truncatingIfNeeded: dtype.wrapped(x)) }
    case .i8, .u8: narrow(words.integers, count, destination, stride) { (x: Int64) in UInt8(truncatingIfNeeded: x) }
    case .i16, .u16: narrow(words.integers, count, destination, stride) { (x: Int64) in UInt16(truncatingIfNeeded: x) }
    case .i32, .u32: narrow(words.integers, count, destination, stride) { (x: Int64) in UInt32(truncatingIfNeeded: x) }
    case .i64, .u64: narrow(words.integers, count, destination, stride) { (x: Int64) in x }
    default: preconditionFailure("a dtype without wide form")
    }
}

@inline(__always)
private func widen<Narrow, Wide>(_ source: UnsafeRawPointer, _ stride: Int, _ count: Int, _ result: UnsafeMutablePointer<Wide>,
                                 parts: Int = 1, _ convert: (Narrow) -> Wide) {
    let elements = source.assumingMemoryBound(to: Narrow.self)
    if stride == 1 {
        for i in 0..<(count &* parts) { result[i] = convert(elements[i]) }
    } else {
        for i in 0..<count {
            for part in 0..<parts { result[i &* parts &+ part] = convert(elements[i &* stride &* parts &+ part]) }
        }
    }
}

@inline(__always)
private func narrow<Narrow, Wide>(_ source: UnsafeMutablePointer<Wide>, _ count: Int, _ destination: UnsafeMutableRawPointer,
                                  _ stride: Int, parts: Int = 1, _ convert: (Wide) -> Narrow) {
    let elements = destination.assumingMemoryBound(to: Narrow.self)
    if stride == 1 {
        for i in 0..<(count &* parts) { elements[i] = convert(source[i]) }
    } else {
        for i in 0..<count {
            for part in 0..<parts { elements[i &* stride &* parts &+ part] = convert(source[i &* parts &+ part]) }
        }
    }
}

extension Tensor {
    /// All elements in wide form; the caller frees the scratch.
    func wide() throws(JaxError) -> Scratch {
        try requireWideForm(dtype)
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

func requireWideForm(_ dtype: DType) throws(JaxError) {
    if !dtype.hasWideForm { throw JaxError(.notImplemented, "the operation is not available for \(dtype.name)") }
}
