// convert and bitcast_convert (StableHLO, sections of these names). A conversion reads a block of the source as the widest
// type of its kind and writes it as the target, so that there is one loop for each source and few for each target.
import JaxIR
import JaxPlatform

func conversionFamily() -> [OpDefinition] {
    [
        OpDefinition(.convert, shape: convertRule, tensor: { frame, operation, operands throws(JaxError) in
            try convert(try operands[0].asTensor(), to: try frame.resultTensorType(operation).dtype)
        }),
        OpDefinition(.bitcastConvert, shape: bitcastRule, tensor: { frame, operation, operands throws(JaxError) in
            Tensor(try frame.resultTensorType(operation), storage: try operands[0].asTensor().storage)
        }),
    ]
}

private func convertRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(1)
    return [.tensor(TensorType(try view.declaredTensor().dtype, try view.tensor(0).shape))]
}

/// The same bits as another type. A narrower one gets a last dimension of the pieces, a wider one joins the last dimension.
private func bitcastRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(1)
    let from = try view.tensor(0), to = try view.declaredTensor().dtype
    let a = from.dtype.bitWidth, b = to.bitWidth
    try view.require(from.dtype.isComplex == to.isComplex, "cannot reinterpret \(from) as \(to.name)")
    try view.require(a == b || (a >= 8 && b >= 8), "reinterpreting \(from) as \(to.name) would split bytes")
    if a == b { return [.tensor(TensorType(to, from.shape))] }
    if a > b { return [.tensor(TensorType(to, from.shape + [a / b]))] }
    try view.require(from.rank > 0 && agree(from.shape[from.rank - 1], b / a),
                     "reinterpreting \(from) as \(to.name) takes a last dimension of \(b / a)")
    return [.tensor(TensorType(to, Array(from.shape.dropLast())))]
}

/// The elements as `dtype`. Floats become integers towards zero, saturating, NaN as 0; integers wrap; complex numbers
/// become real by their real part; anything but zero is true.
func convert(_ source: Tensor, to dtype: DType) throws(JaxError) -> Tensor {
    if source.dtype == dtype { return source }
    let result = try Tensor(TensorType(dtype, source.shape))
    let count = source.elementCount
    if convertDirectly(source, result) { return result }
    let size = min(count, 256)
    let integers = UnsafeMutablePointer<Int64>.allocate(capacity: size)
    let floats = UnsafeMutablePointer<Double>.allocate(capacity: size)
    defer {
        integers.deallocate()
        floats.deallocate()
    }
    var start = 0
    while start < count {
        let range = start..<min(start + 256, count)
        switch source.dtype.kind {
        case .boolean, .signed, .unsigned:
            readIntegers(source, range, integers)
            if source.dtype == .u64 {
                let unsigned = UnsafeRawPointer(integers).assumingMemoryBound(to: UInt64.self)
                try dispatchConvertible(dtype, WriteKernel(block: unsigned, range: range, result: result))
            } else {
                try dispatchConvertible(dtype, WriteKernel(block: integers, range: range, result: result))
            }
        case .float, .complex:
            try readFloats(source, range, floats, truth: dtype == .i1)
            try dispatchConvertible(dtype, WriteKernel(block: floats, range: range, result: result))
        }
        start += 256
    }
    return result
}

/// The commonest conversions in one loop, and those between complex types; false for all others.
private func convertDirectly(_ a: Tensor, _ result: Tensor) -> Bool {
    switch (a.dtype, result.dtype) {
    case (.bf16, .f32): mapElements(a, result) { (x: BFloat16) in x.float }
    case (.f32, .bf16): mapElements(a, result) { (x: Float) in BFloat16(x) }
    case (.f16, .f32): mapElements(a, result) { (x: Float16) in Float(x) }
    case (.f32, .f16): mapElements(a, result) { (x: Float) in Float16(x) }
    case (.i32, .f32): mapElements(a, result) { (x: Int32) in Float(x) }
    case (.i1, .f32): mapElements(a, result) { (x: Boolean) in x.value ? 1 as Float : 0 }
    case (.i1, .i32): mapElements(a, result) { (x: Boolean) in x.value ? 1 as Int32 : 0 }
    case (.c64, .c128): mapElements(a, result) { (x: Complex<Float>) in x.wide }
    case (.c128, .c64): mapElements(a, result) { (x: Complex<Double>) in Complex<Float>(x) }
    case (.i32, .u32), (.u32, .i32), (.i64, .u64), (.u64, .i64), (.i8, .u8), (.u8, .i8), (.i16, .u16), (.u16, .i16):
        result.bytes.copyMemory(from: a.bytes, byteCount: a.type.byteCount)
    default: return false
    }
    return true
}

/// Booleans and integers as Int64; u64 by its bits.
private func readIntegers(_ a: Tensor, _ range: Range<Int>, _ block: UnsafeMutablePointer<Int64>) {
    @inline(__always)
    func read<T: IntegerElement>(_ type: T.Type) {
        let from = a.pointer(T.self)
        for i in range { block[i - range.lowerBound] = Int64(truncatingIfNeeded: from[i]) }
    }
    switch a.dtype {
    case .i1:
        let from = a.pointer(Boolean.self)
        for i in range { block[i - range.lowerBound] = from[i].value ? 1 : 0 }
    case .i16: read(Int16.self)
    case .i32: read(Int32.self)
    case .i64: read(Int64.self)
    case .u2, .u4, .u8: read(UInt8.self)
    case .u16: read(UInt16.self)
    case .u32: read(UInt32.self)
    case .u64: read(UInt64.self)
    default: read(Int8.self)
    }
}

/// Floats, and the real parts of complex numbers; for `truth` a complex number that is not zero reads as 1.
private func readFloats(_ a: Tensor, _ range: Range<Int>, _ block: UnsafeMutablePointer<Double>, truth: Bool) throws(JaxError) {
    @inline(__always)
    func read<T: FloatElement>(_ type: T.Type) {
        let from = a.pointer(T.self)
        for i in range { block[i - range.lowerBound] = from[i].double }
    }
    @inline(__always)
    func readComplex<T: ComplexPart>(_ type: T.Type) {
        let from = a.pointer(Complex<T>.self)
        for i in range { block[i - range.lowerBound] = truth && from[i].imaginary != 0 ? 1 : from[i].real.double }
    }
    switch a.dtype {
    case .bf16: read(BFloat16.self)
    case .f16: read(Float16.self)
    case .f32: read(Float.self)
    case .f64: read(Double.self)
    case .c64: readComplex(Float.self)
    case .c128: readComplex(Double.self)
    default:
        guard let format = MinifloatFormat(a.dtype) else { throw unavailable("convert", a.dtype) }
        let from = a.pointer(UInt8.self)
        for i in range { block[i - range.lowerBound] = format.decode(from[i]) }
    }
}

// MARK: Targets

/// What a conversion may come from: Int64, UInt64, Double.
protocol ConversionSource: BitwiseCopyable {
    var asDouble: Double { get }
    var asInt64: Int64 { get }
    /// Of a type with these bounds: floats saturate, integers wrap later.
    func asInt64(_ bounds: ClosedRange<Int64>) -> Int64
    func converted<T: ConvertibleElement>() -> T
}

extension ConversionSource {
    @inline(__always) func asInt64(_ bounds: ClosedRange<Int64>) -> Int64 { asInt64 }
}

extension Int64: ConversionSource {
    var asDouble: Double { Double(self) }
    var asInt64: Int64 { self }
    @inline(__always) func converted<T: ConvertibleElement>() -> T { T(converting: self) }
}

extension UInt64: ConversionSource {
    var asDouble: Double { Double(self) }
    var asInt64: Int64 { Int64(truncatingIfNeeded: self) }
    @inline(__always) func converted<T: ConvertibleElement>() -> T { T(converting: self) }
}

extension Double: ConversionSource {
    var asDouble: Double { self }
    var asInt64: Int64 { Int64(converting: self) }
    func asInt64(_ bounds: ClosedRange<Int64>) -> Int64 { min(max(asInt64, bounds.lowerBound), bounds.upperBound) }
    @inline(__always) func converted<T: ConvertibleElement>() -> T { T(converting: self) }
}

/// What a conversion may go to.
protocol ConvertibleElement: Element {
    init(converting value: Int64)
    init(converting value: UInt64)
    init(converting value: Double)
}

extension IntegerElement {
    @inline(__always) init(converting value: Int64) { self.init(truncatingIfNeeded: value) }
    @inline(__always) init(converting value: UInt64) { self.init(truncatingIfNeeded: value) }
    @inline(__always) init(converting value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= Double(Self.max) {
            self = Self.max
        } else if value <= Double(Self.min) {
            self = Self.min
        } else {
            self.init(value)
        }
    }
}

extension Int8: ConvertibleElement {}
extension Int16: ConvertibleElement {}
extension Int32: ConvertibleElement {}
extension Int64: ConvertibleElement {}
extension UInt8: ConvertibleElement {}
extension UInt16: ConvertibleElement {}
extension UInt32: ConvertibleElement {}
extension UInt64: ConvertibleElement {}

extension Boolean: ConvertibleElement {
    @inline(__always) init(converting value: Int64) { self.init(value != 0) }
    @inline(__always) init(converting value: UInt64) { self.init(value != 0) }
    @inline(__always) init(converting value: Double) { self.init(value != 0) }
}

extension Float16: ConvertibleElement {
    // Beyond 2^16 all is infinity, and below a Double is exact.
    @inline(__always) init(converting value: Int64) { self.init(Double(value)) }
    @inline(__always) init(converting value: UInt64) { self.init(Double(value)) }
    @inline(__always) init(converting value: Double) { self.init(value) }
}

extension BFloat16: ConvertibleElement {
    @inline(__always) init(converting value: Int64) { self.init(BFloat16.sticky(value.magnitude, negative: value < 0)) }
    @inline(__always) init(converting value: UInt64) { self.init(BFloat16.sticky(value, negative: false)) }
    @inline(__always) init(converting value: Double) { self.init(value) }

    /// A Double that rounds to bf16 as the integer does: bits below the 53rd are gathered in the lowest.
    @inline(__always) private static func sticky(_ magnitude: UInt64, negative: Bool) -> Double {
        let kept = magnitude >> 53 == 0 ? magnitude : (magnitude & ~0xfff) | (magnitude & 0xfff == 0 ? 0 : 0x1000)
        return negative ? -Double(kept) : Double(kept)
    }
}

extension Float: ConvertibleElement {
    @inline(__always) init(converting value: Int64) { self.init(value) }
    @inline(__always) init(converting value: UInt64) { self.init(value) }
    @inline(__always) init(converting value: Double) { self.init(value) }
}

extension Double: ConvertibleElement {
    @inline(__always) init(converting value: Int64) { self.init(value) }
    @inline(__always) init(converting value: UInt64) { self.init(value) }
    @inline(__always) init(converting value: Double) { self = value }
}

extension Complex: ConvertibleElement where Part: ConvertibleElement {
    @inline(__always) init(converting value: Int64) { self.init(Part(converting: value), Part.zero) }
    @inline(__always) init(converting value: UInt64) { self.init(Part(converting: value), Part.zero) }
    @inline(__always) init(converting value: Double) { self.init(Part(converting: value), Part.zero) }
}

private struct WriteKernel<Source: ConversionSource> {
    let block: UnsafePointer<Source>
    let range: Range<Int>
    let result: Tensor

    func run<T: ConvertibleElement>(_ type: T.Type) {
        let to = result.pointer(T.self)
        for i in range { to[i] = block[i - range.lowerBound].converted() }
    }

    /// The integers of 2 and 4 bits, each in a byte.
    func writeNarrow(_ dtype: DType) {
        let to = result.pointer(Int8.self)
        let shift = Int8(8 - dtype.bitWidth)
        let isSigned = dtype.kind == .signed
        let highest = Int64(1) << Int64(dtype.bitWidth - (isSigned ? 1 : 0)) - 1
        let bounds = (isSigned ? -highest - 1 : 0)...highest
        for i in range {
            let low = Int8(truncatingIfNeeded: block[i - range.lowerBound].asInt64(bounds)) &<< shift
            to[i] = dtype.kind == .signed ? low &>> shift : Int8(bitPattern: UInt8(bitPattern: low) &>> UInt8(shift))
        }
    }

    func writeMinifloats(_ format: MinifloatFormat) {
        let to = result.pointer(UInt8.self)
        for i in range { to[i] = format.encode(block[i - range.lowerBound].asDouble) }
    }
}

private func dispatchConvertible<Source: ConversionSource>(_ dtype: DType, _ kernel: WriteKernel<Source>) throws(JaxError) {
    switch dtype {
    case .i1: kernel.run(Boolean.self)
    case .i2, .i4, .u2, .u4: kernel.writeNarrow(dtype)
    case .i8: kernel.run(Int8.self)
    case .i16: kernel.run(Int16.self)
    case .i32: kernel.run(Int32.self)
    case .i64: kernel.run(Int64.self)
    case .u8: kernel.run(UInt8.self)
    case .u16: kernel.run(UInt16.self)
    case .u32: kernel.run(UInt32.self)
    case .u64: kernel.run(UInt64.self)
    case .bf16: kernel.run(BFloat16.self)
    case .f16: kernel.run(Float16.self)
    case .f32: kernel.run(Float.self)
    case .f64: kernel.run(Double.self)
    case .c64: kernel.run(Complex<Float>.self)
    case .c128: kernel.run(Complex<Double>.self)
    default:
        guard let format = MinifloatFormat(dtype) else { throw unavailable("convert", dtype) }
        kernel.writeMinifloats(format)
    }
}
