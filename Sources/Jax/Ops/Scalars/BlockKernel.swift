// Scalar functions as loops over blocks of elements. The operations that work element by element are the machine's scalar
// language: each says once, for each kind of element, what it computes, and everything that computes scalars runs the loops
// made from that: elementwise operations on whole arrays, and the regions of reductions, scatters and sorts block by block.
import JaxIR

/// `result[i] = f(a[i], b[i], c[i])` for `count` elements, each array contiguous. Operands that the function does not have are
/// not looked at. The result may be an operand's memory, but must not overlap one in part.
///
/// A structure, because a closure that is optional would be wrapped in further closures on its way.
struct BlockKernel {
    typealias Loop = (_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeRawPointer,
                      _ result: UnsafeMutableRawPointer, _ count: Int) -> Void

    private let loop: Loop

    init(_ loop: @escaping Loop) { self.loop = loop }

    @inline(__always)
    func callAsFunction(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeRawPointer,
                        _ result: UnsafeMutableRawPointer, _ count: Int) {
        loop(a, b, c, result, count)
    }
}

/// The loops of one function by the type of its operands.
struct ScalarKernels {
    /// Nil for types on which the function is not defined.
    let kernel: (DType) -> BlockKernel?

    init(_ kernel: @escaping (DType) -> BlockKernel?) { self.kernel = kernel }

    /// What either side has.
    static func + (a: ScalarKernels, b: ScalarKernels) -> ScalarKernels { ScalarKernels { a.kernel($0) ?? b.kernel($0) } }
}

// MARK: What a function is on each kind of element

protocol IntegerUnary { static func of<T: IntegerElement>(_ a: T) -> T }
protocol IntegerBinary { static func of<T: IntegerElement>(_ a: T, _ b: T) -> T }
/// Floats of 16 bits are computed in Float and rounded once.
protocol FloatUnary { static func of<T: ComplexPart>(_ a: T) -> T }
protocol FloatBinary { static func of<T: ComplexPart>(_ a: T, _ b: T) -> T }
protocol ComplexUnary { static func of<T: ComplexPart>(_ a: Complex<T>) -> Complex<T> }
protocol ComplexBinary { static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Complex<T> }
protocol BooleanBinary { static func of(_ a: Bool, _ b: Bool) -> Bool }

// MARK: Loops

@inline(__always)
func loop<A: BitwiseCopyable, R: BitwiseCopyable>(_ a: UnsafeRawPointer, _ result: UnsafeMutableRawPointer, _ count: Int, _ f: (A) -> R) {
    let a = a.assumingMemoryBound(to: A.self), r = result.assumingMemoryBound(to: R.self)
    for i in 0..<count { r[i] = f(a[i]) }
}

@inline(__always)
func loop<A: BitwiseCopyable, B: BitwiseCopyable, R: BitwiseCopyable>(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ result: UnsafeMutableRawPointer, _ count: Int, _ f: (A, B) -> R) {
    let a = a.assumingMemoryBound(to: A.self), b = b.assumingMemoryBound(to: B.self), r = result.assumingMemoryBound(to: R.self)
    for i in 0..<count { r[i] = f(a[i], b[i]) }
}

extension ScalarKernels {
    static func integers<F: IntegerUnary>(_ f: F.Type) -> ScalarKernels {
        func kernel<T: IntegerElement>(_ type: T.Type) -> BlockKernel {
            BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: T) -> T in F.of(x) } }
        }
        return ScalarKernels { dtype in
            switch dtype {
            case .i2, .i4: return wrapping(kernel(Int8.self), dtype)
            case .u2, .u4: return wrapping(kernel(UInt8.self), dtype)
            case .i8: return kernel(Int8.self)
            case .i16: return kernel(Int16.self)
            case .i32: return kernel(Int32.self)
            case .i64: return kernel(Int64.self)
            case .u8: return kernel(UInt8.self)
            case .u16: return kernel(UInt16.self)
            case .u32: return kernel(UInt32.self)
            case .u64: return kernel(UInt64.self)
            default: return nil
            }
        }
    }

    static func integers<F: IntegerBinary>(_ f: F.Type) -> ScalarKernels {
        func kernel<T: IntegerElement>(_ type: T.Type) -> BlockKernel {
            BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: T, y: T) -> T in F.of(x, y) } }
        }
        return ScalarKernels { dtype in
            switch dtype {
            case .i2, .i4: return wrapping(kernel(Int8.self), dtype)
            case .u2, .u4: return wrapping(kernel(UInt8.self), dtype)
            case .i8: return kernel(Int8.self)
            case .i16: return kernel(Int16.self)
            case .i32: return kernel(Int32.self)
            case .i64: return kernel(Int64.self)
            case .u8: return kernel(UInt8.self)
            case .u16: return kernel(UInt16.self)
            case .u32: return kernel(UInt32.self)
            case .u64: return kernel(UInt64.self)
            default: return nil
            }
        }
    }

    /// A function for which only the bits matter: signed integers are computed as unsigned ones.
    static func bits<F: IntegerBinary>(_ f: F.Type) -> ScalarKernels {
        func kernel<T: IntegerElement>(_ type: T.Type) -> BlockKernel {
            BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: T, y: T) -> T in F.of(x, y) } }
        }
        return ScalarKernels { dtype in
            switch dtype {
            case .i2, .i4, .u2, .u4: return wrapping(kernel(UInt8.self), dtype)
            case .i8, .u8: return kernel(UInt8.self)
            case .i16, .u16: return kernel(UInt16.self)
            case .i32, .u32: return kernel(UInt32.self)
            case .i64, .u64: return kernel(UInt64.self)
            default: return nil
            }
        }
    }

    static func floats<F: FloatUnary>(_ f: F.Type) -> ScalarKernels {
        func kernel<T: FloatElement>(_ type: T.Type) -> BlockKernel {
            BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: T) -> T in T(arithmetic: F.of(x.arithmetic)) } }
        }
        return ScalarKernels { dtype in
            switch dtype {
            case .bf16: return kernel(BFloat16.self)
            case .f16: return kernel(Float16.self)
            case .f32: return kernel(Float.self)
            case .f64: return kernel(Double.self)
            default: return bySingle(dtype, kernel(Float.self))
            }
        }
    }

    static func floats<F: FloatBinary>(_ f: F.Type) -> ScalarKernels {
        func kernel<T: FloatElement>(_ type: T.Type) -> BlockKernel {
            BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: T, y: T) -> T in T(arithmetic: F.of(x.arithmetic, y.arithmetic)) } }
        }
        return ScalarKernels { dtype in
            switch dtype {
            case .bf16: return kernel(BFloat16.self)
            case .f16: return kernel(Float16.self)
            case .f32: return kernel(Float.self)
            case .f64: return kernel(Double.self)
            default: return bySingle(dtype, kernel(Float.self))
            }
        }
    }

    static func complexes<F: ComplexUnary>(_ f: F.Type) -> ScalarKernels {
        func kernel<T: ComplexPart>(_ part: T.Type) -> BlockKernel {
            BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Complex<T>) -> Complex<T> in F.of(x) } }
        }
        return ScalarKernels { $0 == .c64 ? kernel(Float.self) : $0 == .c128 ? kernel(Double.self) : nil }
    }

    static func complexes<F: ComplexBinary>(_ f: F.Type) -> ScalarKernels {
        func kernel<T: ComplexPart>(_ part: T.Type) -> BlockKernel {
            BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: Complex<T>, y: Complex<T>) -> Complex<T> in F.of(x, y) } }
        }
        return ScalarKernels { $0 == .c64 ? kernel(Float.self) : $0 == .c128 ? kernel(Double.self) : nil }
    }

    static func booleans<F: BooleanBinary>(_ f: F.Type) -> ScalarKernels {
        ScalarKernels { dtype in
            if dtype != .i1 { return nil }
            return BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: Boolean, y: Boolean) in Boolean(F.of(x.value, y.value)) } }
        }
    }

    /// A function of the C math library: computed in Double and rounded once, so that the results of narrower types are the
    /// correctly rounded ones in nearly all cases.
    static func reals(_ f: @escaping (Double) -> Double) -> ScalarKernels {
        func kernel<T: FloatElement>(_ type: T.Type) -> BlockKernel {
            BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: T) in T(f(x.double)) } }
        }
        return ScalarKernels { dtype in
            switch dtype {
            case .bf16: return kernel(BFloat16.self)
            case .f16: return kernel(Float16.self)
            case .f32: return kernel(Float.self)
            case .f64: return kernel(Double.self)
            default: return bySingle(dtype, kernel(Float.self))
            }
        }
    }

    static func reals(_ f: @escaping (Double, Double) -> Double) -> ScalarKernels {
        func kernel<T: FloatElement>(_ type: T.Type) -> BlockKernel {
            BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: T, y: T) in T(f(x.double, y.double)) } }
        }
        return ScalarKernels { dtype in
            switch dtype {
            case .bf16: return kernel(BFloat16.self)
            case .f16: return kernel(Float16.self)
            case .f32: return kernel(Float.self)
            case .f64: return kernel(Double.self)
            default: return bySingle(dtype, kernel(Float.self))
            }
        }
    }

    /// The same for complex numbers.
    static func wideComplexes(_ f: @escaping (Complex128) -> Complex128) -> ScalarKernels {
        func kernel<T: ComplexPart>(_ part: T.Type) -> BlockKernel {
            BlockKernel { a, _, _, r, n in loop(a, r, n) { (z: Complex<T>) in Complex<T>(f(z.wide)) } }
        }
        return ScalarKernels { $0 == .c64 ? kernel(Float.self) : $0 == .c128 ? kernel(Double.self) : nil }
    }

    static func wideComplexes(_ f: @escaping (Complex128, Complex128) -> Complex128) -> ScalarKernels {
        func kernel<T: ComplexPart>(_ part: T.Type) -> BlockKernel {
            BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: Complex<T>, y: Complex<T>) in Complex<T>(f(x.wide, y.wide)) } }
        }
        return ScalarKernels { $0 == .c64 ? kernel(Float.self) : $0 == .c128 ? kernel(Double.self) : nil }
    }

    // MARK: Narrow types

    /// Integers of 2 and 4 bits lie extended in a byte each: computed as bytes, then cut to their width and extended again.
    static func wrapping(_ kernel: BlockKernel, _ dtype: DType) -> BlockKernel {
        let shift = Int8(8 - dtype.bitWidth)
        if dtype.kind == .signed {
            return BlockKernel { a, b, c, r, n in
                kernel(a, b, c, r, n)
                loop(r, r, n) { (x: Int8) in (x &<< shift) &>> shift }
            }
        }
        let mask = UInt8.max &>> UInt8(shift)
        return BlockKernel { a, b, c, r, n in
            kernel(a, b, c, r, n)
            loop(r, r, n) { (x: UInt8) in x & mask }
        }
    }

    /// The floats of 8 bits and less are computed in Float and rounded once, in pieces.
    static func bySingle(_ dtype: DType, _ kernel: BlockKernel) -> BlockKernel? {
        guard let format = MinifloatFormat(dtype) else { return nil }
        let piece = 64
        return BlockKernel { a, b, c, r, n in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * piece) { floats in
                let x = floats.baseAddress!, result = x + 3 * piece
                var start = 0
                while start < n {
                    let count = min(piece, n - start)
                    for (k, source) in [a, b, c].enumerated() {
                        let bytes = source.assumingMemoryBound(to: UInt8.self) + start
                        for i in 0..<count { x[k * piece + i] = Float(format.decode(bytes[i])) }
                    }
                    kernel(x, x + piece, x + 2 * piece, result, count)
                    let bytes = r.assumingMemoryBound(to: UInt8.self) + start
                    for i in 0..<count { bytes[i] = format.encode(Double(result[i])) }
                    start += count
                }
            }
        }
    }
}
