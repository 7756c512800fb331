// The Schur form of real matrices over the real numbers: quasi-triangular, with a 2 by 2 block for each pair of conjugate
// eigenvalues. Francis's implicit double shifts, by reflectors of three rows.
import JaxPlatform

/// Replaces `a` by its real Schur form T and `z` by the orthogonal matrix with `a = z T zᵀ`; `re` and `im` receive the
/// eigenvalues. 2 by 2 blocks have equal diagonal elements. Gives 0, or the number of eigenvalues that did not converge.
func realSchur(_ a: Matrix<Double>, _ z: Matrix<Double>, _ re: UnsafeMutablePointer<Double>,
               _ im: UnsafeMutablePointer<Double>) throws(JaxError) -> Int {
    let n = a.rows
    z.setIdentity()
    if n == 0 { return 0 }
    try reduceAndAccumulate(a, z)
    var high = n - 1, iterations = 0
    while high >= 0 {
        try checkpoint()
        var low = high
        while low > 0 {
            var size = a[low - 1, low - 1].magnitude + a[low, low].magnitude
            if size == 0 { size = 1 }
            if !(a[low, low - 1].magnitude > Double.ulpOfOne * size) {
                a[low, low - 1] = 0
                break
            }
            low -= 1
        }
        if low == high {
            high -= 1
            iterations = 0
        } else if low == high - 1 {
            standardise(a, z, low)
            high -= 2
            iterations = 0
        } else {
            iterations += 1
            if iterations > 300 { return high + 1 }
            doubleShiftStep(a, z, low, high, isExceptional: iterations % 10 == 0)
        }
    }
    var k = 0
    while k < n {
        if k + 1 < n && a[k + 1, k] != 0 {
            let product = a[k, k + 1] * a[k + 1, k]
            (re[k], re[k + 1]) = (a[k, k], a[k + 1, k + 1])
            im[k] = product.magnitude.squareRoot()
            im[k + 1] = -im[k]
            k += 2
        } else {
            (re[k], im[k]) = (a[k, k], 0)
            k += 1
        }
    }
    return 0
}

private func reduceAndAccumulate(_ a: Matrix<Double>, _ z: Matrix<Double>) throws(JaxError) {
    let n = a.rows
    let taus = try Matrix<Double>(1, n)
    defer { taus.free() }
    try reduceToHessenberg(a, taus.elements, low: 0, high: n)
    let work = try Matrix<Double>(2, n)
    defer { work.free() }
    let v = work.row(0)
    for k in (0..<(n - 1)).reversed() {
        let count = n - k - 1
        v[0] = 1
        for i in 1..<max(count, 1) {
            v[i] = a[k + 1 + i, k]
            a[k + 1 + i, k] = 0
        }
        applyReflector(taus.elements[k], v, count, z, row: k + 1, column: k + 1, work.row(1))
    }
}

/// One implicit double-shift step on the block `low...high`, of at least three rows.
private func doubleShiftStep(_ a: Matrix<Double>, _ z: Matrix<Double>, _ low: Int, _ high: Int, isExceptional: Bool) {
    let n = a.rows
    // Sum and product of the shifts: the eigenvalues of the last 2 by 2 block.
    var sum = a[high - 1, high - 1] + a[high, high]
    var product = a[high - 1, high - 1] * a[high, high] - a[high - 1, high] * a[high, high - 1]
    if isExceptional {
        let size = a[high, high - 1].magnitude + a[high - 1, high - 2].magnitude
        sum = 1.5 * size
        product = size * size
    }
    // The first column of (a − s₁)(a − s₂).
    var x = a[low, low] * a[low, low] + a[low, low + 1] * a[low + 1, low] - sum * a[low, low] + product
    var y = a[low + 1, low] * (a[low, low] + a[low + 1, low + 1] - sum)
    var w = a[low + 1, low] * a[low + 2, low + 1]
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 3) { buffer in
        let v = buffer.baseAddress!
        for k in low..<high {
            let count = min(3, high - k + 1)
            (v[0], v[1]) = (x, y)
            if count == 3 { v[2] = w }
            let tau = makeReflector(v, count).tau
            // Rows k..., then columns k... up to the row that the bulge reaches.
            for j in max(k - 1, low)..<n {
                var dot = 0.0
                for i in 0..<count { dot += v[i] * a[k + i, j] }
                dot *= tau
                for i in 0..<count { a[k + i, j] -= dot * v[i] }
            }
            applyReflectorRight(tau, v, count, a, rows: min(k + 4, high + 1), column: k)
            applyReflectorRight(tau, v, count, z, rows: n, column: k)
            if k > low {
                for i in 1..<count { a[k + i, k - 1] = 0 }
            }
            x = a[k + 1, k]
            if k + 2 <= high { y = a[k + 2, k] }
            if k + 3 <= high { w = a[k + 3, k] }
        }
    }
}

/// Brings the 2 by 2 block at `k` to standard form by a rotation: triangular where its eigenvalues are real, otherwise with
/// equal diagonal elements.
private func standardise(_ a: Matrix<Double>, _ z: Matrix<Double>, _ k: Int) {
    let p = a[k, k], q = a[k, k + 1], r = a[k + 1, k], s = a[k + 1, k + 1]
    if r == 0 { return }
    let half = (p - s) / 2
    let discriminant = half * half + q * r
    var c: Double, t: Double
    if discriminant >= 0 {
        // (λ − s, r) is an eigenvector of the eigenvalue λ that keeps λ − s large.
        let root = discriminant.squareRoot()
        let first = half + (half >= 0 ? root : -root)
        (c, t) = (first, r)
    } else {
        // The angle for which the diagonal elements agree: tan 2θ = (s − p) / (q + r).
        let sigma = q + r
        let norm = (sigma * sigma + 4 * half * half).squareRoot()
        if norm == 0 { return }
        let cosine = sigma.magnitude / norm
        c = ((1 + cosine) / 2).squareRoot()
        t = -half / (norm * c) * (sigma < 0 ? -1 : 1)
    }
    let size = (c * c + t * t).squareRoot()
    if size == 0 { return }
    c /= size
    t /= size
    // Columns first: (x, y) → (c x + t y, c y − t x); rows likewise.
    let n = a.rows
    for j in max(k, 0)..<n {
        let x = a[k, j], y = a[k + 1, j]
        a[k, j] = c * x + t * y
        a[k + 1, j] = c * y - t * x
    }
    for i in 0..<(k + 2) {
        let x = a[i, k], y = a[i, k + 1]
        a[i, k] = c * x + t * y
        a[i, k + 1] = c * y - t * x
    }
    for i in 0..<n {
        let x = z[i, k], y = z[i, k + 1]
        z[i, k] = c * x + t * y
        z[i, k + 1] = c * y - t * x
    }
    if discriminant >= 0 {
        a[k + 1, k] = 0
    } else {
        let mean = (a[k, k] + a[k + 1, k + 1]) / 2
        a[k, k] = mean
        a[k + 1, k + 1] = mean
    }
}
