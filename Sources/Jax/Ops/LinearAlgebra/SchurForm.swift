// The Schur form of square matrices over the complex numbers: Hessenberg form, then QR steps with shifts; and eigenvectors.
import CMath
import JaxPlatform

/// Replaces `a` by its upper triangular Schur form T and `z` by the unitary matrix with `a = z T z^H`. Gives 0, or the number
/// of eigenvalues that did not converge.
func complexSchur(_ a: Matrix<Complex128>, _ z: Matrix<Complex128>) throws(JaxError) -> Int {
    let n = a.rows
    z.setIdentity()
    if n < 2 { return 0 }
    let taus = try Matrix<Complex128>(1, n)
    defer { taus.free() }
    try reduceToHessenberg(a, taus.elements, low: 0, high: n)
    let work = try Matrix<Complex128>(2, n)
    defer { work.free() }
    let v = work.row(0)
    for k in (0..<(n - 1)).reversed() {
        let count = n - k - 1
        v[0] = .one
        for i in 1..<max(count, 1) {
            v[i] = a[k + 1 + i, k]
            a[k + 1 + i, k] = .zero
        }
        applyReflector(taus.elements[k], v, count, z, row: k + 1, column: k + 1, work.row(1))
    }
    var high = n - 1, iterations = 0
    while high > 0 {
        try checkpoint()
        // The start of the unreduced block that ends at `high`.
        var low = high
        while low > 0 {
            let size = a[low - 1, low - 1].pivotSize + a[low, low].pivotSize
            if !(a[low, low - 1].pivotSize > Double.ulpOfOne * size) {
                a[low, low - 1] = .zero
                break
            }
            low -= 1
        }
        if low == high {
            high -= 1
            iterations = 0
            continue
        }
        iterations += 1
        if iterations > 300 { return high + 1 }
        qrStep(a, z, low, high, shift: iterations % 10 == 0 ? a[high, high] + a[high, high - 1] : wilkinsonShift(a, high), work.row(0))
    }
    return 0
}

/// The eigenvalue of the last 2 by 2 block that is closer to its last element.
private func wilkinsonShift(_ a: Matrix<Complex128>, _ high: Int) -> Complex128 {
    let p = a[high - 1, high - 1], q = a[high - 1, high], r = a[high, high - 1], s = a[high, high]
    let half = (p - s).scaled(0.5)
    let root = squareRoot(half * half + q * r)
    let plus = half + root, minus = half - root
    let larger = plus.squaredSize > minus.squaredSize ? plus : minus
    return larger.squaredSize == 0 ? s : s - q * r / larger
}

/// One step on the block `low...high`: (a − shift) = Q R, then R Q + shift; the rest of `a` and `z` are rotated along.
private func qrStep(_ a: Matrix<Complex128>, _ z: Matrix<Complex128>, _ low: Int, _ high: Int, shift: Complex128,
                    _ sines: UnsafeMutablePointer<Complex128>) {
    let n = a.rows
    for k in low...high { a[k, k] = a[k, k] - shift }
    // A rotation is kept as one complex number s with the cosine √(1 − |s|²), except where the cosine is zero.
    var cosines = [Double](repeating: 1, count: high - low + 1)
    for k in low..<high {
        let x = a[k, k], y = a[k + 1, k]
        let size = x.squaredSize.squareRoot(), norm = (x.squaredSize + y.squaredSize).squareRoot()
        var c = 1.0, s = Complex128.zero
        if norm > 0 {
            c = size / norm
            let other = y.conjugate.scaled(1 / norm)
            s = size == 0 ? other : x.scaled(1 / size) * other
        }
        cosines[k - low] = c
        sines[k] = s
        let upper = a.row(k), lower = a.row(k + 1), turned = -s.conjugate
        for j in k..<n {
            let u = upper[j], v = lower[j]
            upper[j] = u.scaled(c) + s * v
            lower[j] = turned * u + v.scaled(c)
        }
        a[k + 1, k] = .zero
    }
    for k in low..<high {
        let c = cosines[k - low], s = sines[k]
        rotateColumns(a, k, c, s, rows: k + 2)
        rotateColumns(z, k, c, s, rows: n)
    }
    for k in low...high { a[k, k] = a[k, k] + shift }
}

private func rotateColumns(_ a: Matrix<Complex128>, _ k: Int, _ c: Double, _ s: Complex128, rows: Int) {
    let back = s.conjugate
    for i in 0..<min(rows, a.rows) {
        let row = a.row(i) + k
        let x = row[0], y = row[1]
        row[0] = x.scaled(c) + y * back
        row[1] = y.scaled(c) - x * s
    }
}

/// Right (or left) eigenvectors of `z T z^H` as the columns of `vectors`, of length one.
func schurEigenvectors(_ t: Matrix<Complex128>, _ z: Matrix<Complex128>, left: Bool, _ vectors: Matrix<Complex128>) throws(JaxError) {
    let n = t.rows
    var size = 0.0
    for i in 0..<n {
        for j in i..<n { size = max(size, t[i, j].pivotSize) }
    }
    let smallest = max(size * Double.ulpOfOne, Double.leastNormalMagnitude)
    let x = try Matrix<Complex128>(1, n)
    defer { x.free() }
    let solution = x.elements
    for k in 0..<n {
        try checkpoint()
        solution[k] = .one
        let range = left ? (k + 1)..<n : 0..<k
        for step in 0..<range.count {
            let i = left ? k + 1 + step : k - 1 - step
            var sum = Complex128.zero
            if left {
                for j in k..<i { sum = sum + t[j, i].conjugate * solution[j] }
            } else {
                for j in (i + 1)...k { sum = sum + t[i, j] * solution[j] }
            }
            var difference = t[i, i] - t[k, k]
            if difference.pivotSize < smallest { difference = Complex128(smallest) }
            solution[i] = -sum / (left ? difference.conjugate : difference)
        }
        let used = left ? k..<n : 0..<(k + 1)
        var norm = 0.0
        for i in 0..<n {
            var sum = Complex128.zero
            for j in used { sum = sum + z[i, j] * solution[j] }
            vectors[i, k] = sum
            norm += sum.squaredSize
        }
        // Length one, and the largest component real, as LAPACK leaves them.
        var largest = Complex128.one, largestSize = 0.0
        for i in 0..<n where vectors[i, k].squaredSize > largestSize {
            largest = vectors[i, k]
            largestSize = largest.squaredSize
        }
        let scale = largestSize > 0 ? largest.conjugate.scaled(1 / (largestSize.squareRoot() * norm.squareRoot())) : .one
        for i in 0..<n { vectors[i, k] = vectors[i, k] * scale }
    }
}
