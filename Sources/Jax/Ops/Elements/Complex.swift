// Complex numbers: elements of tensors, and the numbers of the Fourier transform and the linear algebra. Functions of complex
// numbers are in ComplexMath.swift.
import JaxIR

/// The parts of complex numbers, and the types in which floats compute: Float and Double.
public protocol ComplexPart: FloatElement, BinaryFloatingPoint where Arithmetic == Self {
    static var complexType: DType { get }
    /// IEEE-754 maximum: NaN wins, and +0 is above −0.
    static func larger(_ a: Self, _ b: Self) -> Self
    /// IEEE-754 minimum: NaN wins, and −0 is below +0.
    static func smaller(_ a: Self, _ b: Self) -> Self
}

// Equal numbers have equal bits but for the zeros, whose signs `&` and `|` choose as wanted.

extension Float: ComplexPart {
    public static var complexType: DType { .c64 }
    @inline(__always) public static func larger(_ a: Float, _ b: Float) -> Float {
        a == b ? Float(bitPattern: a.bitPattern & b.bitPattern) : a > b || a != a ? a : b
    }
    @inline(__always) public static func smaller(_ a: Float, _ b: Float) -> Float {
        a == b ? Float(bitPattern: a.bitPattern | b.bitPattern) : a < b || a != a ? a : b
    }
}

extension Double: ComplexPart {
    public static var complexType: DType { .c128 }
    @inline(__always) public static func larger(_ a: Double, _ b: Double) -> Double {
        a == b ? Double(bitPattern: a.bitPattern & b.bitPattern) : a > b || a != a ? a : b
    }
    @inline(__always) public static func smaller(_ a: Double, _ b: Double) -> Double {
        a == b ? Double(bitPattern: a.bitPattern | b.bitPattern) : a < b || a != a ? a : b
    }
}

/// re + i im, in memory one after the other.
public struct Complex<Part: ComplexPart>: Element {
    public var re: Part
    public var im: Part

    @inline(__always) public init(_ re: Part, _ im: Part = 0) {
        self.re = re
        self.im = im
    }

    public static var dtype: DType { Part.complexType }
    @inline(__always) public static var zero: Complex { Complex(0, 0) }
    @inline(__always) public static var nan: Complex { Complex(Part.nan, Part.nan) }
    @inline(__always) public static var one: Complex { Complex(1, 0) }
    @inline(__always) public var conjugate: Complex { Complex(re, -im) }
    @inline(__always) public var squaredMagnitude: Part { re * re + im * im }
    @inline(__always) public var isNaN: Bool { re.isNaN || im.isNaN }
    @inline(__always) public var isFinite: Bool { re.isFinite && im.isFinite }

    @inline(__always) public static prefix func - (a: Complex) -> Complex { Complex(-a.re, -a.im) }
    @inline(__always) public static func + (a: Complex, b: Complex) -> Complex { Complex(a.re + b.re, a.im + b.im) }
    @inline(__always) public static func - (a: Complex, b: Complex) -> Complex { Complex(a.re - b.re, a.im - b.im) }
    @inline(__always) public static func * (a: Complex, b: Complex) -> Complex {
        Complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
    }

    /// Computed on operands scaled to about 1, so that nothing overflows on the way (C99, annex G.5.1).
    public static func / (a: Complex, b: Complex) -> Complex {
        let size = Part.larger(b.re.magnitude, b.im.magnitude)
        if size.isFinite && size > 0 {
            let top = Part.larger(a.re.magnitude, a.im.magnitude)
            let down = Int(size.exponent), up = top.isFinite && top > 0 ? Int(top.exponent) : 0
            let c = scaled(b.re, -down), d = scaled(b.im, -down)
            let x = scaled(a.re, -up), y = scaled(a.im, -up)
            let denominator = c * c + d * d
            let re = (x * c + y * d) / denominator, im = (y * c - x * d) / denominator
            if re.isNaN && im.isNaN && (a.re.isInfinite || a.im.isInfinite) {
                let x = Part(signOf: a.re, magnitudeOf: a.re.isInfinite ? 1 : 0)
                let y = Part(signOf: a.im, magnitudeOf: a.im.isInfinite ? 1 : 0)
                return Complex(Part.infinity * (x * c + y * d), Part.infinity * (y * c - x * d))
            }
            return Complex(scaled(re, up - down), scaled(im, up - down))
        }
        if size == 0 {
            let infinity = Part(signOf: b.re, magnitudeOf: Part.infinity)
            return Complex(infinity * a.re, infinity * a.im)
        }
        if (b.re.isInfinite || b.im.isInfinite) && a.isFinite {
            let c = Part(signOf: b.re, magnitudeOf: b.re.isInfinite ? 1 : 0)
            let d = Part(signOf: b.im, magnitudeOf: b.im.isInfinite ? 1 : 0)
            return Complex(0 * (a.re * c + a.im * d), 0 * (a.im * c - a.re * d))
        }
        return Complex(Part.nan, Part.nan)
    }

    /// x · 2^exponent, in two steps because one factor could be out of range.
    @inline(__always) private static func scaled(_ x: Part, _ exponent: Int) -> Part {
        let half = Part(sign: .plus, exponent: Part.Exponent(exponent / 2), significand: x)
        return Part(sign: .plus, exponent: Part.Exponent(exponent - exponent / 2), significand: half)
    }

    /// By real, then imaginary part; false where either is NaN.
    @inline(__always) public static func < (a: Complex, b: Complex) -> Bool { a.re == b.re ? a.im < b.im : a.re < b.re }
    @inline(__always) public static func == (a: Complex, b: Complex) -> Bool { a.re == b.re && a.im == b.im }
}

public typealias Complex128 = Complex<Double>
