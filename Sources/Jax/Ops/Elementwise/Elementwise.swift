// What elementwise operations share: one shape rule, and one evaluation by the loops that each definition brings.
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

/// An operation over `count` operands of one type of `dtypes`; `result` is the element type that comes out, the operands' own
/// where nothing is said.
func elementwise(_ code: OpCode, _ count: Int, _ dtypes: DTypeSet, result: @escaping (DType) -> DType = { $0 },
                 _ kernels: ScalarKernels, traits: Traits = []) -> OpDefinition {
    elementwise(code, Parameters.self, traits, isBare: true, infer: { view, _ throws(JaxError) in
        let type = try view.elementwiseType(count, dtypes)
        return TensorType(result(type.dtype), type.shape)
    }, kernel: { operand, _, _ in kernels.kernel(operand) })
}

/// An operation with parameters. `kernel` gives the loop for the element types of the last operand and of the result.
func elementwise<Record: Parameters>(
    _ code: OpCode, _ record: Record.Type, _ traits: Traits = [], isBare: Bool = false,
    infer: @escaping (OpView, Record) throws(JaxError) -> TensorType,
    kernel: @escaping (_ operand: DType, _ result: DType, Record) -> BlockKernel?) -> OpDefinition {
    OpDefinition(code, record, traits.union(.elementwise), infer: { view, record throws(JaxError) in [.tensor(try infer(view, record))] },
                 .tensor(evaluateElementwise),
                 scalar: { operand, result, parameters in kernel(operand, result, unsafeDowncast(parameters, to: Record.self)) },
                 isBare: isBare)
}

/// Runs the definition's loop over whole arrays, on several processors where there is enough to do.
private func evaluateElementwise(_ activation: Activation, _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let type = try activation.resultTensorType()
    guard let kernel = activation.step.kernel else {
        throw unavailable(activation.operation.code.name, try operands[operands.count - 1].asTensor().dtype)
    }
    return try runElementwise(kernel, operands, type)
}

/// `kernel` over arrays of `type`'s shape, of which some may be scalars that stand for all elements.
private func runElementwise(_ kernel: BlockKernel, _ operands: [RuntimeValue], _ type: TensorType) throws(JaxError) -> Tensor {
    let result = try Tensor(type)
    let a = try operands[0].asTensor()
    let b = operands.count > 1 ? try operands[1].asTensor() : a
    let c = operands.count > 2 ? try operands[2].asTensor() : a
    let widths = (a.dtype.byteWidth, b.dtype.byteWidth, c.dtype.byteWidth, type.dtype.byteWidth)
    if type.rank == 0 || a.type.rank == type.rank && b.type.rank == type.rank && c.type.rank == type.rank {
        overRanges(result.elementCount) { range in
            kernel(a.bytes + range.lowerBound &* widths.0, b.bytes + range.lowerBound &* widths.1, c.bytes + range.lowerBound &* widths.2,
                   result.bytes + range.lowerBound &* widths.3, range.count)
        }
        return result
    }
    // A scalar is repeated for one block, and the block is used again and again.
    let block = 256
    let first = try repeated(a, block, unless: type.rank), second = try repeated(b, block, unless: type.rank)
    let third = try repeated(c, block, unless: type.rank)
    overRanges(result.elementCount) { range in
        var start = range.lowerBound
        while start < range.upperBound {
            kernel(first?.bytes ?? a.bytes + start &* widths.0, second?.bytes ?? b.bytes + start &* widths.1,
                   third?.bytes ?? c.bytes + start &* widths.2, result.bytes + start &* widths.3, min(block, range.upperBound &- start))
            start += block
        }
    }
    return result
}

/// `count` times a scalar; nil for an array of `rank`.
private func repeated(_ tensor: Tensor, _ count: Int, unless rank: Int) throws(JaxError) -> Tensor? {
    if tensor.type.rank == rank { return nil }
    let block = try Tensor(TensorType(tensor.dtype, [count]))
    dispatchWidth(tensor.dtype, FillKernel(value: tensor.bytes, result: block))
    return block
}

extension Tensor {
    /// The first element's address; `Element` has the dtype's size.
    @inline(__always)
    func pointer<Element>(_ type: Element.Type) -> UnsafeMutablePointer<Element> {
        bytes.assumingMemoryBound(to: Element.self)
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
