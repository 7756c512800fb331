// Complex elements: storage and the four operations. Functions of complex numbers are in ComplexMath.swift.
import JaxIR

/// The parts of complex numbers: Float and Double.
public protocol ComplexPart: FloatElement, BinaryFloatingPoint where Accumulator == Self {
    static var complexType: DType { get }
}

extension Float: ComplexPart { public static var complexType: DType { .c64 } }
extension Double: ComplexPart { public static var complexType: DType { .c128 } }

/// real + i imaginary, in memory one after the other.
public struct Complex<Part: ComplexPart>: NumericElement {
    public var real: Part
    public var imaginary: Part

    @inline(__always) public init(_ real: Part, _ imaginary: Part) {
        self.real = real
        self.imaginary = imaginary
    }

    public static var dtype: DType { Part.complexType }
    public typealias Accumulator = Complex<Part>
    @inline(__always) public static var zero: Complex { Complex(Part.zero, Part.zero) }
    @inline(__always) public static var one: Complex { Complex(Part.one, Part.zero) }
    @inline(__always) public var accumulator: Complex { self }
    @inline(__always) public init(accumulator: Complex) { self = accumulator }
    @inline(__always) public var conjugate: Complex { Complex(real, -imaginary) }
    @inline(__always) public var isNaN: Bool { real.isNaN || imaginary.isNaN }
    @inline(__always) public var isFinite: Bool { real.isFinite && imaginary.isFinite }

    @inline(__always) public static func negate(_ a: Complex) -> Complex { Complex(-a.real, -a.imaginary) }
    @inline(__always) public static func add(_ a: Complex, _ b: Complex) -> Complex {
        Complex(a.real + b.real, a.imaginary + b.imaginary)
    }
    @inline(__always) public static func subtract(_ a: Complex, _ b: Complex) -> Complex {
        Complex(a.real - b.real, a.imaginary - b.imaginary)
    }
    @inline(__always) public static func multiply(_ a: Complex, _ b: Complex) -> Complex {
        Complex(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
    }
    /// Computed on operands scaled to about 1, so that nothing overflows on the way (C99, annex G.5.1).
    public static func divide(_ a: Complex, _ b: Complex) -> Complex {
        let size = Part.larger(b.real.magnitude, b.imaginary.magnitude)
        if size.isFinite && size > 0 {
            let top = Part.larger(a.real.magnitude, a.imaginary.magnitude)
            let down = Int(size.exponent), up = top.isFinite && top > 0 ? Int(top.exponent) : 0
            let c = scaled(b.real, -down), d = scaled(b.imaginary, -down)
            let x = scaled(a.real, -up), y = scaled(a.imaginary, -up)
            let denominator = c * c + d * d
            let real = (x * c + y * d) / denominator, imaginary = (y * c - x * d) / denominator
            if real.isNaN && imaginary.isNaN && (a.real.isInfinite || a.imaginary.isInfinite) {
                let x = Part(signOf: a.real, magnitudeOf: a.real.isInfinite ? 1 : 0)
                let y = Part(signOf: a.imaginary, magnitudeOf: a.imaginary.isInfinite ? 1 : 0)
                return Complex(Part.infinity * (x * c + y * d), Part.infinity * (y * c - x * d))
            }
            return Complex(scaled(real, up - down), scaled(imaginary, up - down))
        }
        if size == 0 {
            let infinity = Part(signOf: b.real, magnitudeOf: Part.infinity)
            return Complex(infinity * a.real, infinity * a.imaginary)
        }
        if size.isInfinite && a.isFinite {
            let c = Part(signOf: b.real, magnitudeOf: b.real.isInfinite ? 1 : 0)
            let d = Part(signOf: b.imaginary, magnitudeOf: b.imaginary.isInfinite ? 1 : 0)
            return Complex(0 * (a.real * c + a.imaginary * d), 0 * (a.imaginary * c - a.real * d))
        }
        return Complex(Part.nan, Part.nan)
    }
    /// x · 2^exponent, in two steps because one factor could be out of range.
    @inline(__always) private static func scaled(_ x: Part, _ exponent: Int) -> Part {
        let half = Part(sign: .plus, exponent: Part.Exponent(exponent / 2), significand: x)
        return Part(sign: .plus, exponent: Part.Exponent(exponent - exponent / 2), significand: half)
    }
    @inline(__always) public static func larger(_ a: Complex, _ b: Complex) -> Complex {
        a.isNaN ? a : b.isNaN ? b : less(a, b) ? b : a
    }
    @inline(__always) public static func smaller(_ a: Complex, _ b: Complex) -> Complex {
        a.isNaN ? a : b.isNaN ? b : less(b, a) ? b : a
    }
    @inline(__always) public static func equal(_ a: Complex, _ b: Complex) -> Bool {
        a.real == b.real && a.imaginary == b.imaginary
    }
    @inline(__always) public static func less(_ a: Complex, _ b: Complex) -> Bool {
        a.real == b.real ? a.imaginary < b.imaginary : a.real < b.real
    }
}
