// Known values: which operations are computed while a program is specialised.
import JaxIR
import JaxOps
import JaxPlatform

/// Shapes and sizes are short lists.
private let foldedElementLimit = 256

/// The elements of a boolean or integer tensor.
func integers(_ tensor: Tensor) -> [Int]? {
    let count = tensor.elementCount
    func list<Value: FixedWidthInteger>(_ type: Value.Type) -> [Int] {
        let elements = tensor.elements(as: Value.self)
        return (0..<count).map { Int(truncatingIfNeeded: elements[$0]) }
    }
    switch tensor.dtype {
    case .i1, .u2, .u4, .u8: return list(UInt8.self)
    case .i2, .i4, .i8: return list(Int8.self)
    case .i16: return list(Int16.self)
    case .u16: return list(UInt16.self)
    case .i32: return list(Int32.self)
    case .u32: return list(UInt32.self)
    case .i64: return list(Int64.self)
    case .u64: return list(UInt64.self)
    default: return nil
    }
}

extension FunctionBuilder {
    /// Computes an operation whose operands are known and whose results are small lists of integers. Returns whether it did.
    func fold(_ operation: Operation) throws(JaxError) -> Bool {
        switch operation.code {
        case .getDimensionSize: return try foldDimensionSize(operation)
        case .constant: return try foldConstant(operation)
        case .abs, .add, .and, .clamp, .compare, .convert, .divide, .maximum, .minimum, .multiply, .negate, .not, .or,
             .popcnt, .power, .remainder, .select, .shiftLeft, .shiftRightArithmetic, .shiftRightLogical, .sign, .subtract,
             .xor, .broadcastInDim, .concatenate, .iota, .reshape, .reverse, .slice, .transpose, .dynamicSlice:
            break
        default: return false
        }
        guard operation.regions.isEmpty, !operation.results.isEmpty else { return false }
        // The operation alone, as a function of its operands.
        let alone = Function(name: "fold")
        let copy = Operation(operation.code, attributes: operation.attributes, location: operation.location)
        var values: [RuntimeValue] = []
        for id in operation.operands {
            guard let tensor = known(id) else { return false }
            let value = alone.makeValue(.tensor(tensor.type))
            alone.body.parameters.append(value)
            copy.operands.append(value)
            values.append(.tensor(tensor))
        }
        for id in operation.results {
            guard let type = declaredTensor(id), type.isStatic, isSmall(type) else { return false }
            let value = alone.makeValue(.tensor(type))
            copy.results.append(value)
            alone.body.results.append(value)
        }
        alone.body.operations = [copy]
        // The reference evaluator, so that folding computes what running would.
        let results = try Evaluator(specialiser.source).call(alone, values)
        for (id, result) in zip(operation.results, results) { bind(id, .known(try result.asTensor().owned())) }
        return true
    }

    private func isSmall(_ type: TensorType) -> Bool {
        guard type.dtype.isInteger || type.dtype == .i1, let count = type.checkedElementCount else { return false }
        return count <= foldedElementLimit
    }

    private func foldDimensionSize(_ operation: Operation) throws(JaxError) -> Bool {
        guard let dimension = operation.attributes.integer("dimension"), let operand = operation.operands.first,
              let result = operation.results.first, case .tensor(let type) = try type(of: operand),
              type.shape.indices.contains(dimension) else {
            throw JaxError(.malformed, "get_dimension_size has no such dimension")
        }
        let tensor = try Tensor(TensorType(.i32, []))
        guard let size = Int32(exactly: type.shape[dimension]) else {
            throw JaxError(.valueError, "the dimension \(type.shape[dimension]) of \(type) does not fit 32 bits")
        }
        tensor.elements(as: Int32.self)[0] = size
        bind(result, .known(tensor))
        return true
    }

    private func foldConstant(_ operation: Operation) throws(JaxError) -> Bool {
        guard let literal = operation.attributes.literal("value"), let result = operation.results.first,
              isSmall(literal.type) else { return false }
        let width = literal.type.dtype.byteWidth
        let tensor = try Tensor(literal.type)
        for index in 0..<literal.type.elementCount {
            let source = literal.storage.bytes + (literal.isSplat ? 0 : index) * width
            (tensor.bytes + index * width).copyMemory(from: source, byteCount: width)
        }
        bind(result, .known(tensor))
        return true
    }
}
