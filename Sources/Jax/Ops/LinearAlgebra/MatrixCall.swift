// One linear-algebra operation on stacks of matrices: its operands, its results, and the dimensions they share.
import JaxIR
import JaxPlatform

/// Operands and freshly made results of a call on stacks of matrices.
struct MatrixCall {
    let operands: [Tensor]
    let results: [Tensor]
    /// Matrices in the stack.
    let batch: Int
    /// Rows and columns of the first operand's matrices.
    let rows: Int
    let columns: Int

    /// The first operand is a stack of matrices, except for gtsv, which looks at its fourth.
    init(_ activation: Activation, _ values: [RuntimeValue]) throws(JaxError) {
        var operands: [Tensor] = []
        for value in values { operands.append(try value.asTensor()) }
        self.operands = operands
        var results: [Tensor] = []
        for index in activation.operation.results.indices { results.append(try activation.makeResult(index)) }
        self.results = results
        let shape = operands[0].shape
        batch = try product(Array(shape.dropLast(2)))
        rows = shape.count < 2 ? 1 : shape[shape.count - 2]
        columns = shape.last ?? 1
    }

    var values: [RuntimeValue] {
        var values: [RuntimeValue] = []
        for result in results { values.append(.tensor(result)) }
        return values
    }

    var isComplex: Bool { operands[0].dtype.isComplex }

    /// Runs `body` for each matrix of the stack.
    func forEach(_ body: (Int) throws(JaxError) -> Void) throws(JaxError) {
        try forEachMatrix(batch, work: batch &* rows &* columns &* 8, body)
    }

    /// Narrows vector number `index` into result number `result`, whose last dimension is `count`.
    func storeVector<T: LinearScalar>(_ result: Int, _ index: Int, _ elements: UnsafeMutablePointer<T>, _ count: Int) {
        let tensor = results[result]
        storeWide(tensor.dtype, UnsafeMutableRawPointer(elements).assumingMemoryBound(to: UInt64.self), count: count,
                  to: tensor.bytes + index * count * tensor.dtype.byteWidth)
    }

    func storeVector(_ result: Int, _ index: Int, integers: UnsafeMutablePointer<Int64>, _ count: Int) {
        let tensor = results[result]
        storeWide(tensor.dtype, UnsafeMutableRawPointer(integers).assumingMemoryBound(to: UInt64.self), count: count,
                  to: tensor.bytes + index * count * tensor.dtype.byteWidth)
    }

    /// LAPACK's `info` of matrix number `index`, in result number `result`.
    func storeInfo(_ result: Int, _ index: Int, _ info: Int) {
        var word = UInt64(bitPattern: Int64(info))
        let tensor = results[result]
        storeWide(tensor.dtype, &word, count: 1, to: tensor.bytes + index * tensor.dtype.byteWidth)
    }

    /// What iterations that would not end give for a matrix with NaN or infinities: NaN in all results of matrix number `index`, and
    /// the `info` with which jaxlib refuses such an argument.
    func refuse(_ index: Int, info: Int?) throws(JaxError) {
        for (number, tensor) in results.enumerated() {
            let count = tensor.elementCount / max(batch, 1)
            guard tensor.dtype.kind == .float || tensor.dtype.isComplex else {
                if number == info { storeInfo(number, index, -4) } else { storeInfo(number, index, 0) }
                continue
            }
            let words = try Scratch(words: max(1, count * tensor.dtype.wideWords))
            defer { words.free() }
            for k in 0..<(count * tensor.dtype.wideWords) { words.doubles[k] = .nan }
            storeWide(tensor.dtype, words.words, count: count, to: tensor.bytes + index * count * tensor.dtype.byteWidth)
        }
    }

    /// Widens vector number `index` of operand number `operand`, of `count` elements.
    func loadVector<T: LinearScalar>(_ operand: Int, _ index: Int, _ elements: UnsafeMutablePointer<T>, _ count: Int) {
        let tensor = operands[operand]
        loadWide(tensor.dtype, tensor.bytes + index * count * tensor.dtype.byteWidth, count: count,
                 into: UnsafeMutableRawPointer(elements).assumingMemoryBound(to: UInt64.self))
    }
}

extension OpView {
    /// The type of an operand that is a stack of matrices of floats or complex numbers.
    func matrixStack(_ index: Int, square: Bool = false) throws(JaxError) -> (type: TensorType, batch: [Int], rows: Int, columns: Int) {
        let type = try tensor(index)
        switch type.dtype {
        case .f32, .f64, .c64, .c128, .f16, .bf16: break
        default: throw error(.typeError, "operand \(index) must hold floats or complex numbers, is \(type)")
        }
        try require(type.rank >= 2, "operand \(index) must be a matrix or a stack of them, is \(type)")
        let rows = type.shape[type.rank - 2], columns = type.shape[type.rank - 1]
        try require(!square || agree(rows, columns), "operand \(index) must be square, is \(type)")
        return (type, Array(type.shape.dropLast(2)), rows, columns)
    }
}

/// The smaller size; dynamic if one of them is.
func smaller(_ a: Int, _ b: Int) -> Int { isDynamic(a) || isDynamic(b) ? TensorType.dynamic : min(a, b) }
