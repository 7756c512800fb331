// convert and bitcast_convert (StableHLO, sections of these names). A conversion reads a block of the source as the widest
// type of its kind and writes it as the target, so that there is one loop for each source and few for each target.
import JaxIR
import JaxPlatform
import Loops

func conversionFamily() -> [OpDefinition] {
    [
        elementwise(.convert, DTypeParameters.self, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(1)
            return TensorType(parameters.dtype, try view.tensor(0).shape)
        }, kernel: { operand, result, _ in conversionKernel(from: operand, to: result) }).linear(.jointly([0]))
            .exactLanes { c in c.builder.converted(c.x[0], from: c.operand, to: c.result) }
            .complexLanes(complexConversion)
            .transposed { b, op, cotangent throws(JaxError) in
                let source = try b.tensorType(op.operands[0]).dtype, isComplex = try b.tensorType(cotangent).dtype.isComplex
                return try b.convert(isComplex && !source.isComplex ? try b.one(.real, [cotangent]) : cotangent, to: source)
            },
        OpDefinition(.bitcastConvert, DTypeParameters.self, infer: { view, parameters throws(JaxError) in
            [.tensor(try bitcastType(view, to: parameters.dtype))]
        }, .tensor { activation, operands throws(JaxError) in
            Tensor(try activation.resultTensorType(), storage: try operands[0].asTensor().storage)
        }, scalar: { operand, result, _ in
            guard operand.byteWidth == result.byteWidth, operand.bitWidth >= 8, result.bitWidth >= 8 else { return nil }
            let width = operand.byteWidth
            return BlockKernel { a, _, _, r, n in r.copyMemory(from: a, byteCount: n &* width) }
        }).exactLanes { c in c.builder.reinterpreted(c.x[0], from: c.operand, to: c.result) }.zeroDerivative().batched { _, op, _ in op.parameters },
    ]
}

/// The element type of the result.
public final class DTypeParameters: Parameters {
    public private(set) var dtype = DType.f32

    public convenience init(_ dtype: DType) {
        self.init()
        self.dtype = dtype
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.dtype("new_dtype", &dtype) }
}

/// The same bits as another type. A narrower one gets a last dimension of the pieces, a wider one joins the last dimension.
private func bitcastType(_ view: OpView, to: DType) throws(JaxError) -> TensorType {
    try view.requireOperands(1)
    let from = try view.tensor(0)
    let a = from.dtype.bitWidth, b = to.bitWidth
    try view.require(from.dtype.isComplex == to.isComplex, "cannot reinterpret \(from) as \(to.name)")
    try view.require(a == b || (a >= 8 && b >= 8), "reinterpreting \(from) as \(to.name) would split bytes")
    if a == b { return TensorType(to, from.shape) }
    if a > b { return TensorType(to, from.shape + [a / b]) }
    try view.require(from.rank > 0 && agree(from.shape[from.rank - 1], b / a),
                     "reinterpreting \(from) as \(to.name) takes a last dimension of \(b / a)")
    return TensorType(to, Array(from.shape.dropLast()))
}

/// The elements as `dtype`. Floats become integers towards zero, saturating, NaN as 0; integers wrap; complex numbers
/// become real by their real part; anything but zero is true.
func convert(_ source: Tensor, to dtype: DType) throws(JaxError) -> Tensor {
    if source.dtype == dtype { return source }
    guard let kernel = conversionKernel(from: source.dtype, to: dtype) else { throw unavailable("convert", source.dtype) }
    let result = try Tensor(TensorType(dtype, source.shape))
    kernel(source.bytes, source.bytes, source.bytes, result.bytes, source.elementCount)
    return result
}

/// The loop that converts elements.
func conversionKernel(from: DType, to: DType) -> BlockKernel? {
    if let direct = directConversion(from, to) { return direct }
    if MinifloatFormat(from) == nil && from.kind == .float && from.bitWidth < 16 { return nil }
    let size = 256
    return BlockKernel { a, _, _, r, n in
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: size) { block in
            let words = block.baseAddress!
            var start = 0
            while start < n {
                let count = min(size, n - start)
                let source = a + start * from.byteWidth, target = r + start * to.byteWidth
                switch from.kind {
                case .boolean, .signed, .unsigned:
                    readIntegers(from, source, count, words.integers)
                    if from == .u64 { write(to, words, count, target) } else { write(to, words.integers, count, target) }
                case .float, .complex:
                    readFloats(from, source, count, words.doubles)
                    write(to, words.doubles, count, target)
                }
                start += count
            }
        }
    }
}

/// The commonest conversions in one loop, and those between complex types; nil for all others.
private func directConversion(_ from: DType, _ to: DType) -> BlockKernel? {
    switch (from, to) {
    case (.bf16, .f32): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: BFloat16) in x.float } }
    case (.f32, .bf16): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Float) in BFloat16(x) } }
    case (.f16, .f32): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Float16) in Float(x) } }
    case (.f32, .f16): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Float) in Float16(x) } }
    case (.bf16, .f64): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: BFloat16) in x.double } }
    case (.f64, .bf16): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Double) in BFloat16(x) } }
    case (.f16, .f64): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Float16) in x.double } }
    case (.f64, .f16): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Double) in Float16(x) } }
    case (.f32, .f64): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Float) in Double(x) } }
    case (.f64, .f32): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Double) in Float(x) } }
    case (.i32, .f32): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Int32) in Float(x) } }
    case (.i32, .i64): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Int32) in Int64(x) } }
    case (.i64, .i32): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Int64) in Int32(truncatingIfNeeded: x) } }
    case (.i1, .f32): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Boolean) in x.value ? 1 as Float : 0 } }
    case (.i1, .i32): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Boolean) in x.value ? 1 as Int32 : 0 } }
    case (.c64, .c128): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Complex<Float>) in x.wide } }
    case (.c128, .c64): return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Complex128) in Complex<Float>(x) } }
    case (.i32, .u32), (.u32, .i32), (.i64, .u64), (.u64, .i64), (.i8, .u8), (.u8, .i8), (.i16, .u16), (.u16, .i16):
        let width = from.byteWidth
        return BlockKernel { a, _, _, r, n in r.copyMemory(from: a, byteCount: n &* width) }
    default:
        if from != to { return nil }
        let width = from.byteWidth
        return BlockKernel { a, _, _, r, n in r.copyMemory(from: a, byteCount: n &* width) }
    }
}

/// Booleans and integers as Int64; u64 by its bits.
private func readIntegers(_ dtype: DType, _ source: UnsafeRawPointer, _ count: Int, _ block: UnsafeMutablePointer<Int64>) {
    func read<T: IntegerElement>(_ type: T.Type) { loop(source, block, count) { (x: T) in Int64(truncatingIfNeeded: x) } }
    switch dtype {
    case .i1: loop(source, block, count) { (x: Boolean) in x.value ? 1 as Int64 : 0 }
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

/// Floats, and the real parts of complex numbers.
private func readFloats(_ dtype: DType, _ source: UnsafeRawPointer, _ count: Int, _ block: UnsafeMutablePointer<Double>) {
    switch dtype {
    case .bf16: loop(source, block, count) { (x: BFloat16) in x.double }
    case .f16: loop(source, block, count) { (x: Float16) in x.double }
    case .f32: loop(source, block, count) { (x: Float) in Double(x) }
    case .f64: loop(source, block, count) { (x: Double) in x }
    case .c64: loop(source, block, count) { (z: Complex<Float>) in Double(z.re) }
    case .c128: loop(source, block, count) { (z: Complex128) in z.re }
    default:
        guard let format = MinifloatFormat(dtype) else { return }
        loop(source, block, count) { (x: UInt8) in format.decode(x) }
    }
}

// MARK: Targets

/// What a conversion may come from: Int64, UInt64, Double.
private protocol ConversionSource: BitwiseCopyable {
    var asDouble: Double { get }
    /// Saturated to these bounds where it is a float; an integer wraps later.
    func asInt64(_ bounds: ClosedRange<Int64>) -> Int64
    func converted<T: ConvertibleElement>() -> T
}

extension Int64: ConversionSource {
    fileprivate var asDouble: Double { Double(self) }
    fileprivate func asInt64(_ bounds: ClosedRange<Int64>) -> Int64 { self }
    @inline(__always) fileprivate func converted<T: ConvertibleElement>() -> T { T(converting: self) }
}

extension UInt64: ConversionSource {
    fileprivate var asDouble: Double { Double(self) }
    fileprivate func asInt64(_ bounds: ClosedRange<Int64>) -> Int64 { Int64(truncatingIfNeeded: self) }
    @inline(__always) fileprivate func converted<T: ConvertibleElement>() -> T { T(converting: self) }
}

extension Double: ConversionSource {
    fileprivate var asDouble: Double { self }
    fileprivate func asInt64(_ bounds: ClosedRange<Int64>) -> Int64 {
        min(max(Int64(converting: self), bounds.lowerBound), bounds.upperBound)
    }
    @inline(__always) fileprivate func converted<T: ConvertibleElement>() -> T { T(converting: self) }
}

/// What a conversion may go to.
private protocol ConvertibleElement: Element {
    init(converting value: Int64)
    init(converting value: UInt64)
    init(converting value: Double)
}

extension IntegerElement {
    @inline(__always) fileprivate init(converting value: Int64) { self.init(truncatingIfNeeded: value) }
    @inline(__always) fileprivate init(converting value: UInt64) { self.init(truncatingIfNeeded: value) }
    @inline(__always) fileprivate init(converting value: Double) {
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
    @inline(__always) fileprivate init(converting value: Int64) { self.init(value != 0) }
    @inline(__always) fileprivate init(converting value: UInt64) { self.init(value != 0) }
    @inline(__always) fileprivate init(converting value: Double) { self.init(value != 0) }
}

extension Float16: ConvertibleElement {
    // Beyond 2^16 all is infinity, and below a Double is exact.
    @inline(__always) fileprivate init(converting value: Int64) { self.init(Double(value)) }
    @inline(__always) fileprivate init(converting value: UInt64) { self.init(Double(value)) }
    @inline(__always) fileprivate init(converting value: Double) { self.init(value) }
}

extension BFloat16: ConvertibleElement {
    @inline(__always) fileprivate init(converting value: Int64) { self.init(BFloat16.sticky(value.magnitude, negative: value < 0)) }
    @inline(__always) fileprivate init(converting value: UInt64) { self.init(BFloat16.sticky(value, negative: false)) }
    @inline(__always) fileprivate init(converting value: Double) { self.init(value) }

    /// A Double that rounds to bf16 as the integer does: bits below the 53rd are gathered in the lowest.
    @inline(__always) private static func sticky(_ magnitude: UInt64, negative: Bool) -> Double {
        let kept = magnitude >> 53 == 0 ? magnitude : (magnitude & ~0xfff) | (magnitude & 0xfff == 0 ? 0 : 0x1000)
        return negative ? -Double(kept) : Double(kept)
    }
}

extension Float: ConvertibleElement {
    @inline(__always) fileprivate init(converting value: Int64) { self.init(value) }
    @inline(__always) fileprivate init(converting value: UInt64) { self.init(value) }
    @inline(__always) fileprivate init(converting value: Double) { self.init(value) }
}

extension Double: ConvertibleElement {
    @inline(__always) fileprivate init(converting value: Int64) { self.init(value) }
    @inline(__always) fileprivate init(converting value: UInt64) { self.init(value) }
    @inline(__always) fileprivate init(converting value: Double) { self = value }
}

extension Complex: ConvertibleElement where Part: ConvertibleElement {
    @inline(__always) fileprivate init(converting value: Int64) { self.init(Part(converting: value)) }
    @inline(__always) fileprivate init(converting value: UInt64) { self.init(Part(converting: value)) }
    @inline(__always) fileprivate init(converting value: Double) { self.init(Part(converting: value)) }
}

private func write<Source: ConversionSource>(_ dtype: DType, _ block: UnsafeMutablePointer<Source>,
                                             _ count: Int, _ target: UnsafeMutableRawPointer) {
    func run<T: ConvertibleElement>(_ type: T.Type) { loop(block, target, count) { (x: Source) -> T in x.converted() } }
    switch dtype {
    case .i1: run(Boolean.self)
    case .i2, .i4, .u2, .u4: writeNarrow(dtype, block, count, target)
    case .i8: run(Int8.self)
    case .i16: run(Int16.self)
    case .i32: run(Int32.self)
    case .i64: run(Int64.self)
    case .u8: run(UInt8.self)
    case .u16: run(UInt16.self)
    case .u32: run(UInt32.self)
    case .u64: run(UInt64.self)
    case .bf16: run(BFloat16.self)
    case .f16: run(Float16.self)
    case .f32: run(Float.self)
    case .f64: run(Double.self)
    case .c64: run(Complex<Float>.self)
    case .c128: run(Complex<Double>.self)
    default:
        guard let format = MinifloatFormat(dtype) else { return }
        loop(block, target, count) { (x: Source) in format.encode(x.asDouble) }
    }
}

/// The integers of 2 and 4 bits, each in a byte.
private func writeNarrow<Source: ConversionSource>(_ dtype: DType, _ block: UnsafeMutablePointer<Source>, _ count: Int,
                                                   _ target: UnsafeMutableRawPointer) {
    let shift = Int8(8 - dtype.bitWidth)
    let isSigned = dtype.kind == .signed
    let highest = Int64(1) << Int64(dtype.bitWidth - (isSigned ? 1 : 0)) - 1
    let bounds = (isSigned ? -highest - 1 : 0)...highest
    loop(block, target, count) { (x: Source) -> Int8 in
        let low = Int8(truncatingIfNeeded: x.asInt64(bounds)) &<< shift
        return isSigned ? low &>> shift : Int8(bitPattern: UInt8(bitPattern: low) &>> UInt8(shift))
    }
}
