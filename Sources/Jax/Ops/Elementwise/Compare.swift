// compare, select, clamp, is_finite (StableHLO, sections of these names).
import JaxIR
import JaxPlatform
import Loops

func comparisonFamily() -> [OpDefinition] {
    [
        elementwise(.compare, CompareParameters.self, infer: { view, parameters throws(JaxError) in
            let type = try view.elementwiseType(2, .all)
            try view.require(parameters.order != .total || type.dtype.isFloat,
                             "compare_type TOTALORDER is for floats, the operands are \(type)")
            return TensorType(.i1, type.shape)
        }, kernel: { operand, _, parameters in parameters.comparison.kernel(operand) }).exactLanes(compareLanes)
            .complexLanes(complexComparison),
        elementwise(.select, Parameters.self, isBare: true, infer: { view, _ throws(JaxError) in
            try view.requireOperands(3)
            let predicate = try view.tensor(0), onTrue = try view.tensor(1), onFalse = try view.tensor(2)
            try view.require(predicate.dtype == .i1, "the predicate must be bool, is \(predicate)")
            try view.require(onTrue.dtype == onFalse.dtype && agree(onTrue.shape, onFalse.shape),
                             "the branches must have one type, are \(onTrue) and \(onFalse)")
            try view.require(predicate.rank == 0 || agree(predicate.shape, onTrue.shape),
                             "the predicate must be a scalar or have the branches' shape, is \(predicate) for \(onTrue)")
            return TensorType(onTrue.dtype, merge(onTrue.shape, onFalse.shape))
        }, kernel: { operand, _, _ in selectKernel(operand) }).linear(.jointly([1, 2]))
            .exactLanes { c in c.builder.select(c.x[0], c.x[1], c.x[2]) }
            .complexLanes { c in [0, 1].map { c.builder.select(c.x[0][0], c.x[1][$0], c.x[2][$0]) } }
            .transposedEach { b, op, cotangent, index throws(JaxError) in
                let zero = try b.filled(0, like: cotangent)
                return index == 1 ? try b.select(op.operands[0], cotangent, zero) : try b.select(op.operands[0], zero, cotangent)
            },
        elementwise(.clamp, Parameters.self, isBare: true, infer: { view, _ throws(JaxError) in
            try view.requireOperands(3)
            let low = try view.tensor(0), operand = try view.tensor(1), high = try view.tensor(2)
            for bound in [low, high] {
                try view.require(bound.dtype == operand.dtype && (bound.rank == 0 || agree(bound.shape, operand.shape)),
                                 "a bound must be a scalar or have the operand's type \(operand), is \(bound)")
            }
            return operand
        }, kernel: { operand, _, _ in clampKernel(operand) }).exactLanes(clampLanes).jvp(clampTangent),
        elementwise(.isFinite, 1, .float, result: { _ in .i1 }, isFiniteKernels())
            .exactLanes { c in
                let type = c.builder.type(of: c.x[0])
                return c.builder.less(c.builder.emit(.absolute, c.x[0]), c.builder.constant(type, Double.infinity))
            },
    ]
}

// MARK: Lanes

private func compareLanes(_ c: LaneContext) -> LaneValue? {
    let b = c.builder, comparison = unsafeDowncast(c.parameters, to: CompareParameters.self).comparison
    var x = c.x[0], y = c.x[1]
    if comparison.isTotal {
        // Integers that order as the bits do; 16-bit floats order as the floats that they are.
        func key(_ value: LaneValue) -> LaneValue {
            let bits = b.emit(.bits, value), type = b.type(of: bits)
            let most = b.constant(type, type == .i64 ? Int.max : Int(Int32.max))
            return b.select(b.less(bits, b.constant(type, 0)), b.emit(.xor, bits, most), bits)
        }
        x = key(x)
        y = key(y)
    }
    if c.operand == .i1 {
        x = b.emit(.toInteger, x)
        y = b.emit(.toInteger, y)
    }
    let isUnsigned = c.operand.kind == .unsigned
    switch comparison.direction {
    case .equal: return b.emit(.equal, x, y)
    case .notEqual: return b.emit(.notEqual, x, y)
    case .less: return b.emit(isUnsigned ? .lessUnsigned : .less, x, y)
    case .lessOrEqual: return b.emit(isUnsigned ? .lessOrEqualUnsigned : .lessOrEqual, x, y)
    case .greater: return b.emit(isUnsigned ? .lessUnsigned : .less, y, x)
    case .greaterOrEqual: return b.emit(isUnsigned ? .lessOrEqualUnsigned : .lessOrEqual, y, x)
    }
}

private func clampLanes(_ c: LaneContext) -> LaneValue? {
    let b = c.builder
    switch c.operand.kind {
    case .float: return b.extreme(.minimum, b.extreme(.maximum, c.x[0], c.x[1]), c.x[2])
    case .signed: return b.emit(.minimum, b.emit(.maximum, c.x[0], c.x[1]), c.x[2])
    case .unsigned: return b.emit(.minimumUnsigned, b.emit(.maximumUnsigned, c.x[0], c.x[1]), c.x[2])
    case .boolean: return b.and(b.or(c.x[0], c.x[1]), c.x[2])
    case .complex: return nil
    }
}

// MARK: compare

/// Which order two values are asked for, and by which rule.
public struct Comparison: Equatable {
    public enum Direction: String {
        case equal = "EQ", notEqual = "NE", less = "LT", lessOrEqual = "LE", greater = "GT", greaterOrEqual = "GE"
    }

    public var direction: Direction
    /// -NaN < -inf < … < -0 < +0 < … < +inf < +NaN, by the bits, in place of IEEE-754's comparison.
    public var isTotal: Bool

    public init(_ direction: Direction, isTotal: Bool = false) {
        self.direction = direction
        self.isTotal = isTotal
    }
}

public final class CompareParameters: Parameters {
    /// What kind of numbers the program says it compares; only floats leave a choice.
    public enum Order: String {
        case unspecified = "NOTYPE", float = "FLOAT", total = "TOTALORDER", signed = "SIGNED", unsigned = "UNSIGNED"
    }

    public private(set) var direction = Comparison.Direction.equal
    public private(set) var order = Order.unspecified

    public convenience init(_ direction: Comparison.Direction, _ order: Order = .unspecified) {
        self.init()
        self.direction = direction
        self.order = order
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.choice("comparison_direction", &direction)
        try coder.choice("compare_type", &order, missing: .unspecified)
    }

    public var comparison: Comparison { Comparison(direction, isTotal: order == .total) }
}

private protocol Order {
    static func of<T: IntegerElement>(_ a: T, _ b: T) -> Bool
    static func of<T: ComplexPart>(_ a: T, _ b: T) -> Bool
    static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Bool
}

private enum Equal: Order {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> Bool { a == b }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> Bool { a == b }
    @inline(__always) static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Bool { a == b }
}

private enum NotEqual: Order {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> Bool { a != b }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> Bool { a != b }
    @inline(__always) static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Bool { !(a == b) }
}

/// Complex numbers by real, then imaginary part.
private enum Less: Order {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> Bool { a < b }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> Bool { a < b }
    @inline(__always) static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Bool { a < b }
}

private enum LessOrEqual: Order {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> Bool { a <= b }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> Bool { a <= b }
    @inline(__always) static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Bool { a < b || a == b }
}

extension Comparison {
    /// The loop over operands of `dtype`, which gives booleans.
    func kernel(_ dtype: DType) -> BlockKernel? {
        switch direction {
        case .equal: return isTotal ? totalKernel(Equal.self, dtype) : orderKernel(Equal.self, dtype)
        case .notEqual: return isTotal ? totalKernel(NotEqual.self, dtype) : orderKernel(NotEqual.self, dtype)
        case .less: return isTotal ? totalKernel(Less.self, dtype) : orderKernel(Less.self, dtype)
        case .lessOrEqual: return isTotal ? totalKernel(LessOrEqual.self, dtype) : orderKernel(LessOrEqual.self, dtype)
        case .greater, .greaterOrEqual:
            guard let kernel = Comparison(direction == .greater ? .less : .lessOrEqual, isTotal: isTotal).kernel(dtype) else { return nil }
            return BlockKernel { a, b, c, r, n in kernel(b, a, c, r, n) }
        }
    }
}

private func orderKernel<O: Order>(_ order: O.Type, _ dtype: DType) -> BlockKernel? {
    func integers<T: IntegerElement>(_ type: T.Type) -> BlockKernel {
        BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: T, y: T) in Boolean(O.of(x, y)) } }
    }
    func floats<T: FloatElement>(_ type: T.Type) -> BlockKernel {
        BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: T, y: T) in Boolean(O.of(x.arithmetic, y.arithmetic)) } }
    }
    func complexes<T: ComplexPart>(_ part: T.Type) -> BlockKernel {
        BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: Complex<T>, y: Complex<T>) in Boolean(O.of(x, y)) } }
    }
    switch dtype {
    case .i1:
        return BlockKernel { a, b, _, r, n in
            loop(a, b, r, n) { (x: Boolean, y: Boolean) in Boolean(O.of(x.value ? 1 as UInt8 : 0, y.value ? 1 : 0)) }
        }
    case .i2, .i4, .i8: return integers(Int8.self)
    case .i16: return integers(Int16.self)
    case .i32: return integers(Int32.self)
    case .i64: return integers(Int64.self)
    case .u2, .u4, .u8: return integers(UInt8.self)
    case .u16: return integers(UInt16.self)
    case .u32: return integers(UInt32.self)
    case .u64: return integers(UInt64.self)
    case .bf16: return floats(BFloat16.self)
    case .f16: return floats(Float16.self)
    case .f32: return floats(Float.self)
    case .f64: return floats(Double.self)
    case .c64: return complexes(Float.self)
    case .c128: return complexes(Double.self)
    default:
        guard let format = MinifloatFormat(dtype) else { return nil }
        return BlockKernel { a, b, _, r, n in
            loop(a, b, r, n) { (x: UInt8, y: UInt8) in Boolean(O.of(format.decode(x), format.decode(y))) }
        }
    }
}

private func totalKernel<O: Order>(_ order: O.Type, _ dtype: DType) -> BlockKernel? {
    switch dtype {
    case .f16, .bf16:
        return BlockKernel { a, b, _, r, n in
            loop(a, b, r, n) { (x: Int16, y: Int16) in Boolean(O.of(totalOrderKey(x), totalOrderKey(y))) }
        }
    case .f32:
        return BlockKernel { a, b, _, r, n in
            loop(a, b, r, n) { (x: Int32, y: Int32) in Boolean(O.of(totalOrderKey(x), totalOrderKey(y))) }
        }
    case .f64:
        return BlockKernel { a, b, _, r, n in
            loop(a, b, r, n) { (x: Int64, y: Int64) in Boolean(O.of(totalOrderKey(x), totalOrderKey(y))) }
        }
    default:
        guard let format = MinifloatFormat(dtype) else { return nil }
        return BlockKernel { a, b, _, r, n in
            loop(a, b, r, n) { (x: UInt8, y: UInt8) in
                Boolean(O.of(totalOrderKey(Int64(bitPattern: format.decode(x).bitPattern)),
                             totalOrderKey(Int64(bitPattern: format.decode(y).bitPattern))))
            }
        }
    }
}

/// An integer that orders as IEEE-754 totalOrder does the floats of these bits.
@inline(__always) func totalOrderKey<T: FixedWidthInteger>(_ bits: T) -> T { bits < 0 ? bits ^ T.max : bits }

// MARK: select and clamp

private func selectKernel(_ dtype: DType) -> BlockKernel {
    func kernel<T: BitwiseCopyable>(_ type: T.Type) -> BlockKernel {
        BlockKernel { p, t, f, r, n in
            let p = p.assumingMemoryBound(to: UInt8.self), t = t.assumingMemoryBound(to: T.self)
            let f = f.assumingMemoryBound(to: T.self), r = r.assumingMemoryBound(to: T.self)
            for i in 0..<n {
                let x = t[i], y = f[i]
                r[i] = p[i] != 0 ? x : y
            }
        }
    }
    switch dtype.byteWidth {
    case 1: return kernel(UInt8.self)
    case 2: return kernel(UInt16.self)
    case 4: return kernel(UInt32.self)
    case 8: return kernel(UInt64.self)
    default: return kernel(Bytes16.self)
    }
}

/// min(max(x, low), high), of which the operands are low, x, high; NaN anywhere gives NaN.
private func clampKernel(_ dtype: DType) -> BlockKernel? {
    func integers<T: IntegerElement>(_ type: T.Type) -> BlockKernel {
        BlockKernel { l, x, h, r, n in clampLoop(l, x, h, r, n) { (l: T, x: T, h: T) -> T in Smaller.of(Larger.of(l, x), h) } }
    }
    func floats<T: FloatElement>(_ type: T.Type) -> BlockKernel {
        BlockKernel { l, x, h, r, n in
            clampLoop(l, x, h, r, n) { (l: T, x: T, h: T) -> T in
                T(arithmetic: Smaller.of(Larger.of(l.arithmetic, x.arithmetic), h.arithmetic))
            }
        }
    }
    func complexes<T: ComplexPart>(_ part: T.Type) -> BlockKernel {
        BlockKernel { l, x, h, r, n in
            clampLoop(l, x, h, r, n) { (l: Complex<T>, x: Complex<T>, h: Complex<T>) -> Complex<T> in Smaller.of(Larger.of(l, x), h) }
        }
    }
    switch dtype {
    case .i1: return integers(UInt8.self)
    case .i2, .i4, .i8: return integers(Int8.self)
    case .i16: return integers(Int16.self)
    case .i32: return integers(Int32.self)
    case .i64: return integers(Int64.self)
    case .u2, .u4, .u8: return integers(UInt8.self)
    case .u16: return integers(UInt16.self)
    case .u32: return integers(UInt32.self)
    case .u64: return integers(UInt64.self)
    case .bf16: return floats(BFloat16.self)
    case .f16: return floats(Float16.self)
    case .f32: return floats(Float.self)
    case .f64: return floats(Double.self)
    case .c64: return complexes(Float.self)
    case .c128: return complexes(Double.self)
    default: return ScalarKernels.bySingle(dtype, floats(Float.self))
    }
}

@inline(__always)
private func clampLoop<T: BitwiseCopyable>(_ l: UnsafeRawPointer, _ x: UnsafeRawPointer,
                                           _ h: UnsafeRawPointer, _ result: UnsafeMutableRawPointer,
                                           _ count: Int, _ f: (T, T, T) -> T) {
    let l = l.assumingMemoryBound(to: T.self), x = x.assumingMemoryBound(to: T.self), h = h.assumingMemoryBound(to: T.self)
    let r = result.assumingMemoryBound(to: T.self)
    for i in 0..<count { r[i] = f(l[i], x[i], h[i]) }
}

// MARK: is_finite

private func isFiniteKernels() -> ScalarKernels {
    func kernel<T: FloatElement>(_ type: T.Type) -> BlockKernel {
        BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: T) in Boolean(x.arithmetic.isFinite) } }
    }
    return ScalarKernels { dtype in
        switch dtype {
        case .bf16: return kernel(BFloat16.self)
        case .f16: return kernel(Float16.self)
        case .f32: return kernel(Float.self)
        case .f64: return kernel(Double.self)
        default:
            guard let format = MinifloatFormat(dtype) else { return nil }
            return BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: UInt8) in Boolean(format.decode(x).isFinite) } }
        }
    }
}
