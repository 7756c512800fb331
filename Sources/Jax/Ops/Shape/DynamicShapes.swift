// Operations whose result's shape is an operand (StableHLO, sections dynamic_*, get_dimension_size), as symbolic exports have
// them. They are checked and printed; specialisation (Transform/DynamicOperations.swift) puts plain operations in their places before a
// program runs, so they have no evaluation. Their parameters carry the shape that the program declares, as far as it is known.
import JaxIR
import JaxPlatform

func dynamicFamily() -> [OpDefinition] {
    [
        dynamic(.dynamicReshape, ReshapeParameters.self) { view, parameters throws(JaxError) in
            try view.requireOperands(2)
            try view.requireShapeOperand(1, rank: parameters.shape.count)
            return try parameters.type(view)
        },
        dynamic(.dynamicBroadcastInDim, BroadcastParameters.self) { view, parameters throws(JaxError) in
            try view.requireOperands(2)
            try view.requireShapeOperand(1, rank: parameters.shape.count)
            return try parameters.type(view)
        },
        dynamic(.dynamicIota, IotaParameters.self) { view, parameters throws(JaxError) in
            try view.requireOperands(1)
            try view.requireAxes([parameters.dimension], rank: parameters.shape.count, "iota_dimension")
            try view.requireShapeOperand(0, rank: parameters.shape.count)
            return TensorType(parameters.dtype, parameters.shape)
        },
        dynamic(.dynamicPad, ReshapeParameters.self) { view, parameters throws(JaxError) in
            try view.requireOperands(5)
            let operand = try view.tensor(0), value = try view.tensor(1)
            try view.require(value.dtype == operand.dtype && value.rank == 0, "the padding must be a scalar like \(operand), is \(value)")
            for index in 2..<5 { try view.requireShapeOperand(index, rank: operand.rank) }
            return try parameters.sameRank(view)
        },
        dynamic(.realDynamicSlice, ReshapeParameters.self) { view, parameters throws(JaxError) in
            try view.requireOperands(4)
            for index in 1..<4 { try view.requireShapeOperand(index, rank: try view.tensor(0).rank) }
            return try parameters.sameRank(view)
        },
        dynamic(.getDimensionSize, DimensionParameters.self) { view, parameters throws(JaxError) in
            try view.requireOperands(1)
            try view.requireAxes([parameters.dimension], rank: try view.tensor(0).rank, "dimension")
            return TensorType(.i32, [])
        },
        dynamic(.setDimensionSize, SetDimensionSizeParameters.self) { view, parameters throws(JaxError) in
            try view.requireOperands(2)
            let operand = try view.tensor(0)
            try view.requireScalar(1, "the size")
            try view.requireInteger(1, "the size")
            try view.requireAxes([parameters.dimension], rank: operand.rank, "dimension")
            try view.require(parameters.shape.count == operand.rank, "the result must have the rank of \(operand)")
            return TensorType(operand.dtype, parameters.shape)
        },
        dynamic(.dynamicGather, DynamicGatherParameters.self, infer: dynamicGatherType),
        dynamic(.dynamicConv, DynamicConvolutionParameters.self, infer: dynamicConvolutionType),
    ]
}

private func dynamic<Record: Parameters>(_ code: OpCode, _ record: Record.Type,
                                         infer: @escaping (OpView, Record) throws(JaxError) -> TensorType) -> OpDefinition {
    OpDefinition(code, record, .dynamic, infer: { view, record throws(JaxError) in [.tensor(try infer(view, record))] }, .none)
}

extension ReshapeParameters {
    /// The operand's element type with this shape, which has the operand's rank.
    fileprivate func sameRank(_ view: OpView) throws(JaxError) -> TensorType {
        let operand = try view.tensor(0)
        try view.require(shape.count == operand.rank, "the result must have the rank of \(operand), has the shape \(text(shape))")
        return TensorType(operand.dtype, shape)
    }
}

/// A dimension, and the shape of the result.
public final class SetDimensionSizeParameters: Parameters {
    public private(set) var dimension = 0
    public private(set) var shape: [Int] = []

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integer("dimension", &dimension)
        try coder.shape("shape", &shape)
    }
}
