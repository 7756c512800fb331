import CMath
import Testing
import JaxIR
import JaxPlatform
@testable import JaxOps

@Suite struct LinearAlgebraTests {
    private func random<T: LinearScalar>(_ rows: Int, _ columns: Int, _ type: T.Type) throws -> Matrix<T> {
        let a = try Matrix<T>(rows, columns)
        for i in 0..<(rows * columns) { a.elements[i] = T.make(Double.random(in: -1...1), Double.random(in: -1...1)) }
        return a
    }

    /// The largest element of |x - y|.
    private func distance<T: LinearScalar>(_ rows: Int, _ columns: Int, _ x: (Int, Int) -> T, _ y: (Int, Int) -> T) -> Double {
        var largest = 0.0
        for i in 0..<rows {
            for j in 0..<columns { largest = max(largest, (x(i, j) - y(i, j)).pivotSize) }
        }
        return largest
    }

    private func eigen<T: LinearScalar>(_ n: Int, _ type: T.Type) throws {
        let a = try random(n, n, type), vectors = try Matrix<T>(n, n), values = try Matrix<Double>(1, n)
        fillHermitian(a, lower: true)
        vectors.elements.update(from: a.elements, count: n * n)
        #expect(try hermitianEigen(vectors, values.elements) == 0)
        // a v = λ v for each row v.
        func image(_ k: Int, _ i: Int) -> T {
            var sum = T.zero
            for j in 0..<n { sum = sum + a[i, j] * vectors[k, j] }
            return sum
        }
        #expect(distance(n, n, image, { k, i in vectors[k, i].scaled(values[0, k]) }) < 1e-12)
        #expect(distance(n, n, { innerProduct(vectors.row($0), vectors.row($1), n) }, { $0 == $1 ? T.one : T.zero }) < 1e-12)
        for i in 1..<max(n, 1) { #expect(values[0, i - 1] <= values[0, i]) }
    }

    @Test func hermitianEigenvectors() throws {
        for n in [1, 2, 3, 10, 31] {
            try eigen(n, Double.self)
            try eigen(n, Complex128.self)
        }
    }

    @Test func singularValuesOfDeficientMatrices() throws {
        // Rank 2 of 4 columns: the missing left vectors are completed.
        let m = 6, n = 4
        let columns = try Matrix<Double>(n, m), right = try Matrix<Double>(n, n), values = try Matrix<Double>(1, n)
        for j in 0..<n { for i in 0..<m { columns[j, i] = Double(i + 1) * Double(j + 1) + (j % 2 == 0 ? Double(i * i) : 0) } }
        let a = try Matrix<Double>(n, m)
        a.elements.update(from: columns.elements, count: n * m)
        #expect(try singularValues(columns, right, values.elements) == 0)
        try completeBasis(columns)
        #expect(distance(n, n, { innerProduct(columns.row($0), columns.row($1), m) }, { $0 == $1 ? 1 : 0 }) < 1e-12)
        func product(_ j: Int, _ i: Int) -> Double {
            var sum = 0.0
            for k in 0..<n { sum += columns[k, i] * values[0, k] * right[k, j] }
            return sum
        }
        #expect(distance(n, m, product, { a[$0, $1] }) < 1e-11)
        #expect(values[0, 2] < 1e-12 && values[0, 1] > 0.1)
    }

    @Test func schurForms() throws {
        for n in [1, 2, 3, 9, 24] {
            let a = try random(n, n, Double.self), t = try Matrix<Double>(n, n),
                z = try Matrix<Double>(n, n), values = try Matrix<Double>(2, n)
            t.elements.update(from: a.elements, count: n * n)
            #expect(try realSchur(t, z, values.row(0), values.row(1)) == 0)
            func product(_ i: Int, _ j: Int) -> Double {
                var sum = 0.0
                for k in 0..<n {
                    for l in 0..<n { sum += z[i, k] * t[k, l] * z[j, l] }
                }
                return sum
            }
            #expect(distance(n, n, product, { a[$0, $1] }) < 1e-12)
            for i in 0..<n { for j in 0..<n where i > j + 1 { #expect(t[i, j] == 0) } }
        }
    }

    @Test func luOfASingularMatrix() throws {
        let a = try Matrix<Double>(3, 3), pivots = try Matrix<Double>(1, 3)
        for i in 0..<3 { for j in 0..<3 { a[i, j] = Double(i * 3 + j) } }
        let numbers = UnsafeMutableRawPointer(pivots.elements).assumingMemoryBound(to: Int64.self)
        #expect(try factorLU(a, numbers) == 3 || a[2, 2].magnitude < 1e-15)
        #expect(numbers[0] == 2)
    }

    @Test func choleskyOfAnIndefiniteMatrixIsNaN() throws {
        let result = try evaluate(.cholesky, [try floats([1, 2, 2, 1], [2, 2])],
                                  TensorType(.f32, [2, 2]), [NamedAttribute("lower", .bool(true))])
        #expect(result.list(Float.self)[0].isNaN)
    }

    @Test func transformsOfAllLengths() throws {
        // Mixed radices, a large prime and its multiple (Bluestein), against the definition.
        for n in [1, 2, 3, 4, 8, 12, 30, 37, 49, 64, 74, 97, 121] {
            var x: [Complex128] = []
            for j in 0..<n { x.append(Complex128(Double(j * 7 % 5) - 2, Double(j * 3 % 7) - 3)) }
            func attributes(_ kind: String) -> [NamedAttribute] {
                [NamedAttribute("fft_type", .enumeration(kind)), NamedAttribute("fft_length", .integers([n]))]
            }
            let forward = try evaluate(.fft, [try tensor(.c128, [n], x)], TensorType(.c128, [n]), attributes("FFT"))
            for k in 0..<n {
                var sum = Complex128(0)
                for j in 0..<n {
                    let angle: Double = -2 * Double.pi * Double(j * k % n) / Double(n)
                    sum = sum + x[j] * Complex128(cos(angle), sin(angle))
                }
                let value = forward.list(Complex128.self)[k]
                #expect((value - sum).squaredMagnitude.squareRoot() < 1e-11)
            }
            let back = try evaluate(.fft, [forward], TensorType(.c128, [n]), attributes("IFFT")).list(Complex128.self)
            for j in 0..<n { #expect((back[j] - x[j]).squaredMagnitude < 1e-24) }
            let reals = try doubles(x.map { $0.re })
            let half = try evaluate(.fft, [reals], TensorType(.c128, [n / 2 + 1]), attributes("RFFT"))
            let again = try evaluate(.fft, [half], TensorType(.f64, [n]), attributes("IRFFT")).list(Double.self)
            for j in 0..<n { #expect((again[j] - x[j].re).magnitude < 1e-12) }
        }
    }

    @Test func unknownCustomCallsAreNamed() throws {
        let error = #expect(throws: JaxError.self) {
            try run("""
                main = { lambda ; a:f32[]. let
                    b:f32[] = custom_call[call_target_name='nonsense'] a
                  in (b,) }
                """, [try floats([1], [])])
        }
        #expect(error?.message.contains("nonsense") == true)
    }
}
