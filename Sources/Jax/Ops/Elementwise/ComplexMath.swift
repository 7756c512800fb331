// Functions of complex numbers in double precision, with care for overflow, cancellation and branch cuts. The special
// values are those of C99, annex G, where XLA has them too.
import CMath
import JaxIR

extension Complex {
    /// In double precision.
    @inline(__always) var wide: Complex128 { Complex128(re.double, im.double) }
    @inline(__always) init(_ wide: Complex128) { self.init(Part(wide.re), Part(wide.im)) }
}

extension Complex128 {
    /// |z| without overflow on the way; NaN where either part is, as XLA has it.
    var modulus: Double {
        let x = re.magnitude, y = im.magnitude
        let big = Double.larger(x, y), small = Double.smaller(x, y)
        if !(big > 0 && big < .infinity) { return big }
        if big > 1e150 || small < 1e-150 {
            let scale = Double(sign: .plus, exponent: big.exponent, significand: 1)
            let u = big / scale, v = small / scale
            return (u * u + v * v).squareRoot() * scale
        }
        return (big * big + small * small).squareRoot()
    }

    /// z / |z|; 0 for 0, NaN for NaN.
    var direction: Complex128 {
        if isNaN { return Complex128(.nan, .nan) }
        let size = modulus
        if size == 0 { return self }
        return Complex128(re / size, im / size)
    }

    var timesI: Complex128 { Complex128(-im, re) }
    var overI: Complex128 { Complex128(im, -re) }
}

func exponential(_ z: Complex128) -> Complex128 {
    if z.im == 0 { return Complex128(exp(z.re), z.im) }
    if z.re == -.infinity && !z.im.isFinite { return Complex128(0, 0) }
    if z.re == .infinity && !z.im.isFinite { return Complex128(.infinity, .nan) }
    return rotated(z)
}

/// exp(x) (cos y + i sin y), without special values: NaN throughout where y is not finite.
private func rotated(_ z: Complex128) -> Complex128 {
    let cosine = cos(z.im), sine = sin(z.im)
    // exp(x) may overflow where exp(x) cos(y) does not: two factors.
    if z.re > 709 && z.re < 1500 {
        let half = exp(z.re / 2)
        return Complex128(half * cosine * half, half * sine * half)
    }
    let size = exp(z.re)
    return Complex128(size * cosine, size * sine)
}

/// exp(z) - 1: the real part is expm1(x) cos y - 2 sin²(y/2), computed so that what cancels is small.
func exponentialMinusOne(_ z: Complex128) -> Complex128 {
    if z.im == 0 { return Complex128(expm1(z.re), z.im) }
    if !z.isFinite || z.re > 40 { return rotated(z) - .one }
    let sine = sin(z.im), halfSine = sin(z.im / 2)
    let grown = expm1(z.re)
    let cosineMinusOne = -2 * halfSine * halfSine
    return Complex128(grown * (1 + cosineMinusOne) + cosineMinusOne, (grown + 1) * sine)
}

func logarithm(_ z: Complex128) -> Complex128 {
    Complex128(logModulus(z.re, z.im), atan2(z.im, z.re))
}

/// log |x + iy|; near |z| = 1 by log1p of |z|² - 1, whose cancellation is computed exactly.
func logModulus(_ x: Double, _ y: Double) -> Double {
    let big = Double.larger(x.magnitude, y.magnitude), small = Double.smaller(x.magnitude, y.magnitude)
    if x.isInfinite || y.isInfinite { return .infinity }
    if big > 0.5 && big < 2 {
        // (big - 1)(big + 1) + small², with the errors of both products kept.
        let p = (big - 1) * (big + 1)
        let pError = (-p).addingProduct(big - 1, big + 1)
        let q = small * small
        let qError = (-q).addingProduct(small, small)
        // big + 1 is rounded for big > 1; its error times (big - 1).
        let plusError = (1 - ((big + 1) - big)) * (big - 1)
        let sum = p + q
        let other = sum - p
        let sumError = (p - (sum - other)) + (q - other)
        return 0.5 * log1p(sum + (sumError + pError + qError + plusError))
    }
    if big > 1e-150 && big < 1e150 && small > big * 1e-10 { return 0.5 * log(big * big + small * small) }
    if big == 0 { return -.infinity }
    let ratio = small / big
    return log(big) + 0.5 * log1p(ratio * ratio)
}

/// log(1 + z).
func logarithmPlusOne(_ z: Complex128) -> Complex128 {
    let x = z.re, y = z.im
    let angle = atan2(y, 1 + x)
    // |1 + z|² - 1 = x² + 2x + y² = x (2 + x) + y²
    if x.magnitude < 0.5 && y.magnitude < 0.5 {
        let p = x * (2 + x), q = y * y
        let plusError = (x - ((2 + x) - 2)) * x
        let pError = (-p).addingProduct(x, 2 + x)
        let qError = (-q).addingProduct(y, y)
        let sum = p + q
        let other = sum - p
        let sumError = (p - (sum - other)) + (q - other)
        return Complex128(0.5 * log1p(sum + (sumError + pError + qError + plusError)), angle)
    }
    return Complex128(logModulus(1 + x, y), angle)
}

func squareRoot(_ z: Complex128) -> Complex128 {
    let x = z.re, y = z.im
    if x == 0 && y == 0 { return Complex128(0, y) }
    if y.isInfinite { return Complex128(.infinity, y) }
    if x.isNaN { return Complex128(x, x) }
    if x.isInfinite {
        if x > 0 { return Complex128(x, y.isNaN ? y : Double(signOf: y, magnitudeOf: 0)) }
        return Complex128(y.isNaN ? y : 0, Double(signOf: y, magnitudeOf: .infinity))
    }
    if y.isNaN { return Complex128(y, y) }
    if y == 0 {
        return x >= 0 ? Complex128(x.squareRoot(), y) : Complex128(0, Double(signOf: y, magnitudeOf: (-x).squareRoot()))
    }
    // Scaled by a power of four into the middle of the range.
    var scale = 1.0, a = x, b = y
    let big = Double.larger(x.magnitude, y.magnitude)
    if big > 1e300 { (scale, a, b) = (2, x / 4, y / 4) }
    if big < 1e-290 {
        let up = Double(sign: .plus, exponent: 108, significand: 1)
        (scale, a, b) = (Double(sign: .plus, exponent: -54, significand: 1), x * up, y * up)
    }
    let t = ((a.magnitude + Complex128(a, b).modulus) / 2).squareRoot()
    let other = b.magnitude / (2 * t)
    return a >= 0
        ? Complex128(t * scale, Double(signOf: b, magnitudeOf: other * scale))
        : Complex128(other * scale, Double(signOf: b, magnitudeOf: t * scale))
}

func reciprocalSquareRoot(_ z: Complex128) -> Complex128 {
    if z.im == 0 && z.re > 0 { return Complex128(1 / z.re.squareRoot(), -z.im) }
    if z.re == 0 && z.im == 0 { return Complex128(.infinity, .nan) }
    if !z.isFinite {
        if z.isNaN && !z.re.isInfinite && !z.im.isInfinite { return Complex128(.nan, .nan) }
        return Complex128(0, Double(signOf: -z.im, magnitudeOf: 0))
    }
    return .one / squareRoot(z)
}

func sine(_ z: Complex128) -> Complex128 { hyperbolicSine(z.timesI).overI }
func cosine(_ z: Complex128) -> Complex128 { hyperbolicCosine(z.timesI) }
func tangent(_ z: Complex128) -> Complex128 { hyperbolicTangent(z.timesI).overI }

func hyperbolicSine(_ z: Complex128) -> Complex128 {
    let x = z.re, y = z.im
    if y == 0 { return Complex128(sinh(x), y) }
    if x == 0 { return Complex128(y.isFinite ? x : Double(signOf: x, magnitudeOf: 0), sin(y)) }
    if x.magnitude > 709 && x.magnitude < 1500 { return growing(x, y, oddReal: true) }
    if x.isInfinite && !y.isFinite { return Complex128(x, .nan) }
    return Complex128(sinh(x) * cos(y), cosh(x) * sin(y))
}

func hyperbolicCosine(_ z: Complex128) -> Complex128 {
    let x = z.re, y = z.im
    if y == 0 { return Complex128(cosh(x), x.isNaN ? 0 : Double(signOf: x, magnitudeOf: 1) * y) }
    if x == 0 { return Complex128(cos(y), y.isFinite ? x * sin(y) : 0) }
    if x.magnitude > 709 && x.magnitude < 1500 { return growing(x, y, oddReal: false) }
    if x.isInfinite && !y.isFinite { return Complex128(.infinity, .nan) }
    return Complex128(cosh(x) * cos(y), sinh(x) * sin(y))
}

/// sinh or cosh of a large real part, where both are exp(|x|) / 2 up to the sign, in two factors.
private func growing(_ x: Double, _ y: Double, oddReal: Bool) -> Complex128 {
    let half = exp(x.magnitude / 2)
    let sign = x < 0 ? -1.0 : 1.0
    let real = half * (0.5 * cos(y)) * half, imaginary = half * (0.5 * sin(y)) * half
    return oddReal ? Complex128(sign * real, imaginary) : Complex128(real, sign * imaginary)
}

/// (sinh 2x + i sin 2y) / (cosh 2x + cos 2y), by W. Kahan's way, which does not overflow.
func hyperbolicTangent(_ z: Complex128) -> Complex128 {
    let x = z.re, y = z.im
    if y == 0 { return Complex128(tanh(x), y) }
    if x.magnitude > 20 {
        if x.isInfinite && !y.isFinite { return Complex128(Double(signOf: x, magnitudeOf: 1), Double(signOf: y, magnitudeOf: 0)) }
        if !y.isFinite { return Complex128(.nan, .nan) }
        let decay = exp(-x.magnitude)
        return Complex128(Double(signOf: x, magnitudeOf: 1), 4 * sin(y) * cos(y) * decay * decay)
    }
    if !y.isFinite { return Complex128(.nan, .nan) }
    let t = tan(y), beta = 1 + t * t
    let s = sinh(x), rho = (1 + s * s).squareRoot()
    if t.isInfinite { return Complex128(rho / s, 1 / t) }
    let denominator = 1 + beta * s * s
    return Complex128(beta * rho * s / denominator, t / denominator)
}

/// 1 / (1 + exp(-z)).
func logistic(_ z: Complex128) -> Complex128 {
    .one / (.one + exponential(-z))
}

func power(_ base: Complex128, _ exponent: Complex128) -> Complex128 {
    if exponent.re == 0 && exponent.im == 0 { return .one }
    if base.re == 0 && base.im == 0 {
        if exponent.im == 0 && exponent.re < 0 { return Complex128(.infinity, .nan) }
        return exponent.re > 0 && exponent.im == 0 ? .zero : Complex128(.nan, .nan)
    }
    if exponent.re == 1 && exponent.im == 0 { return base }
    if exponent.re == 2 && exponent.im == 0 { return base * base }
    return rotated(exponent * logarithm(base))
}

/// -i log((x + iy) / √(x² + y²)).
func arctangent2(_ y: Complex128, _ x: Complex128) -> Complex128 {
    let sum = x * x + y * y
    return logarithm((x + y.timesI) / squareRoot(sum)).overI
}
