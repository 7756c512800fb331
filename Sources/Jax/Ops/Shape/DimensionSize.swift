// get_dimension_size and set_dimension_size (StableHLO, section get_dimension_size). By the time a program runs all sizes
// are known: the first is a constant, and the second may only state the size that the array has.
import JaxIR
import JaxPlatform

func dimensionSizeFamily() -> [OpDefinition] {
    [
        OpDefinition(.getDimensionSize, shape: { view throws(JaxError) in
            try view.requireOperands(1)
            try view.requireAxes([try view.requiredInteger("dimension")], rank: try view.tensor(0).rank, "dimension")
            return [.tensor(TensorType(.i32, []))]
        }, tensor: { frame, operation, operands throws(JaxError) in
            let size = try operands[0].asTensor().shape[operation.attributes.integer("dimension") ?? 0]
            let result = try Tensor(TensorType(.i32, []))
            result.pointer(Int32.self).pointee = Int32(truncatingIfNeeded: size)
            return result
        }),
        OpDefinition(.setDimensionSize, shape: { view throws(JaxError) in
            try view.requireOperands(2)
            let operand = try view.tensor(0)
            try view.requireScalar(1, "the size")
            try view.requireInteger(1, "the size")
            try view.requireAxes([try view.requiredInteger("dimension")], rank: operand.rank, "dimension")
            return [.tensor(TensorType(operand.dtype, try view.declaredTensor().shape))]
        }, tensor: { frame, operation, operands throws(JaxError) in
            let operand = try operands[0].asTensor()
            let axis = operation.attributes.integer("dimension") ?? 0
            let size = try integer(operands[1])
            guard size == operand.shape[axis], operand.shape == (try frame.resultTensorType(operation)).shape else {
                throw JaxError(.notImplemented, "set_dimension_size: arrays whose size is below their bound are not available "
                    + "(size \(size) of dimension \(axis) of \(operand.type))")
            }
            return operand
        }),
    ]
}
