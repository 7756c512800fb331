// The innermost loops of all contractions: a tile of 6 rows by one vector of columns, kept in registers.

/// A vector of columns that a tile accumulates: two AVX registers of floats or doubles; integers wrap.
protocol ContractionVector: SIMD where Scalar: ContractionScalar {
    /// `accumulator += scalar * vector`, rounded once where `isFused`.
    static func multiplyAdd(_ accumulator: inout Self, _ scalar: Scalar, _ vector: Self, isFused: Bool)
}

/// The types in which contractions are computed: f32 also for the 16-bit floats, i64 for all integers, and the parts of
/// complex numbers.
protocol ContractionScalar: Element, SIMDScalar, Hashable {
    associatedtype Vector: ContractionVector where Vector.Scalar == Self
    static var zero: Self { get }
    static func add(_ a: Self, _ b: Self) -> Self
    static func negate(_ a: Self) -> Self
}

extension SIMD16: ContractionVector where Scalar == Float {
    @inline(__always) static func multiplyAdd(_ accumulator: inout Self, _ scalar: Float, _ vector: Self, isFused: Bool) {
        if isFused { accumulator.addProduct(scalar, vector) } else { accumulator += scalar * vector }
    }
}

extension SIMD8: ContractionVector where Scalar == Double {
    @inline(__always) static func multiplyAdd(_ accumulator: inout Self, _ scalar: Double, _ vector: Self, isFused: Bool) {
        if isFused { accumulator.addProduct(scalar, vector) } else { accumulator += scalar * vector }
    }
}

extension SIMD4: ContractionVector where Scalar == Int64 {
    @inline(__always) static func multiplyAdd(_ accumulator: inout Self, _ scalar: Int64, _ vector: Self, isFused: Bool) {
        accumulator = accumulator &+ scalar &* vector
    }
}

extension Float: ContractionScalar {
    typealias Vector = SIMD16<Float>
    @inline(__always) static func add(_ a: Float, _ b: Float) -> Float { a + b }
    @inline(__always) static func negate(_ a: Float) -> Float { -a }
}

extension Double: ContractionScalar {
    typealias Vector = SIMD8<Double>
    @inline(__always) static func add(_ a: Double, _ b: Double) -> Double { a + b }
    @inline(__always) static func negate(_ a: Double) -> Double { -a }
}

extension Int64: ContractionScalar {
    typealias Vector = SIMD4<Int64>
    @inline(__always) static func add(_ a: Int64, _ b: Int64) -> Int64 { a &+ b }
    @inline(__always) static func negate(_ a: Int64) -> Int64 { 0 &- a }
}

/// Rows of a tile.
let tileRows = 6

/// `tile += panelA · panelB` over `depth`. `panelA` holds `tileRows` values a step, `panelB` one vector a step; the tile's
/// rows are `rowStride` elements apart. A constant `isFused` leaves one of the two loops.
@inline(__always)
func multiplyPanels<S: ContractionScalar>(_ panelA: UnsafePointer<S>, _ panelB: UnsafePointer<S>, depth: Int,
                                          _ tile: UnsafeMutablePointer<S>, rowStride: Int, isFused: Bool) {
    typealias V = S.Vector
    var c0 = V(), c1 = V(), c2 = V(), c3 = V(), c4 = V(), c5 = V()
    let columns = UnsafeRawPointer(panelB)
    for step in 0..<depth {
        let vector = columns.loadUnaligned(fromByteOffset: step &* MemoryLayout<V>.size, as: V.self)
        let rows = panelA + step &* 6
        V.multiplyAdd(&c0, rows[0], vector, isFused: isFused)
        V.multiplyAdd(&c1, rows[1], vector, isFused: isFused)
        V.multiplyAdd(&c2, rows[2], vector, isFused: isFused)
        V.multiplyAdd(&c3, rows[3], vector, isFused: isFused)
        V.multiplyAdd(&c4, rows[4], vector, isFused: isFused)
        V.multiplyAdd(&c5, rows[5], vector, isFused: isFused)
    }
    addRow(c0, tile)
    addRow(c1, tile + rowStride)
    addRow(c2, tile + 2 * rowStride)
    addRow(c3, tile + 3 * rowStride)
    addRow(c4, tile + 4 * rowStride)
    addRow(c5, tile + 5 * rowStride)
}

@inline(__always)
private func addRow<V: ContractionVector>(_ vector: V, _ row: UnsafeMutablePointer<V.Scalar>) {
    for lane in 0..<V.scalarCount { row[lane] = V.Scalar.add(row[lane], vector[lane]) }
}
