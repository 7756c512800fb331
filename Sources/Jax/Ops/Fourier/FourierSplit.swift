// The discrete Fourier transform of a long line as a matrix of rows by columns: transforms of its columns, a twiddle factor for each
// element, transforms of its rows. Each fits the caches and takes four lines at a time, and groups of them go to all processors.
import JaxPlatform

/// Passes and roots for one length.
final class FourierSplit {
    let length: Int
    private let rows: Int
    private let columns: Int
    private let downColumns: FourierPasses
    private let alongRows: FourierPasses
    /// exp(-2πi k / length) is `coarse[k / fine.count] * fine[k % fine.count]`.
    private let coarse: [Complex128]
    private let fine: [Complex128]
    /// exp(-2πi k lane / length) for each row k.
    private let lanes: [ComplexLanes]

    /// `rows` divides `length`; both quotients have small prime factors.
    init(_ length: Int, rows: Int) throws(JaxError) {
        self.length = length
        self.rows = rows
        columns = length / rows
        guard let rowFactors = FourierPasses.factors(rows), let columnFactors = FourierPasses.factors(columns) else {
            throw JaxError(.internalError, "fft: \(length) does not split into \(rows) rows")
        }
        downColumns = try FourierPasses(rows, rowFactors)
        alongRows = rows == columns ? downColumns : try FourierPasses(columns, columnFactors)
        fine = try unitRoots(length, count: columns)
        coarse = try unitRoots(length, count: rows, step: columns)
        var lanes: [ComplexLanes] = []
        lanes.reserveCapacity(rows)
        for k in 0..<rows {
            var factor = ComplexLanes(re: SIMD4(repeating: 1), im: SIMD4())
            for lane in 1..<ComplexLanes.count {
                let root = coarse[k * lane / columns] * fine[k * lane % columns]
                factor.re[lane] = root.re
                factor.im[lane] = root.im
            }
            lanes.append(factor)
        }
        self.lanes = lanes
    }

    private var columnGroups: Int { (columns + ComplexLanes.count - 1) / ComplexLanes.count }
    private var partCount: Int { 2 * max(rows, columns) }

    /// Elements of working memory for `parts` parts.
    func workCount(parts: Int) -> Int { rows * columnGroups + parts * partCount }

    /// Transforms one line in place.
    func transform(_ line: UnsafeMutablePointer<Complex128>, _ work: UnsafeMutablePointer<ComplexLanes>, parts: Int) throws(JaxError) {
        let groups = columnGroups, rowGroups = (rows + ComplexLanes.count - 1) / ComplexLanes.count
        let buffers = work + rows * groups
        try inParallel(groups, parts: min(parts, groups)) { (part, range) throws(JaxError) in
            let buffer = buffers + part * partCount
            try checkpoint()
            for group in range { transformColumns(group, line, work, buffer) }
        }
        try inParallel(rowGroups, parts: min(parts, rowGroups)) { (part, range) throws(JaxError) in
            let buffer = buffers + part * partCount
            try checkpoint()
            for group in range { transformRows(group, work, line, buffer) }
        }
    }

    /// Transforms four columns of `line` and multiplies them by their twiddle factors, into `turned`: rows of column groups.
    private func transformColumns(_ group: Int, _ line: UnsafePointer<Complex128>, _ turned: UnsafeMutablePointer<ComplexLanes>,
                                  _ buffer: UnsafeMutablePointer<ComplexLanes>) {
        let first = group * ComplexLanes.count, count = min(ComplexLanes.count, columns - first), groups = columnGroups
        for j in 0..<rows { buffer[j] = loadLanes(line + (j &* columns &+ first), 1, count) }
        let result = downColumns(buffer, buffer + rows)
        coarse.withUnsafeBufferPointer { coarse in
            fine.withUnsafeBufferPointer { fine in
                lanes.withUnsafeBufferPointer { lanes in
                    var quotient = 0, remainder = 0
                    for k in 0..<rows {
                        // k * first = quotient * columns + remainder.
                        turned[k &* groups &+ group] = result[k] * (lanes[k] * (coarse[quotient] * fine[remainder]))
                        remainder = remainder &+ first
                        if remainder >= columns {
                            remainder = remainder &- columns
                            quotient = quotient &+ 1
                        }
                    }
                }
            }
        }
    }

    /// Transforms four rows; element k of row i is element `i + rows * k` of the line.
    private func transformRows(_ group: Int, _ turned: UnsafePointer<ComplexLanes>, _ line: UnsafeMutablePointer<Complex128>,
                               _ buffer: UnsafeMutablePointer<ComplexLanes>) {
        let first = group * ComplexLanes.count, count = min(ComplexLanes.count, rows - first), groups = columnGroups
        // Past the last row it is read again, and not stored.
        let a = turned + first * groups, b = turned + (first + min(1, count - 1)) * groups
        let c = turned + (first + min(2, count - 1)) * groups, d = turned + (first + min(3, count - 1)) * groups
        for index in 0..<groups {
            let re = transposed(a[index].re, b[index].re, c[index].re, d[index].re)
            let im = transposed(a[index].im, b[index].im, c[index].im, d[index].im)
            let target = buffer + 4 &* index, kept = columns &- 4 &* index
            target[0] = ComplexLanes(re: re.0, im: im.0)
            if kept > 1 { target[1] = ComplexLanes(re: re.1, im: im.1) }
            if kept > 2 { target[2] = ComplexLanes(re: re.2, im: im.2) }
            if kept > 3 { target[3] = ComplexLanes(re: re.3, im: im.3) }
        }
        let result = alongRows(buffer, buffer + columns)
        for k in 0..<columns { storeLanes(result[k], line + (k &* rows &+ first), 1, count) }
    }
}

/// One element of each of `count` lines, `stride` apart; zero in the other lanes.
@inline(__always)
func loadLanes(_ source: UnsafePointer<Complex128>, _ stride: Int, _ count: Int) -> ComplexLanes {
    if count == ComplexLanes.count {
        let a = source[0], b = source[stride], c = source[2 &* stride], d = source[3 &* stride]
        return ComplexLanes(re: SIMD4(a.re, b.re, c.re, d.re), im: SIMD4(a.im, b.im, c.im, d.im))
    }
    var lanes = ComplexLanes(re: SIMD4(), im: SIMD4())
    for lane in 0..<count {
        lanes.re[lane] = source[lane &* stride].re
        lanes.im[lane] = source[lane &* stride].im
    }
    return lanes
}

/// Stores the first `count` lanes, `stride` apart.
@inline(__always)
func storeLanes(_ lanes: ComplexLanes, _ target: UnsafeMutablePointer<Complex128>, _ stride: Int, _ count: Int) {
    if count == ComplexLanes.count {
        target[0] = Complex128(lanes.re[0], lanes.im[0])
        target[stride] = Complex128(lanes.re[1], lanes.im[1])
        target[2 &* stride] = Complex128(lanes.re[2], lanes.im[2])
        target[3 &* stride] = Complex128(lanes.re[3], lanes.im[3])
        return
    }
    for lane in 0..<count { target[lane &* stride] = Complex128(lanes.re[lane], lanes.im[lane]) }
}

@inline(__always)
private func transposed(_ a: SIMD4<Double>, _ b: SIMD4<Double>, _ c: SIMD4<Double>, _ d: SIMD4<Double>)
    -> (SIMD4<Double>, SIMD4<Double>, SIMD4<Double>, SIMD4<Double>) {
    (SIMD4(a[0], b[0], c[0], d[0]), SIMD4(a[1], b[1], c[1], d[1]), SIMD4(a[2], b[2], c[2], d[2]), SIMD4(a[3], b[3], c[3], d[3]))
}
