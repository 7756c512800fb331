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

extension SpecialisingCopier {
    /// Computes an operation whose operands are known and whose results are small lists of integers. Returns whether it did.
    func fold(_ operation: Operation) throws(JaxError) -> Bool {
        switch operation.code {
        case .getDimensionSize: return try foldDimensionSize(operation)
        case .constant: return try foldConstant(operation)
        case .broadcastInDim, .concatenate, .iota, .reshape, .reverse, .slice, .transpose, .dynamicSlice: break
        default: guard opDefinition(operation.code)?.traits.contains(.elementwise) == true else { return false }
        }
        guard operation.regions.isEmpty, !operation.results.isEmpty else { return false }
        for id in operation.results {
            guard let type = declaredTensor(id), type.isStatic, isSmall(type) else { return false }
        }
        var tensors: [Tensor] = []
        for id in operation.operands {
            guard let tensor = known(id) else { return false }
            tensors.append(tensor)
        }
        // The operation alone, as a program of its own for the reference evaluator: folding computes what running would.
        let builder = Builder(Function(name: "fold"))
        let operands = tensors.map { builder.parameter(.tensor($0.type)) }
        builder.finish(try builder.emit(operation.code, operands, operation.parameters))
        let module = Module()
        try module.add(builder.function)
        let results = try EvaluationPlan(module).call(builder.function, tensors.map { .tensor($0) })
        for (id, result) in zip(operation.results, results) { bind(id, .known(try result.asTensor().owned())) }
        return true
    }

    private func isSmall(_ type: TensorType) -> Bool {
        guard type.dtype.isInteger || type.dtype == .i1, let count = type.checkedElementCount else { return false }
        return count <= foldedElementLimit
    }

    private func foldDimensionSize(_ operation: Operation) throws(JaxError) -> Bool {
        let dimension = operation.parameters(DimensionParameters.self).dimension
        guard let operand = operation.operands.first, case .tensor(let type) = try type(of: operand),
              type.shape.indices.contains(dimension) else {
            throw JaxError(.malformed, "get_dimension_size has no such dimension")
        }
        let tensor = try Tensor(TensorType(.i32, []))
        guard let size = Int32(exactly: type.shape[dimension]) else {
            throw JaxError(.valueError, "the dimension \(type.shape[dimension]) of \(type) does not fit 32 bits")
        }
        tensor.elements(as: Int32.self)[0] = size
        bind(operation.results[0], .known(tensor))
        return true
    }

    private func foldConstant(_ operation: Operation) throws(JaxError) -> Bool {
        let literal = operation.parameters(ConstantParameters.self).value
        guard isSmall(literal.type) else { return false }
        let width = literal.type.dtype.byteWidth
        let tensor = try Tensor(literal.type)
        for index in 0..<literal.type.elementCount {
            let source = literal.storage.bytes + (literal.isSplat ? 0 : index) * width
            (tensor.bytes + index * width).copyMemory(from: source, byteCount: width)
        }
        bind(operation.results[0], .known(tensor))
        return true
    }
}
