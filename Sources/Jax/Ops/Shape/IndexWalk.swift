// Walking the elements of an array in row-major order while following one or two other arrays by their strides.

/// A row-major walk over `shape` that keeps a position in another array: `offset` plus the sum of index times stride.
/// A stride may be zero (broadcast) or negative (reverse).
///
///     var walk = IndexWalk(shape: shape, strides: source.strides)
///     for i in 0..<count { target[i] = source[walk.position]; walk.advance() }
struct IndexWalk {
    private(set) var position: Int
    /// The current index in each dimension.
    private(set) var index: [Int]
    let shape: [Int]
    let strides: [Int]

    init(shape: [Int], strides: [Int], offset: Int = 0) {
        position = offset
        index = [Int](repeating: 0, count: shape.count)
        self.shape = shape
        self.strides = strides
    }

    /// To the next element; after the last one, back to the first.
    @inline(__always)
    mutating func advance() { advance(from: shape.count) }

    /// To the next element of the leading `rank` dimensions; the walk stands at index 0 in all others.
    @inline(__always)
    mutating func advance(from rank: Int) {
        var axis = rank
        while axis > 0 {
            axis &-= 1
            index[axis] &+= 1
            position &+= strides[axis]
            if index[axis] < shape[axis] { return }
            position &-= strides[axis] &* shape[axis]
            index[axis] = 0
        }
    }
}

/// A strided copy as loops: dimensions of size 1 dropped, neighbours merged where memory allows. What is left is a nest
/// of few loops whose last one is long.
struct StridedNest {
    private(set) var shape: [Int] = []
    /// Strides of the source and of the target, in elements.
    private(set) var source: [Int] = []
    private(set) var target: [Int] = []

    init(shape: [Int], source: [Int], target: [Int]) {
        for axis in 0..<shape.count where shape[axis] != 1 {
            if let last = self.shape.indices.last,
               self.source[last] == source[axis] &* shape[axis], self.target[last] == target[axis] &* shape[axis] {
                self.shape[last] &*= shape[axis]
                self.source[last] = source[axis]
                self.target[last] = target[axis]
            } else {
                self.shape.append(shape[axis])
                self.source.append(source[axis])
                self.target.append(target[axis])
            }
        }
        if self.shape.isEmpty {
            self.shape = [1]
            self.source = [1]
            self.target = [1]
        }
    }

    /// Calls `row(source, target, count, sourceStride, targetStride)` for each innermost row, from the given offsets.
    @inline(__always)
    func forEachRow(sourceOffset: Int = 0, targetOffset: Int = 0,
                    _ row: (_ source: Int, _ target: Int, _ count: Int, _ sourceStride: Int, _ targetStride: Int) -> Void) {
        let inner = shape.count - 1
        var rows = 1
        for axis in 0..<inner { rows &*= shape[axis] }
        if rows == 0 || shape[inner] == 0 { return }
        var from = IndexWalk(shape: shape, strides: source, offset: sourceOffset)
        var to = IndexWalk(shape: shape, strides: target, offset: targetOffset)
        for _ in 0..<rows {
            row(from.position, to.position, shape[inner], source[inner], target[inner])
            from.advance(from: inner)
            to.advance(from: inner)
        }
    }
}

/// Copies elements by a nest of loops, from `source` at `sourceOffset` to `target` at `targetOffset`.
struct StridedCopy: WidthKernel {
    let nest: StridedNest
    let source: UnsafeRawPointer
    let sourceOffset: Int
    let target: UnsafeMutableRawPointer
    let targetOffset: Int

    func run<T: BitwiseCopyable>(_ type: T.Type) {
        let source = self.source.assumingMemoryBound(to: T.self)
        let target = self.target.assumingMemoryBound(to: T.self)
        nest.forEachRow(sourceOffset: sourceOffset, targetOffset: targetOffset) { from, to, count, sourceStride, targetStride in
            copyStrided(source + from, sourceStride, target + to, targetStride, count)
        }
    }
}
