// The discrete Fourier transform of one length: mixed radix where the prime factors are small, Bluestein's chirp
// convolution where they are not. Always in double precision.
import CMath
import JaxPlatform

/// Twiddle factors and method for one length; the transforms of many lines share it.
final class FourierPlan {
    let length: Int
    private let factors: [Int]
    /// exp(-2πi k / length).
    private let twiddles: [Complex128]
    /// Bluestein: the chirp exp(-πi k² / length), the transform of its padded conjugate, and the plan of the padded length.
    private let chirp: [Complex128]
    private let chirpSpectrum: [Complex128]
    private let padded: FourierPlan?

    /// Prime factors up to this size are transformed directly.
    private static let largestRadix = 31

    init(_ length: Int) throws(JaxError) {
        self.length = length
        var factors: [Int] = [], rest = length, factor = 4
        while rest > 1 {
            while rest % factor == 0 {
                factors.append(factor)
                rest /= factor
            }
            factor = factor == 4 ? 2 : factor == 2 ? 3 : factor + 2
            if factor > FourierPlan.largestRadix { break }
        }
        if rest == 1 {
            self.factors = factors
            twiddles = try unitRoots(length)
            (chirp, chirpSpectrum, padded) = ([], [], nil)
            return
        }
        self.factors = []
        twiddles = []
        var size = 1
        while size < 2 * length - 1 { size *= 2 }
        let plan = try FourierPlan(size)
        let roots = try unitRoots(2 * length)
        var chirp: [Complex128] = []
        chirp.reserveCapacity(length)
        var square = 0
        for k in 0..<length {
            chirp.append(roots[square])
            // (k + 1)² = k² + 2k + 1, modulo 2n.
            square = (square + 2 * k + 1) % (2 * length)
        }
        var kernel = [Complex128](repeating: Complex128(0), count: size)
        for k in 0..<length {
            kernel[k] = chirp[k].conjugate
            if k > 0 { kernel[size - k] = chirp[k].conjugate }
        }
        var spectrum = kernel
        var work = [Complex128](repeating: Complex128(0), count: plan.workCount)
        kernel.withUnsafeMutableBufferPointer { input in
            spectrum.withUnsafeMutableBufferPointer { output in
                work.withUnsafeMutableBufferPointer { work in
                    plan.transform(input.baseAddress!, output.baseAddress!, work.baseAddress!)
                }
            }
        }
        self.chirp = chirp
        chirpSpectrum = spectrum
        padded = plan
    }

    /// Elements of working memory that `transform` wants.
    var workCount: Int { padded.map { 2 * $0.length } ?? 1 }

    /// The forward transform of `length` elements from `input` into `output`, two different arrays.
    func transform(_ input: UnsafeMutablePointer<Complex128>, _ output: UnsafeMutablePointer<Complex128>,
                   _ work: UnsafeMutablePointer<Complex128>) {
        guard let padded else {
            twiddles.withUnsafeBufferPointer { recurse(length, input, 1, output, 0, $0) }
            return
        }
        let size = padded.length
        let spectrum = work + size
        for k in 0..<length { work[k] = input[k] * chirp[k] }
        for k in length..<size { work[k] = Complex128(0) }
        padded.transform(work, spectrum, work)
        // The inverse transform by conjugation.
        for k in 0..<size { work[k] = (spectrum[k] * chirpSpectrum[k]).conjugate }
        padded.transform(work, spectrum, work)
        let scale = 1 / Double(size)
        for k in 0..<length {
            let value = spectrum[k].conjugate * chirp[k]
            output[k] = Complex128(value.re * scale, value.im * scale)
        }
    }

    /// Decimation in time: transforms `n` elements of `input`, `stride` apart.
    private func recurse(_ n: Int, _ input: UnsafePointer<Complex128>, _ stride: Int, _ output: UnsafeMutablePointer<Complex128>,
                         _ level: Int, _ roots: UnsafeBufferPointer<Complex128>) {
        if n == 1 {
            output[0] = input[0]
            return
        }
        let radix = factors[level], m = n / radix
        for r in 0..<radix { recurse(m, input + r * stride, stride * radix, output + r * m, level + 1, roots) }
        let step = length / n
        switch radix {
        case 2:
            for k in 0..<m {
                let a = output[k], b = output[m + k] * roots[k * step]
                output[k] = a + b
                output[m + k] = a - b
            }
        case 4:
            for k in 0..<m {
                let a = output[k], b = output[m + k] * roots[k * step]
                let c = output[2 * m + k] * roots[2 * k * step], d = output[3 * m + k] * roots[3 * k * step]
                let sum = a + c, difference = a - c, other = b + d, turned = b - d
                output[k] = sum + other
                output[2 * m + k] = sum - other
                output[m + k] = Complex128(difference.re + turned.im, difference.im - turned.re)
                output[3 * m + k] = Complex128(difference.re - turned.im, difference.im + turned.re)
            }
        default:
            withUnsafeTemporaryAllocation(of: Complex128.self, capacity: FourierPlan.largestRadix) { terms in
                let turn = length / radix
                for k in 0..<m {
                    for r in 0..<radix { terms[r] = output[r * m + k] * roots[r * k * step] }
                    for q in 0..<radix {
                        var sum = terms[0]
                        for r in 1..<radix { sum = sum + terms[r] * roots[r * q % radix * turn] }
                        output[q * m + k] = sum
                    }
                }
            }
        }
    }
}

/// exp(-2πi k / n) for k in 0..<n, from angles of at most an eighth turn.
private func unitRoots(_ n: Int) throws(JaxError) -> [Complex128] {
    guard n <= 1 << 28 else { throw JaxError(.resourceExhausted, "fft: a length of \(n) is too large") }
    var roots = [Complex128](repeating: Complex128(1), count: n)
    for k in 0..<n {
        // k / n = quarter / 4 + rest / (4n), 0 <= rest < n.
        let quarter = 4 * k / n, rest = 4 * k % n
        let isUpper = 2 * rest > n
        let angle = Double.pi / 2 * Double(isUpper ? n - rest : rest) / Double(n)
        var (c, s) = (cos(angle), sin(angle))
        if isUpper { swap(&c, &s) }
        switch quarter {
        case 0: roots[k] = Complex128(c, -s)
        case 1: roots[k] = Complex128(-s, -c)
        case 2: roots[k] = Complex128(-c, s)
        default: roots[k] = Complex128(s, c)
        }
    }
    return roots
}
