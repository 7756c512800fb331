// The discrete Fourier transform of a length whose prime factors are small, for four lines at once: Stockham's passes, which read
// and write contiguous memory and leave the result in order.
import CMath
import JaxPlatform

/// Four complex numbers, one of each of four lines.
struct ComplexLanes: BitwiseCopyable {
    static let count = 4
    var re: SIMD4<Double>
    var im: SIMD4<Double>

    @inline(__always) static func + (a: ComplexLanes, b: ComplexLanes) -> ComplexLanes { ComplexLanes(re: a.re + b.re, im: a.im + b.im) }
    @inline(__always) static func - (a: ComplexLanes, b: ComplexLanes) -> ComplexLanes { ComplexLanes(re: a.re - b.re, im: a.im - b.im) }
    @inline(__always) static func * (a: ComplexLanes, b: Complex128) -> ComplexLanes {
        ComplexLanes(re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re)
    }
    @inline(__always) static func * (a: ComplexLanes, b: ComplexLanes) -> ComplexLanes {
        ComplexLanes(re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re)
    }
    /// -i times this.
    @inline(__always) var turned: ComplexLanes { ComplexLanes(re: im, im: -re) }
}

/// Factors and roots of one length.
struct FourierPasses {
    let length: Int
    private let factors: [Int]
    /// exp(-2πi k / length).
    private let roots: [Complex128]

    /// Prime factors up to this size are transformed directly.
    static let largestRadix = 31

    /// 4 as often as it divides `length`, then primes; nil where one is too large.
    static func factors(_ length: Int) -> [Int]? {
        var factors: [Int] = [], rest = length, factor = 4
        while rest > 1 {
            while rest % factor == 0 {
                factors.append(factor)
                rest /= factor
            }
            factor = factor == 4 ? 2 : factor == 2 ? 3 : factor + 2
            if factor > largestRadix { break }
        }
        return rest == 1 ? factors : nil
    }

    init(_ length: Int, _ factors: [Int]) throws(JaxError) {
        self.length = length
        self.factors = factors
        roots = try unitRoots(length)
    }

    /// Transforms `x` by way of `y`, each of `length` elements; the result lies in the one that is returned.
    func callAsFunction(_ x: UnsafeMutablePointer<ComplexLanes>,
                        _ y: UnsafeMutablePointer<ComplexLanes>) -> UnsafeMutablePointer<ComplexLanes> {
        var (source, target, step) = (x, y, 1)
        roots.withUnsafeBufferPointer { roots in
            for radix in factors {
                let count = length / step / radix
                switch radix {
                case 2: passBy2(source, target, count, step, roots)
                case 4: passBy4(source, target, count, step, roots)
                default: pass(radix, source, target, count, step, roots)
                }
                (source, target, step) = (target, source, step * radix)
            }
        }
        return source
    }

    // A pass divides `step` interleaved sequences of `radix * count` elements into `radix * step` of `count`.

    private func passBy2(_ x: UnsafeMutablePointer<ComplexLanes>, _ y: UnsafeMutablePointer<ComplexLanes>, _ count: Int, _ step: Int,
                         _ roots: UnsafeBufferPointer<Complex128>) {
        let half = step &* count
        for p in 0..<count {
            let root = roots[p &* step]
            let from = x + p &* step, to = y + 2 &* p &* step
            for q in 0..<step {
                let a = from[q], b = from[half &+ q]
                to[q] = a + b
                to[step &+ q] = (a - b) * root
            }
        }
    }

    private func passBy4(_ x: UnsafeMutablePointer<ComplexLanes>, _ y: UnsafeMutablePointer<ComplexLanes>, _ count: Int, _ step: Int,
                         _ roots: UnsafeBufferPointer<Complex128>) {
        let quarter = step &* count
        for p in 0..<count {
            let first = roots[p &* step], second = roots[2 &* p &* step], third = roots[3 &* p &* step]
            let from = x + p &* step, to = y + 4 &* p &* step
            for q in 0..<step {
                let a = from[q], b = from[quarter &+ q], c = from[2 &* quarter &+ q], d = from[3 &* quarter &+ q]
                let sum = a + c, difference = a - c, other = b + d, turned = (b - d).turned
                to[q] = sum + other
                if p == 0 {
                    to[step &+ q] = difference + turned
                    to[2 &* step &+ q] = sum - other
                    to[3 &* step &+ q] = difference - turned
                } else {
                    to[step &+ q] = (difference + turned) * first
                    to[2 &* step &+ q] = (sum - other) * second
                    to[3 &* step &+ q] = (difference - turned) * third
                }
            }
        }
    }

    private func pass(_ radix: Int, _ x: UnsafeMutablePointer<ComplexLanes>, _ y: UnsafeMutablePointer<ComplexLanes>, _ count: Int,
                      _ step: Int, _ roots: UnsafeBufferPointer<Complex128>) {
        let turn = length / radix
        for p in 0..<count {
            for q in 0..<step {
                let from = x + (p &* step &+ q), to = y + (radix &* p &* step &+ q)
                for k in 0..<radix {
                    var sum = from[0], index = 0
                    for j in 1..<radix {
                        index = index &+ k
                        if index >= radix { index = index &- radix }
                        sum = sum + from[j &* count &* step] * roots[index &* turn]
                    }
                    to[k &* step] = sum * roots[k &* p &* step]
                }
            }
        }
    }
}

/// exp(-2πi k / n) for the first `count` multiples k of `step` (all n where none is given), from angles of at most an eighth turn.
func unitRoots(_ n: Int, count: Int? = nil, step: Int = 1) throws(JaxError) -> [Complex128] {
    guard n <= 1 << 28 else { throw JaxError(.resourceExhausted, "fft: a length of \(n) is too large") }
    let count = count ?? n
    var roots = [Complex128](repeating: Complex128(1), count: count)
    for index in 0..<count {
        // k / n = quarter / 4 + rest / (4n), 0 <= rest < n.
        let k = index * step, quarter = 4 * k / n, rest = 4 * k % n
        let isUpper = 2 * rest > n
        let angle = Double.pi / 2 * Double(isUpper ? n - rest : rest) / Double(n)
        var (c, s) = (cos(angle), sin(angle))
        if isUpper { swap(&c, &s) }
        switch quarter {
        case 0: roots[index] = Complex128(c, -s)
        case 1: roots[index] = Complex128(-s, -c)
        case 2: roots[index] = Complex128(-c, s)
        default: roots[index] = Complex128(s, c)
        }
    }
    return roots
}
