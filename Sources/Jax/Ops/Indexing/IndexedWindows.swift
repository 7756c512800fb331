// The geometry that gather and scatter share: a tensor of index vectors, each of which places a window on an operand
// (`docs/spec.md`, gather and scatter).
import JaxIR
import JaxPlatform

/// The dimension numbers of a gather or a scatter, under one set of names.
public struct WindowDimensions: Equatable {
    /// Dimensions of the outer array (gather's result, scatter's updates) that run through a window.
    public var windowDims: [Int] = []
    /// Operand dimensions of size 1 in the window that the outer array lacks.
    public var collapsed: [Int] = []
    public var operandBatching: [Int] = []
    public var indicesBatching: [Int] = []
    /// The operand dimension of each component of an index vector.
    public var indexMap: [Int] = []
    public var indexVectorDim = 0

    public init() {}

    public init(windowDims: [Int], collapsed: [Int], operandBatching: [Int] = [],
                indicesBatching: [Int] = [], indexMap: [Int], indexVectorDim: Int) {
        self.windowDims = windowDims
        self.collapsed = collapsed
        self.operandBatching = operandBatching
        self.indicesBatching = indicesBatching
        self.indexMap = indexMap
        self.indexVectorDim = indexVectorDim
    }

    /// Whether the outer array runs through operand dimension `axis`.
    public func isWindow(_ axis: Int) -> Bool { !collapsed.contains(axis) && !operandBatching.contains(axis) }

    /// The dimension of the outer array that runs through operand dimension `axis`; nil where none does.
    public func windowAxis(_ axis: Int) -> Int? {
        guard isWindow(axis) else { return nil }
        var place = 0
        for before in 0..<axis where isWindow(before) { place += 1 }
        return windowDims[place]
    }

    /// Checks everything that does not depend on the outer array.
    func check(_ op: OpView, operand: [Int], indices: TensorType) throws(JaxError) {
        try op.require(indices.dtype.isInteger, "indices must be integers, are \(indices)")
        try op.require(indexVectorDim >= 0 && indexVectorDim <= indices.rank,
                       "index_vector_dim \(indexVectorDim) is not a dimension of the indices \(indices)")
        try op.requireAxes(collapsed, rank: operand.count, "collapsed or inserted dims")
        try op.requireAxes(operandBatching, rank: operand.count, "operand batching dims")
        try op.requireAxes(indicesBatching, rank: indices.rank, "indices batching dims")
        try op.requireAxes(indexMap, rank: operand.count, "index map")
        try op.require(operandBatching.count == indicesBatching.count,
                       "as many operand as indices batching dims: \(text(operandBatching)) and \(text(indicesBatching))")
        for axis in operandBatching {
            try op.require(!collapsed.contains(axis) && !indexMap.contains(axis),
                           "operand batching dimension \(axis) is also collapsed or indexed")
        }
        try op.require(!indicesBatching.contains(indexVectorDim), "index_vector_dim \(indexVectorDim) is also a batching dimension")
        for (a, b) in zip(operandBatching, indicesBatching) {
            try op.require(agree(operand[a], indices.shape[b]),
                           "batching dimensions differ: \(operand[a]) of the operand, \(indices.shape[b]) of the indices")
        }
        let components = indexVectorDim < indices.rank ? indices.shape[indexVectorDim] : 1
        try op.require(agree(components, indexMap.count),
                       "index vectors have \(components) components, the index map names \(indexMap.count) dimensions")
        try op.require(windowDims.count + collapsed.count + operandBatching.count == operand.count,
                       "window, collapsed and batching dims must be the operand's \(operand.count) dimensions")
        for k in 1..<max(1, windowDims.count) {
            try op.require(windowDims[k - 1] < windowDims[k], "window dims \(text(windowDims)) must ascend")
        }
    }

    /// The shape of the indices without the index vectors' dimension.
    func batchShape(_ indices: [Int]) -> [Int] {
        var shape: [Int] = []
        for axis in 0..<indices.count where axis != indexVectorDim { shape.append(indices[axis]) }
        return shape
    }
}

/// The walk over all index vectors: where each window lies in the operand and in the outer array.
struct IndexedWindows {
    let rank: Int
    let operandShape: [Int]
    let operandStrides: [Int]
    let batchShape: [Int]
    let batchCount: Int
    private let indexStrides: [Int]
    private let componentStride: Int
    private let indexMap: [Int]
    private let batchStrides: [Int]
    /// (operand dimension, position in the batch shape).
    private let batching: [(operand: Int, batch: Int)]
    private let indices: Scratch
    private let isUnsigned: Bool

    /// Loops through a window: sizes, and strides in the operand and in the outer array, in elements.
    let windowAxes: [Int]
    let windowSizes: [Int]
    let windowOperandStrides: [Int]
    let windowOuterStrides: [Int]

    /// `outer` is the gather's result or the scatter's updates; its types have been checked. The caller frees it.
    init(_ dimensions: WindowDimensions, operand: TensorType, indices: Tensor, outer: TensorType) throws(JaxError) {
        rank = operand.rank
        operandShape = operand.shape
        operandStrides = operand.strides
        batchShape = dimensions.batchShape(indices.shape)
        var strides: [Int] = []
        let all = indices.type.strides
        for axis in 0..<all.count where axis != dimensions.indexVectorDim { strides.append(all[axis]) }
        indexStrides = strides
        componentStride = dimensions.indexVectorDim < all.count ? all[dimensions.indexVectorDim] : 0
        indexMap = dimensions.indexMap
        isUnsigned = indices.dtype.kind == .unsigned
        var batching: [(operand: Int, batch: Int)] = []
        for (a, b) in zip(dimensions.operandBatching, dimensions.indicesBatching) {
            batching.append((operand: a, batch: b < dimensions.indexVectorDim ? b : b - 1))
        }
        self.batching = batching

        let outerStrides = outer.strides
        var batchStrides: [Int] = []
        for axis in 0..<outer.rank where !dimensions.windowDims.contains(axis) { batchStrides.append(outerStrides[axis]) }
        self.batchStrides = batchStrides
        var axes: [Int] = [], sizes: [Int] = [], inner: [Int] = [], outside: [Int] = []
        for axis in 0..<rank where dimensions.isWindow(axis) {
            let outerAxis = dimensions.windowDims[axes.count]
            axes.append(axis)
            sizes.append(outer.shape[outerAxis])
            inner.append(operandStrides[axis])
            outside.append(outerStrides[outerAxis])
        }
        windowAxes = axes
        windowSizes = sizes
        windowOperandStrides = inner
        windowOuterStrides = outside
        batchCount = try product(batchShape)
        self.indices = try indices.wide()
    }

    func free() { indices.free() }

    /// Puts the start of window number `batch` into `start`, one index a dimension of the operand, as the program gives it:
    /// possibly out of bounds. Returns where the window begins in the outer array.
    @inline(__always)
    func place(_ batch: Int, _ start: inout [Int]) -> Int {
        for axis in 0..<rank { start[axis] = 0 }
        var rest = batch, index = 0, outer = 0
        var axis = batchShape.count
        while axis > 0 {
            axis &-= 1
            let i = rest % batchShape[axis]
            rest /= batchShape[axis]
            index &+= i &* indexStrides[axis]
            outer &+= i &* batchStrides[axis]
            for pair in batching where pair.batch == axis { start[pair.operand] = i }
        }
        for component in 0..<indexMap.count {
            let value = Int(indices.words.integers[index &+ component &* componentStride])
            start[indexMap[component]] = isUnsigned && value < 0 ? Int.max : value
        }
        return outer
    }
}
