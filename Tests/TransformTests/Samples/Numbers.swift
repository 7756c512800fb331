// Numbers for the arguments of samples: they depend on the sample's name alone. And numbers out of results.
import JaxIR
import JaxPlatform
import TestSupport
@testable import JaxOps

struct Numbers {
    private var random: SeededRandom

    init(_ seed: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in seed.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        random = SeededRandom(seed: hash)
    }

    /// In [0, 1).
    mutating func unit() -> Double { Double(random.next() >> 11) * 0x1p-53 }

    mutating func tensor(_ type: TensorType, _ domain: Domain?, row: Int) throws -> Tensor {
        if type.dtype == .i1, domain == nil { return try integers(type) { $0.random.below(2) } }
        switch domain ?? (type.dtype.isFloat || type.dtype.isComplex ? .apart(-2, 2) : .integers(0, 4)) {
        case .apart(let low, let high): return try Numbers.tensor(type, parts(type).map { low + (high - low) * $0 })
        case .integers(let low, let high): return try integers(type) { low + $0.random.below(high - low) }
        case .values(let values): return try Numbers.tensor(type, values)
        case .rows(let values): return try Numbers.tensor(type, [Double](repeating: values[row], count: type.elementCount))
        case .permutation:
            var order = Array(0..<type.elementCount)
            order.shuffle(using: &random)
            return try Numbers.tensor(type, order.map { Double($0) })
        case .regular: return try matrices(type) { row, column, a, _ in row == column ? a + 3 : a }
        case .triangular: return try matrices(type) { row, column, a, _ in row == column ? a + 3 : row > column ? a : 0 }
        case .positive: return try matrices(type) { row, column, a, transposed in row == column ? abs(a) + 6 : (a + transposed) / 2 }
        }
    }

    /// A number for each element, or for each part of a complex one: places between 0 and 1 in some order, moved by less than half of their distance.
    private mutating func parts(_ type: TensorType) -> [Double] {
        let count = type.elementCount * (type.dtype.isComplex ? 2 : 1)
        var places = Array(0..<count)
        places.shuffle(using: &random)
        return places.map { (Double($0) + 0.3 + 0.4 * unit()) / Double(max(count, 1)) }
    }

    private mutating func integers(_ type: TensorType, _ next: (inout Numbers) -> Int) throws -> Tensor {
        var values: [Double] = []
        for _ in 0..<type.elementCount { values.append(Double(next(&self))) }
        return try Numbers.tensor(type, values)
    }

    /// The last two dimensions are those of matrices. Of a complex one the imaginary parts are hermitian where the real ones are symmetric.
    private mutating func matrices(_ type: TensorType,
                                   _ element: (_ row: Int, _ column: Int, _ a: Double, _ transposed: Double) -> Double) throws -> Tensor {
        let n = type.shape[type.rank - 1], m = type.shape[type.rank - 2]
        var values: [Double] = []
        for _ in 0..<(type.elementCount / max(n * m, 1)) {
            var a: [Double] = [], b: [Double] = []
            for _ in 0..<(n * m) { a.append(2 * unit() - 1) }
            for _ in 0..<(n * m) { b.append(2 * unit() - 1) }
            for row in 0..<m {
                for column in 0..<n {
                    let i = row * n + column, j = m == n ? column * n + row : i
                    values.append(element(row, column, a[i], a[j]))
                    let isZero = element(row, column, 1, 1) == 0
                    if type.dtype.isComplex { values.append(row == column || isZero ? 0 : (b[i] - b[j]) / 2) }
                }
            }
        }
        return try Numbers.tensor(type, values)
    }

    /// Small numbers of both signs, for tangents and cotangents; of few bits, so that every float type has them.
    mutating func direction(_ type: TensorType) throws -> Tensor {
        var values: [Double] = []
        for _ in 0..<(type.elementCount * (type.dtype.isComplex ? 2 : 1)) { values.append(Double(random.below(128) - 64) / 64) }
        return try Numbers.tensor(type, values)
    }

    /// An array of these numbers, two for each element of a complex one.
    static func tensor(_ type: TensorType, _ values: [Double]) throws -> Tensor {
        let wide = try Tensor(TensorType(type.dtype.isComplex ? .c128 : .f64, type.shape))
        precondition(values.count * 8 == wide.type.byteCount)
        for (index, value) in values.enumerated() { wide.bytes.assumingMemoryBound(to: Double.self)[index] = value }
        return try convert(wide, to: type.dtype)
    }
}

extension Tensor {
    /// The elements, real and imaginary parts one after the other.
    var numbers: [Double] {
        get throws {
            let wide = try convert(self, to: dtype.isComplex ? .c128 : .f64)
            let count = wide.type.byteCount / 8
            return withExtendedLifetime(wide) { Array(UnsafeBufferPointer(start: wide.bytes.assumingMemoryBound(to: Double.self), count: count)) }
        }
    }

    var hasTangent: Bool { dtype.isFloat || dtype.isComplex }
}
