import CMath
import Testing
import JaxIR
import JaxPlatform
@testable import JaxOps

/// Factorisations and solves around the sizes at which they go over to blocks, by what is left of the equations.
@Suite struct BlockedAlgebraTests {
    private let sizes = [1, 2, 15, 16, 17, 31, 32, 33, 64, 65, 130, 200]

    /// Elements between -1 and 1, the same in every run.
    private func noise<T: LinearScalar>(_ rows: Int, _ columns: Int, _ seed: UInt64, _ type: T.Type) throws -> Matrix<T> {
        let a = try Matrix<T>(rows, columns)
        var state = seed
        func next() -> Double {
            state = state &* 6364136223846793005 &+ 1442695040888963407
            return Double(state >> 11) / Double(1 << 52) - 1
        }
        for i in 0..<(rows * columns) { a.elements[i] = T.make(next(), next()) }
        return a
    }

    private func copy<T: LinearScalar>(_ a: Matrix<T>) throws -> Matrix<T> {
        let other = try Matrix<T>(a.rows, a.columns)
        other.elements.update(from: a.elements, count: a.rows * a.columns)
        return other
    }

    /// a · x over the elements that `counts` names.
    private func image<T: LinearScalar>(_ a: Matrix<T>, _ x: Matrix<T>, rows: Int, columns: Int,
                                        _ element: (Int, Int) -> T) throws -> Matrix<T> {
        let result = try Matrix<T>(rows, x.columns)
        result.fill(T.zero)
        for i in 0..<rows {
            for k in 0..<columns { subtractScaled(result.row(i), -element(i, k), x.row(k), x.columns) }
        }
        return result
    }

    private func distance<T: LinearScalar>(_ x: Matrix<T>, _ y: Matrix<T>) -> Double {
        var largest = 0.0
        for k in 0..<(x.rows * x.columns) {
            let size = (x.elements[k] - y.elements[k]).pivotSize
            largest = size > largest || size.isNaN ? size : largest
        }
        return largest
    }

    private func cholesky<T: LinearScalar>(_ n: Int, _ type: T.Type) throws {
        let a = try noise(n, n, 1, type), x = try noise(n, 2, 2, type)
        defer { a.free(); x.free() }
        fillHermitian(a, lower: true)
        for i in 0..<n { a[i, i] = a[i, i] + T.real(2 * Double(n)) }
        let factor = try copy(a)
        defer { factor.free() }
        for i in 0..<n { for j in (i + 1)..<max(n, i + 1) { factor[i, j] = T.real(7) } }
        #expect(try factorCholesky(factor) == 0)
        let adjoint = try image(factor, x, rows: n, columns: n) { $1 >= $0 ? factor[$1, $0].conjugate : T.zero }
        let product = try image(factor, adjoint, rows: n, columns: n) { $1 <= $0 ? factor[$0, $1] : T.zero }
        let expected = try image(a, x, rows: n, columns: n) { a[$0, $1] }
        defer { adjoint.free(); product.free(); expected.free() }
        #expect(distance(product, expected) < 1e-13 * Double(n) * 4)
        // The other triangle is left alone.
        for i in 0..<n { for j in (i + 1)..<max(n, i + 1) { #expect(factor[i, j].realPart == 7) } }
        // A minor that is not positive definite is found where it is.
        let order = n * 2 / 3
        a[order, order] = T.real(-1)
        #expect(try factorCholesky(a) == order + 1)
    }

    @Test func choleskyFactors() throws {
        for n in sizes {
            try cholesky(n, Double.self)
            try cholesky(n, Complex128.self)
        }
    }

    /// P a = L U, with multipliers of at most 1 (complex ones in LAPACK's measure 2); gives `info`.
    @discardableResult
    private func lu<T: LinearScalar>(_ a: Matrix<T>) throws -> Int {
        let k = min(a.rows, a.columns)
        let factors = try copy(a), x = try noise(a.columns, 2, 3, T.self), scratch = try Scratch(words: k)
        defer { factors.free(); x.free(); scratch.free() }
        let pivots = scratch.words.integers
        let info = try factorLU(factors, pivots)
        let upper = try image(factors, x, rows: k, columns: a.columns) { $1 >= $0 ? factors[$0, $1] : T.zero }
        let product = try image(factors, upper, rows: a.rows, columns: k) { $1 < $0 ? factors[$0, $1] : $1 == $0 ? T.one : T.zero }
        let expected = try image(a, x, rows: a.rows, columns: a.columns) { a[$0, $1] }
        defer { upper.free(); product.free(); expected.free() }
        for i in 0..<k {
            #expect(Int(pivots[i]) >= i && Int(pivots[i]) < a.rows)
            for j in 0..<2 { (expected[i, j], expected[Int(pivots[i]), j]) = (expected[Int(pivots[i]), j], expected[i, j]) }
            for row in (i + 1)..<max(a.rows, i + 1) { #expect(factors[row, i].pivotSize < 2.001) }
        }
        #expect(distance(product, expected) < 1e-13 * Double(a.rows + a.columns))
        return info
    }

    @Test func luFactors() throws {
        for n in sizes {
            #expect(try lu(try noise(n, n, 4, Double.self)) == 0)
            #expect(try lu(try noise(n, n, 4, Complex128.self)) == 0)
        }
        for (rows, columns) in [(40, 17), (17, 40), (130, 33), (33, 130), (200, 1), (1, 200), (65, 16), (16, 65)] {
            #expect(try lu(try noise(rows, columns, 5, Double.self)) == 0)
            #expect(try lu(try noise(rows, columns, 5, Complex128.self)) == 0)
        }
    }

    @Test func luOfSingularMatrices() throws {
        for n in [17, 33, 65, 130] {
            // A column of zeros stays one, at whatever place.
            for column in [0, 15, 16, n / 2, n - 1] {
                let a = try noise(n, n, 6, Double.self)
                for i in 0..<n { a[i, column] = 0 }
                #expect(try lu(a) == column + 1)
            }
            // Small integers of rank one: all after the first column vanishes exactly.
            let a = try Matrix<Complex128>(n, n)
            for i in 0..<n {
                let factor = i == n - 1 ? 8 : i % 8
                for j in 0..<n { a[i, j] = Complex128(Double(factor * (j % 5 + 1)), 0) }
            }
            #expect(try lu(a) == 2)
        }
    }

    @Test func luFindsThePivotsOfUnblockedElimination() throws {
        let n = 130, a = try noise(n, n, 7, Double.self), plain = try copy(a), scratch = try Scratch(words: n)
        let pivots = scratch.words.integers
        _ = try factorLU(a, pivots)
        for k in 0..<n {
            var pivot = k
            for i in k..<n where plain[i, k].magnitude > plain[pivot, k].magnitude { pivot = i }
            #expect(Int(pivots[k]) == pivot)
            for j in 0..<n { (plain[k, j], plain[pivot, j]) = (plain[pivot, j], plain[k, j]) }
            for i in (k + 1)..<n {
                plain[i, k] /= plain[k, k]
                subtractScaled(plain.row(i) + k + 1, plain[i, k], plain.row(k) + k + 1, n - k - 1)
            }
        }
        #expect(distance(a, plain) < 1e-10)
    }

    private func triangular<T: LinearScalar>(_ n: Int, _ columns: Int, lower: Bool, unit: Bool, _ type: T.Type) throws {
        let a = try noise(n, n, 8, type), b = try noise(n, columns, 9, type), x = try copy(b)
        defer { a.free(); b.free(); x.free() }
        // Small next to the diagonal, that the system is well conditioned; what must not count is NaN.
        for i in 0..<n {
            for j in 0..<n {
                let counts = lower ? j < i : j > i
                if counts {
                    a[i, j] = a[i, j].scaled(1 / Double(n))
                } else if i == j && !unit {
                    a[i, i] = a[i, i] + T.real(3)
                } else {
                    a[i, j] = T.real(.nan)
                }
            }
        }
        try solveTriangular(a, lower: lower, unitDiagonal: unit, x)
        let product = try image(a, x, rows: n, columns: n) { i, j in
            i == j ? unit ? T.one : a[i, i] : (lower ? j < i : j > i) ? a[i, j] : T.zero
        }
        defer { product.free() }
        #expect(distance(product, b) < 1e-13 * Double(n) + 1e-14)
    }

    @Test func triangularSystems() throws {
        for n in sizes {
            for columns in [1, 3, 9] {
                for (lower, unit) in [(true, true), (true, false), (false, true), (false, false)] {
                    try triangular(n, columns, lower: lower, unit: unit, Double.self)
                    try triangular(n, columns, lower: lower, unit: unit, Complex128.self)
                }
            }
        }
        try triangular(65, 130, lower: true, unit: false, Double.self)
        try triangular(130, 65, lower: false, unit: false, Complex128.self)
    }

    /// Products deeper than what is packed at once.
    @Test func deepProducts() throws {
        for n in [300, 600] {
            let a = try noise(7, n, 10, Double.self), b = try noise(n, 9, 11, Double.self), c = try noise(7, 9, 12, Double.self)
            let expected = try copy(c), workspace = try BlockWorkspace<Double>(panelRows: 0, depth: n, columns: 9)
            for i in 0..<7 { for k in 0..<n { subtractScaled(expected.row(i), a[i, k], b.row(k), 9) } }
            try subtractProduct(c.block, a.block, b.block, workspace)
            #expect(distance(c, expected) < 1e-12)
        }
    }
}
