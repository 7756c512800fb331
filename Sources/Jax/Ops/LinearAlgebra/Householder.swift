// Elementary reflectors H = I − tau v v^H with v[0] = 1, as LAPACK defines them, and what is built of them: QR (geqrf),
// products of reflectors (orgqr, ungqr), Hessenberg form (gehrd), tridiagonal form of Hermitian matrices (sytrd, hetrd).
import JaxPlatform

/// Turns the vector `v` into a reflector: afterwards H^H times the old vector is (beta, 0, …), v[0] is 1.
func makeReflector<T: LinearScalar>(_ v: UnsafeMutablePointer<T>, _ count: Int) -> (tau: T, beta: Double) {
    let alpha = v[0]
    var tail = 0.0
    for i in 1..<max(count, 1) { tail += v[i].squaredSize }
    v[0] = T.one
    if tail == 0 && alpha.imaginaryPart == 0 { return (T.zero, alpha.realPart) }
    let norm = (alpha.squaredSize + tail).squareRoot()
    let beta = alpha.realPart > 0 ? -norm : norm
    let scale = T.one / (alpha - T.real(beta))
    for i in 1..<max(count, 1) { v[i] = v[i] * scale }
    return (T.make((beta - alpha.realPart) / beta, -alpha.imaginaryPart / beta), beta)
}

/// `a[row..., column...] -= tau v (v^H a[row..., column...])`; `work` has room for a row.
func applyReflector<T: LinearScalar>(_ tau: T, _ v: UnsafeMutablePointer<T>, _ count: Int, _ a: Matrix<T>, row: Int, column: Int,
                                     _ work: UnsafeMutablePointer<T>) {
    let width = a.columns - column
    if width <= 0 || tau.squaredSize == 0 { return }
    for j in 0..<width { work[j] = T.zero }
    for i in 0..<count { subtractScaled(work, -v[i].conjugate, a.row(row + i) + column, width) }
    for i in 0..<count { subtractScaled(a.row(row + i) + column, tau * v[i], work, width) }
}

/// `a[..<rows, column...] -= (a v) tau v^H`: the reflector from the right.
func applyReflectorRight<T: LinearScalar>(_ tau: T, _ v: UnsafeMutablePointer<T>, _ count: Int, _ a: Matrix<T>, rows: Int, column: Int) {
    for i in 0..<rows {
        let row = a.row(i) + column
        var sum = T.zero
        for j in 0..<count { sum = sum + row[j] * v[j] }
        sum = sum * tau
        for j in 0..<count { row[j] = row[j] - sum * v[j].conjugate }
    }
}

/// Replaces `a` by R and the reflectors below it; `taus` has min(rows, columns) elements.
func factorQR<T: LinearScalar>(_ a: Matrix<T>, _ taus: UnsafeMutablePointer<T>) throws(JaxError) {
    let work = try Matrix<T>(2, max(a.rows, a.columns))
    defer { work.free() }
    let v = work.row(0)
    for k in 0..<min(a.rows, a.columns) {
        try checkpoint()
        let count = a.rows - k
        for i in 0..<count { v[i] = a[k + i, k] }
        let (tau, beta) = makeReflector(v, count)
        taus[k] = tau
        applyReflector(tau.conjugate, v, count, a, row: k, column: k + 1, work.row(1))
        a[k, k] = T.real(beta)
        for i in 1..<max(count, 1) { a[k + i, k] = v[i] }
    }
}

/// Replaces `a`, which holds `count` reflectors below its diagonal from `offset` rows down, by the leading columns of their
/// product.
func formQ<T: LinearScalar>(_ a: Matrix<T>, _ taus: UnsafeMutablePointer<T>, _ count: Int) throws(JaxError) {
    let work = try Matrix<T>(2, max(a.rows, a.columns))
    defer { work.free() }
    let v = work.row(0)
    for i in 0..<a.rows {
        for j in count..<max(a.columns, count) { a[i, j] = i == j ? T.one : T.zero }
    }
    for k in (0..<count).reversed() {
        try checkpoint()
        let length = a.rows - k
        v[0] = T.one
        for i in 1..<max(length, 1) { v[i] = a[k + i, k] }
        applyReflector(taus[k], v, length, a, row: k, column: k + 1, work.row(1))
        for i in 0..<k { a[i, k] = T.zero }
        a[k, k] = T.one - taus[k]
        for i in 1..<max(length, 1) { a[k + i, k] = -(taus[k] * v[i]) }
    }
}

/// Replaces `c` by Q c or Q^H c (`left`), c Q or c Q^H, for the product Q of the reflectors in `a`.
func multiplyByQ<T: LinearScalar>(_ a: Matrix<T>, _ taus: UnsafeMutablePointer<T>,
                                  _ count: Int, _ c: Matrix<T>, left: Bool, adjoint: Bool) throws(JaxError) {
    let work = try Matrix<T>(2, max(a.rows, c.columns, c.rows))
    defer { work.free() }
    let v = work.row(0)
    for step in 0..<count {
        try checkpoint()
        let k = left == adjoint ? step : count - 1 - step
        let length = a.rows - k
        v[0] = T.one
        for i in 1..<max(length, 1) { v[i] = a[k + i, k] }
        let tau = adjoint ? taus[k].conjugate : taus[k]
        if left {
            applyReflector(tau, v, length, c, row: k, column: 0, work.row(1))
        } else {
            applyReflectorRight(tau, v, length, c, rows: c.rows, column: k)
        }
    }
}

/// Replaces the square `a` by its Hessenberg form with the reflectors below the subdiagonal; rows and columns outside
/// `low..<high` are in form already. `taus` has n - 1 elements.
func reduceToHessenberg<T: LinearScalar>(_ a: Matrix<T>, _ taus: UnsafeMutablePointer<T>, low: Int, high: Int) throws(JaxError) {
    let n = a.rows
    let work = try Matrix<T>(2, max(n, 1))
    defer { work.free() }
    let v = work.row(0)
    for k in 0..<max(n - 1, 0) { taus[k] = T.zero }
    for k in low..<max(high - 1, low) {
        try checkpoint()
        let count = high - k - 1
        for i in 0..<count { v[i] = a[k + 1 + i, k] }
        let (tau, beta) = makeReflector(v, count)
        taus[k] = tau
        applyReflectorRight(tau, v, count, a, rows: high, column: k + 1)
        applyReflector(tau.conjugate, v, count, a, row: k + 1, column: k + 1, work.row(1))
        a[k + 1, k] = T.real(beta)
        for i in 1..<max(count, 1) { a[k + 1 + i, k] = v[i] }
    }
}

/// Reduces the Hermitian `a` (both triangles filled) to a real tridiagonal matrix: `diagonal`, `off` (n - 1), and the
/// reflectors below the subdiagonal with `taus` (n - 1).
func reduceToTridiagonal<T: LinearScalar>(_ a: Matrix<T>, _ diagonal: UnsafeMutablePointer<Double>, _ off: UnsafeMutablePointer<Double>,
                                          _ taus: UnsafeMutablePointer<T>) throws(JaxError) {
    let n = a.rows
    let work = try Matrix<T>(2, max(n, 1))
    defer { work.free() }
    let v = work.row(0), w = work.row(1)
    for k in 0..<max(n - 1, 0) {
        try checkpoint()
        let count = n - k - 1
        for i in 0..<count { v[i] = a[k + 1 + i, k] }
        let (tau, beta) = makeReflector(v, count)
        off[k] = beta
        taus[k] = tau
        if tau.squaredSize != 0 {
            // w = tau A v − ½ tau (w^H v) v, then A −= v w^H + w v^H.
            for i in 0..<count {
                let row = a.row(k + 1 + i) + k + 1
                var sum = T.zero
                for j in 0..<count { sum = sum + row[j] * v[j] }
                w[i] = tau * sum
            }
            let half = (tau * innerProduct(w, v, count)).scaled(0.5)
            subtractScaled(w, half, v, count)
            for i in 0..<count {
                let row = a.row(k + 1 + i) + k + 1
                let vi = v[i], wi = w[i]
                for j in 0..<count { row[j] = row[j] - vi * w[j].conjugate - wi * v[j].conjugate }
            }
        }
        diagonal[k] = a[k, k].realPart
        a[k + 1, k] = T.real(beta)
        for i in 1..<max(count, 1) { a[k + 1 + i, k] = v[i] }
    }
    if n > 0 { diagonal[n - 1] = a[n - 1, n - 1].realPart }
}
