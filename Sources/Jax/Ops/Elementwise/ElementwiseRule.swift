// What elementwise operations share: one shape rule, and loops over contiguous memory.
import JaxIR
import JaxPlatform

/// The kinds of element types that an operation takes.
struct DTypeSet: OptionSet {
    let rawValue: UInt8

    static let boolean = DTypeSet(rawValue: 1)
    static let signed = DTypeSet(rawValue: 2)
    static let unsigned = DTypeSet(rawValue: 4)
    static let float = DTypeSet(rawValue: 8)
    static let complex = DTypeSet(rawValue: 16)
    static let integer: DTypeSet = [.signed, .unsigned]
    static let inexact: DTypeSet = [.float, .complex]
    static let all: DTypeSet = [.boolean, .integer, .inexact]

    func contains(_ dtype: DType) -> Bool {
        switch dtype.kind {
        case .boolean: return contains(.boolean)
        case .signed: return contains(.signed)
        case .unsigned: return contains(.unsigned)
        case .float: return contains(.float)
        case .complex: return contains(.complex)
        }
    }
}

extension OpView {
    /// The common type of `count` operands: equal element types of `dtypes`, shapes that agree.
    func elementwiseType(_ count: Int, _ dtypes: DTypeSet) throws(JaxError) -> TensorType {
        try requireOperands(count)
        var type = try tensor(0)
        try require(dtypes.contains(type.dtype), "is not defined for \(type.dtype.name)")
        for index in 1..<max(count, 1) {
            let other = try tensor(index)
            try require(other.dtype == type.dtype && agree(other.shape, type.shape),
                        "operands must have one type, are \(type) and \(other)")
            type.shape = merge(type.shape, other.shape)
        }
        return type
    }
}

/// Operands and result of one type.
func elementwiseRule(_ count: Int, _ dtypes: DTypeSet) -> ShapeRule {
    { view throws(JaxError) in
        [.tensor(try view.elementwiseType(count, dtypes))]
    }
}

/// A definition over one operand: `kernel(operand, result)` fills the result.
func unaryOp(_ code: OpCode, _ rule: @escaping ShapeRule,
             _ kernel: @escaping (Tensor, Tensor) throws(JaxError) -> Void) -> OpDefinition {
    OpDefinition(code, shape: rule, tensor: { frame, operation, operands throws(JaxError) in
        let result = try Tensor(try frame.resultTensorType(operation))
        try kernel(try operands[0].asTensor(), result)
        return result
    })
}

/// A definition over two operands.
func binaryOp(_ code: OpCode, _ rule: @escaping ShapeRule,
              _ kernel: @escaping (Tensor, Tensor, Tensor) throws(JaxError) -> Void) -> OpDefinition {
    OpDefinition(code, shape: rule, tensor: { frame, operation, operands throws(JaxError) in
        let result = try Tensor(try frame.resultTensorType(operation))
        try kernel(try operands[0].asTensor(), try operands[1].asTensor(), result)
        return result
    })
}

extension Tensor {
    /// The first element's address; `Element` has the dtype's size.
    @inline(__always)
    func pointer<Element>(_ type: Element.Type) -> UnsafeMutablePointer<Element> {
        bytes.assumingMemoryBound(to: Element.self)
    }
}

/// Fills `result` from one operand. `R` is the result's element type: where a literal could decide it, say so.
@inline(__always)
func mapElements<A, R>(_ a: Tensor, _ result: Tensor, _ function: (A) -> R) {
    let count = result.elementCount
    assert(MemoryLayout<A>.stride == a.dtype.byteWidth && MemoryLayout<R>.stride == result.dtype.byteWidth)
    let a = a.pointer(A.self)
    let r = result.pointer(R.self)
    overRanges(count) { range in
        for i in range { r[i] = function(a[i]) }
    }
}

/// Fills `result` from two operands.
@inline(__always)
func mapElements<A, B, R>(_ a: Tensor, _ b: Tensor, _ result: Tensor, _ function: (A, B) -> R) {
    let count = result.elementCount
    assert(MemoryLayout<A>.stride == a.dtype.byteWidth && MemoryLayout<B>.stride == b.dtype.byteWidth
        && MemoryLayout<R>.stride == result.dtype.byteWidth)
    let a = a.pointer(A.self)
    let b = b.pointer(B.self)
    let r = result.pointer(R.self)
    overRanges(count) { range in
        for i in range { r[i] = function(a[i], b[i]) }
    }
}

/// Calls `body` with ranges that make up `0..<count`, on several processors where there is enough to do.
func overRanges(_ count: Int, _ body: (Range<Int>) -> Void) {
    let parts = partCount(count, work: count)
    if parts <= 1 {
        body(0..<count)
        return
    }
    let size = (count + parts - 1) / parts
    platform.parallelFor(parts) { part in body(min(part * size, count)..<min((part + 1) * size, count)) }
}
