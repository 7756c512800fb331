// Matrices for the linear algebra: row-major, in double precision, real or complex. All factorisations compute in f64 or
// c128 whatever the program's type, and round once at the end.
import JaxIR
import JaxPlatform

/// The scalars of the linear algebra: `Double` and `Complex128`, which lie in memory as the wide form does.
protocol LinearScalar: BitwiseCopyable {
    static var zero: Self { get }
    static var one: Self { get }
    /// The number re + i im; real scalars drop `im`.
    static func make(_ re: Double, _ im: Double) -> Self
    var realPart: Double { get }
    var imaginaryPart: Double { get }
    var conjugate: Self { get }
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    static func / (a: Self, b: Self) -> Self
    static prefix func - (a: Self) -> Self
}

extension LinearScalar {
    @inline(__always) var squaredSize: Double { realPart * realPart + imaginaryPart * imaginaryPart }
    /// |re| + |im|: how LAPACK chooses pivots.
    @inline(__always) var pivotSize: Double { realPart.magnitude + imaginaryPart.magnitude }
    @inline(__always) func scaled(_ factor: Double) -> Self { Self.make(realPart * factor, imaginaryPart * factor) }
    @inline(__always) static func real(_ value: Double) -> Self { make(value, 0) }
}

extension Double: LinearScalar {
    static var one: Double { 1 }
    @inline(__always) static func make(_ re: Double, _ im: Double) -> Double { re }
    @inline(__always) var realPart: Double { self }
    @inline(__always) var imaginaryPart: Double { 0 }
    @inline(__always) var conjugate: Double { self }
}

extension Complex128: LinearScalar {
    @inline(__always) static func make(_ re: Double, _ im: Double) -> Complex128 { Complex128(re, im) }
    @inline(__always) var realPart: Double { re }
    @inline(__always) var imaginaryPart: Double { im }
}

/// A row-major matrix in scratch memory; whoever makes one frees it.
struct Matrix<T: LinearScalar> {
    let rows: Int
    let columns: Int
    private let scratch: Scratch

    /// Uninitialised elements.
    init(_ rows: Int, _ columns: Int) throws(JaxError) {
        self.rows = rows
        self.columns = columns
        let (count, overflow) = max(rows, 1).multipliedReportingOverflow(by: max(columns, 1) * MemoryLayout<T>.size)
        if overflow { throw JaxError(.resourceExhausted, "a matrix of \(rows) by \(columns) is too large") }
        scratch = try Scratch(byteCount: count)
    }

    func free() { scratch.free() }

    @inline(__always) var elements: UnsafeMutablePointer<T> { scratch.bytes.assumingMemoryBound(to: T.self) }
    @inline(__always) func row(_ i: Int) -> UnsafeMutablePointer<T> { elements + i &* columns }

    @inline(__always) subscript(i: Int, j: Int) -> T {
        get { elements[i &* columns &+ j] }
        nonmutating set { elements[i &* columns &+ j] = newValue }
    }

    func fill(_ value: T) { elements.update(repeating: value, count: rows * columns) }

    /// Whether there is neither NaN nor infinity in it.
    var isFinite: Bool {
        for k in 0..<(rows * columns) where !elements[k].pivotSize.isFinite { return false }
        return true
    }

    func setIdentity() {
        fill(T.zero)
        for i in 0..<min(rows, columns) { self[i, i] = T.one }
    }

    /// Widens matrix number `index` of a stack, or its transpose (conjugated where asked).
    func load(_ stack: Tensor, _ index: Int, transposed: Bool = false, conjugated: Bool = false) {
        let dtype = stack.dtype
        let source = stack.bytes + index * rows * columns * dtype.byteWidth
        let words = scratch.words
        if !transposed {
            loadWide(dtype, source, count: rows * columns, into: words)
        } else {
            for i in 0..<rows {
                loadWide(dtype, source + i * dtype.byteWidth, stride: rows, count: columns, into: words + i * columns * dtype.wideWords)
            }
        }
        if conjugated && dtype.isComplex {
            for i in 0..<(rows * columns) { elements[i] = elements[i].conjugate }
        }
    }

    /// Narrows the leading `columns` of all rows into matrix number `index` of a stack whose matrices have that size.
    func store(_ stack: Tensor, _ index: Int, transposed: Bool = false) {
        let dtype = stack.dtype
        let target = stack.bytes + index * rows * columns * dtype.byteWidth
        let words = scratch.words
        if !transposed {
            storeWide(dtype, words, count: rows * columns, to: target)
        } else {
            for i in 0..<rows {
                storeWide(dtype, words + i * columns * dtype.wideWords, count: columns, to: target + i * dtype.byteWidth, stride: rows)
            }
        }
    }
}

/// `target[j] -= factor * source[j]`.
@inline(__always)
func subtractScaled<T: LinearScalar>(_ target: UnsafeMutablePointer<T>, _ factor: T, _ source: UnsafeMutablePointer<T>, _ count: Int) {
    for j in 0..<count { target[j] = target[j] - factor * source[j] }
}

/// The sum of `conj(a[j]) * b[j]`.
@inline(__always)
func innerProduct<T: LinearScalar>(_ a: UnsafeMutablePointer<T>, _ b: UnsafeMutablePointer<T>, _ count: Int) -> T {
    var sum = T.zero
    for j in 0..<count { sum = sum + a[j].conjugate * b[j] }
    return sum
}

/// Runs `body` for each matrix of a stack of `count`, on all processors.
func forEachMatrix(_ count: Int, work: Int, _ body: (Int) throws(JaxError) -> Void) throws(JaxError) {
    try inParallel(count, parts: partCount(count, work: work)) { (_, range) throws(JaxError) in
        for index in range {
            try checkpoint()
            try body(index)
        }
    }
}
