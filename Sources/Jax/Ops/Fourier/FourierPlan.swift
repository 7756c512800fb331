// The discrete Fourier transform of one length: mixed radix where the prime factors are small, for long lines by rows and columns;
// Bluestein's chirp convolution where they are not. Always in double precision.
import JaxPlatform

/// Twiddle factors and method for one length; the transforms of many lines share it.
final class FourierPlan {
    private enum Method {
        case passes(FourierPasses), split(FourierSplit), chirp(FourierChirp)
    }

    let length: Int
    private let method: Method

    /// Longer lines are split into rows and columns.
    private static let longestPasses = 512

    init(_ length: Int) throws(JaxError) {
        self.length = length
        if let factors = FourierPasses.factors(length) {
            let rows = divisor(length)
            if length > FourierPlan.longestPasses && rows > 1 {
                method = .split(try FourierSplit(length, rows: rows))
            } else {
                method = .passes(try FourierPasses(length, factors))
            }
        } else {
            method = .chirp(try FourierChirp(length))
        }
    }

    /// Elements of working memory that `transform` wants.
    func workCount(parts: Int) -> Int {
        switch method {
        case .passes: 2 * length
        case .split(let split): split.workCount(parts: parts)
        case .chirp(let chirp): chirp.workCount(parts: parts)
        }
    }

    /// The forward transform, in place, of `count` lines, one after another, no more than `ComplexLanes.count`. A long line is divided
    /// among `parts` parts, which go to all processors.
    func transform(_ lines: UnsafeMutablePointer<Complex128>, count: Int, _ work: UnsafeMutablePointer<ComplexLanes>,
                   parts: Int) throws(JaxError) {
        switch method {
        case .passes(let passes):
            for i in 0..<length { work[i] = loadLanes(lines + i, length, count) }
            let result = passes(work, work + length)
            for i in 0..<length { storeLanes(result[i], lines + i, length, count) }
        case .split(let split):
            for line in 0..<count { try split.transform(lines + line * length, work, parts: parts) }
        case .chirp(let chirp):
            try chirp.transform(lines, count: count, work, parts: parts)
        }
    }
}

/// The largest divisor that is not above the square root.
private func divisor(_ n: Int) -> Int {
    var divisor = Int(Double(n).squareRoot())
    while divisor > 1 && n % divisor != 0 { divisor -= 1 }
    return divisor
}

/// Bluestein's method: the transform as a convolution with a chirp, through transforms of a padded length.
private final class FourierChirp {
    private let length: Int
    /// exp(-πi k² / length), and the transform of its conjugate, padded to `plan`'s length.
    private let chirp: [Complex128]
    private let spectrum: [Complex128]
    private let plan: FourierPlan

    init(_ length: Int) throws(JaxError) {
        self.length = length
        var size = 1
        while size < 2 * length - 1 { size *= 2 }
        let plan = try FourierPlan(size)
        self.plan = plan
        let roots = try unitRoots(2 * length)
        var chirp: [Complex128] = []
        chirp.reserveCapacity(length)
        var square = 0
        for k in 0..<length {
            chirp.append(roots[square])
            // (k + 1)² = k² + 2k + 1, modulo 2n.
            square = (square + 2 * k + 1) % (2 * length)
        }
        self.chirp = chirp
        var spectrum = [Complex128](repeating: Complex128(0), count: size)
        for k in 0..<length {
            spectrum[k] = chirp[k].conjugate
            if k > 0 { spectrum[size - k] = chirp[k].conjugate }
        }
        let work = try Scratch(byteCount: plan.workCount(parts: 1) * MemoryLayout<ComplexLanes>.size)
        defer { work.free() }
        let error = spectrum.withUnsafeMutableBufferPointer { elements -> JaxError? in
            do throws(JaxError) {
                try plan.transform(elements.baseAddress!, count: 1, work.bytes.assumingMemoryBound(to: ComplexLanes.self), parts: 1)
                return nil
            } catch {
                return error
            }
        }
        if let error { throw error }
        self.spectrum = spectrum
    }

    func workCount(parts: Int) -> Int { plan.length + plan.workCount(parts: parts) }

    func transform(_ lines: UnsafeMutablePointer<Complex128>, count: Int, _ work: UnsafeMutablePointer<ComplexLanes>,
                   parts: Int) throws(JaxError) {
        let size = plan.length
        let padded = UnsafeMutableRawPointer(work).assumingMemoryBound(to: Complex128.self)
        for line in 0..<count {
            let from = lines + line * length, to = padded + line * size
            for k in 0..<length { to[k] = from[k] * chirp[k] }
            for k in length..<size { to[k] = Complex128(0) }
        }
        try plan.transform(padded, count: count, work + size, parts: parts)
        // The inverse transform by conjugation.
        for line in 0..<count {
            let to = padded + line * size
            for k in 0..<size { to[k] = (to[k] * spectrum[k]).conjugate }
        }
        try plan.transform(padded, count: count, work + size, parts: parts)
        let scale = 1 / Double(size)
        for line in 0..<count {
            let from = padded + line * size, to = lines + line * length
            for k in 0..<length {
                let value = from[k].conjugate * chirp[k]
                to[k] = Complex128(value.re * scale, value.im * scale)
            }
        }
    }
}
