// Complex numbers of two doubles, for regions, the Fourier transform and the linear algebra.

/// A complex number; two consecutive doubles in memory, like an element of c128.
struct ComplexDouble {
    var re: Double
    var im: Double

    @inline(__always) init(_ re: Double, _ im: Double = 0) {
        self.re = re
        self.im = im
    }

    @inline(__always) var conjugate: ComplexDouble { ComplexDouble(re, -im) }
    @inline(__always) var squaredMagnitude: Double { re * re + im * im }

    @inline(__always) static func + (a: ComplexDouble, b: ComplexDouble) -> ComplexDouble { ComplexDouble(a.re + b.re, a.im + b.im) }
    @inline(__always) static func - (a: ComplexDouble, b: ComplexDouble) -> ComplexDouble { ComplexDouble(a.re - b.re, a.im - b.im) }
    @inline(__always) static prefix func - (a: ComplexDouble) -> ComplexDouble { ComplexDouble(-a.re, -a.im) }
    @inline(__always) static func * (a: ComplexDouble, b: ComplexDouble) -> ComplexDouble {
        ComplexDouble(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
    }

    /// Smith's division: no overflow where the quotient has none.
    static func / (a: ComplexDouble, b: ComplexDouble) -> ComplexDouble {
        if b.re.magnitude >= b.im.magnitude {
            if b.im == 0 { return ComplexDouble(a.re / b.re, a.im / b.re) }
            let ratio = b.im / b.re, scale = b.re + b.im * ratio
            return ComplexDouble((a.re + a.im * ratio) / scale, (a.im - a.re * ratio) / scale)
        }
        let ratio = b.re / b.im, scale = b.re * ratio + b.im
        return ComplexDouble((a.re * ratio + a.im) / scale, (a.im * ratio - a.re) / scale)
    }
}
