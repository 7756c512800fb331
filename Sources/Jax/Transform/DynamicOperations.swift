// Operations that take shapes as operands become the plain ones, once those are known (StableHLO specification, dynamic_*).
import JaxIR
import JaxOps
import JaxPlatform

extension SpecialisingCopier {
    /// Copies `operation` in its static form. Returns false where it has none.
    func copyDynamic(_ operation: Operation) throws(JaxError) -> Bool {
        let operands = operation.operands
        func list(_ index: Int, _ what: String) throws(JaxError) -> [Int] { try self.list(operation, index, what) }
        func shape(_ index: Int) throws(JaxError) -> [Int] { try resized(operation, try self.list(operation, index, "the result's shape")) }
        switch operation.code {
        case .dynamicReshape:
            try emit(.reshape, for: operation, [try value(operands[0])], ReshapeParameters(try shape(1)))
        case .reshape:
            try emit(.reshape, for: operation, [try value(operands[0])], ReshapeParameters(try completed(operation)))
        case .dynamicIota:
            let parameters = operation.parameters(IotaParameters.self)
            try emit(.iota, for: operation, [], IotaParameters(TensorType(parameters.dtype, try shape(0)), dimension: parameters.dimension))
        case .dynamicBroadcastInDim:
            let dimensions = operation.parameters(BroadcastParameters.self).dimensions
            try emit(.broadcastInDim, for: operation, [try value(operands[0])],
                     BroadcastParameters(shape: try shape(1), dimensions: dimensions))
        case .dynamicPad:
            try emit(.pad, for: operation, try values(operands[..<2]), PadParameters(
                low: try list(2, "the padding"), high: try list(3, "the padding"), interior: try list(4, "the padding")))
        case .realDynamicSlice:
            if try copyVariableSlice(operation) { return true }
            try emit(.slice, for: operation, [try value(operands[0])], SliceParameters(
                starts: try list(1, "a slice's start"), limits: try list(2, "a slice's limit"), strides: try list(3, "a slice's stride")))
        case .dynamicGather:
            let parameters = operation.parameters(DynamicGatherParameters.self)
            try emit(.gather, for: operation, try values(operands[..<2]), GatherParameters(
                parameters.dimensions, sliceSizes: try list(2, "the slice sizes"), indicesAreSorted: parameters.indicesAreSorted))
        case .dynamicConv:
            let padding = try list(2, "the padding")
            try emit(.convolution, for: operation, try values(operands[..<2]),
                     operation.parameters(DynamicConvolutionParameters.self).padded(padding))
        case .setDimensionSize:
            // With the size that the dimension has anyway, it is the operand.
            let size = try list(1, "a dimension's size"), dimension = operation.parameters(SetDimensionSizeParameters.self).dimension
            guard case .tensor(let type) = try type(of: operands[0]), type.shape.indices.contains(dimension),
                  size == [type.shape[dimension]] else {
                throw JaxError(.notImplemented, "set_dimension_size to another size than the dimension has")
            }
            bind(operation.results[0], .value(try value(operands[0])))
        default: return false
        }
        return true
    }

    /// The shape of a reshape of which one dimension may be dynamic: what is left of the operand's elements.
    private func completed(_ operation: Operation) throws(JaxError) -> [Int] {
        var shape = operation.parameters(ReshapeParameters.self).shape
        let dynamic = shape.indices.filter { shape[$0] == TensorType.dynamic }
        guard dynamic.count == 1, case .tensor(let type) = try type(of: operation.operands[0]), let count = type.checkedElementCount else {
            return shape
        }
        var rest = 1
        for axis in shape.indices where axis != dynamic[0] { rest = rest.multipliedReportingOverflow(by: shape[axis]).partialValue }
        if rest > 0, count % rest == 0 { shape[dynamic[0]] = count / rest }
        return shape
    }

    /// A slice whose start depends on the arguments' elements, but whose size is known from `limit = start + size`, is a
    /// dynamic_slice.
    private func copyVariableSlice(_ operation: Operation) throws(JaxError) -> Bool {
        let start = operation.operands[1], limit = operation.operands[2]
        if known(start) != nil && known(limit) != nil { return false }
        guard let sum = definition(of: limit), sum.code == .add, sum.operands.count == 2,
              let other = sum.operands.first == start ? sum.operands.last : sum.operands.last == start ? sum.operands.first : nil,
              let sizes = known(other).flatMap(integers) else { return false }
        for stride in try list(operation, 3, "a slice's stride") where stride != 1 { return false }
        guard case .tensor(let starts) = try type(of: start), starts.rank == 1, starts.shape[0] == sizes.count else { return false }
        let vector = try value(start)
        var values = [try value(operation.operands[0])]
        for index in sizes.indices {
            try specialiser.charge()
            let one = try builder.one(.slice, [vector], SliceParameters(starts: [index], limits: [index + 1]))
            values.append(try builder.one(.reshape, [one], ReshapeParameters([])))
        }
        try emit(.dynamicSlice, for: operation, values, SliceSizesParameters(try resized(operation, sizes)))
        return true
    }

    // MARK: Custom calls

    func copyCustomCall(_ operation: Operation) throws(JaxError) {
        let call = operation.parameters(CustomCallParameters.self)
        switch call.target {
        case "shape_assertion": try decideAssertion(operation)
        case "stablehlo.dynamic_top_k":
            let count = try knownIntegers(try operand(operation, 1), "k").first ?? -1
            try emit(.topK, for: operation, [try value(operation.operands[0])], TopKParameters(count))
        case "stablehlo.dynamic_approx_top_k": try copyApproximateTopK(operation, call)
        case "stablehlo.dynamic_reduce_window": try copyReduceWindow(operation, call)
        case "stablehlo.dynamic_rng_bit_generator":
            let shape = try resized(operation, try list(operation, 1, "the shape of random bits"), result: 1)
            guard let dtype = declaredTensor(operation.results[1])?.dtype,
                  let algorithm = (call.configuration as? RngAlgorithmParameters)?.algorithm else {
                throw JaxError(.malformed, "stablehlo.dynamic_rng_bit_generator has no algorithm")
            }
            try emit(.rngBitGenerator, for: operation, [try value(operation.operands[0])],
                     RngBitGeneratorParameters(algorithm, TensorType(dtype, shape)))
        default: try copyShapedCall(operation, call)
        }
    }

    /// The first operand must be true; otherwise the message, with {i} standing for the operand after the i-th.
    private func decideAssertion(_ operation: Operation) throws(JaxError) {
        let holds = try list(operation, 0, "what a shape assertion asserts")
        guard holds == [0] else { return }
        let call = operation.parameters(CustomCallParameters.self)
        var message = (call.configuration as? ShapeAssertionParameters)?.message ?? ""
        for (index, id) in operation.operands.dropFirst().enumerated() {
            guard let tensor = known(id), let value = integers(tensor)?.first else { continue }
            message = replacing("{\(index)}", with: "\(value)", in: message)
        }
        throw JaxError(.valueError, message)
    }

    private func replacing(_ pattern: String, with text: String, in message: String) -> String {
        let pattern = Array(pattern.utf8), source = Array(message.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < source.count {
            if source.count - index >= pattern.count, source[index..<index + pattern.count].elementsEqual(pattern) {
                result += Array(text.utf8)
                index += pattern.count
            } else {
                result.append(source[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A reduce_window whose window is given by operands: inputs, initial values, then window dimensions, strides, base
    /// dilations, window dilations and padding.
    private func copyReduceWindow(_ operation: Operation, _ call: CustomCallParameters) throws(JaxError) {
        let count = operation.operands.count - 5
        guard count >= 2, count % 2 == 0, let reducer = call.called.first else {
            throw JaxError(.malformed, "stablehlo.dynamic_reduce_window takes inputs, initial values, a window and a reducer")
        }
        var lists: [[Int]] = []
        for index in 0..<5 { lists.append(try list(operation, count + index, "the window")) }
        var scalars: [ValueType] = []
        for id in operation.operands[count / 2..<count] { scalars.append(try type(of: id)) }
        let region = try inlinedRegion(reducer, parameterTypes: scalars + scalars)
        try emit(.reduceWindow, for: operation, try values(operation.operands[..<count]), ReduceWindowParameters(
            dimensions: lists[0], strides: lists[1], baseDilations: lists[2], windowDilations: lists[3], padding: lists[4]),
            regions: [region])
    }

    /// stablehlo.dynamic_approx_top_k: ApproxTopK with k as the operand before the shapes of the results.
    private func copyApproximateTopK(_ operation: Operation, _ call: CustomCallParameters) throws(JaxError) {
        let operands = operation.operands, results = operation.results.count
        guard results > 0, operands.count >= 2 * results + 1, let count = try knownIntegers(operands[2 * results], "k").first,
              let dimension = (call.configuration as? ApproximateTopKParameters)?.dimension else {
            throw JaxError(.malformed, "stablehlo.dynamic_approx_top_k takes operands, initial values and k")
        }
        var types: [ValueType] = [], operandTypes: [ValueType] = []
        for id in operands[..<results] {
            guard case .tensor(var type) = try type(of: id), type.shape.indices.contains(dimension) else {
                throw JaxError(.malformed, "stablehlo.dynamic_approx_top_k has no dimension \(dimension)")
            }
            operandTypes.append(.tensor(type))
            type.shape[dimension] = count
            types.append(.tensor(type))
        }
        let parameters = try CustomCallParameters("ApproxTopK", call.attributes, resultTypes: types, operandTypes: operandTypes,
                                                  called: try copies(of: call.called))
        try emit(.customCall, for: operation, try values(operands[..<(2 * results)]), parameters)
    }

    /// Any other custom call; operands that are the shapes of its results go.
    private func copyShapedCall(_ operation: Operation, _ call: CustomCallParameters) throws(JaxError) {
        let named = call.replacing(try copies(of: call.called)) as? CustomCallParameters ?? call
        guard !call.shapeOperands.isEmpty else {
            return try emit(.customCall, for: operation, try values(operation.operands), named.specialised(resultTypes: call.resultTypes))
        }
        guard call.shapeOperands.count == operation.results.count else {
            throw JaxError(.malformed, "custom_call has \(operation.results.count) results and \(call.shapeOperands.count) shapes")
        }
        var types: [ValueType] = []
        for (result, index) in call.shapeOperands.enumerated() {
            let shape = try resized(operation, try list(operation, index, "a result's shape"), result: result)
            types.append(.tensor(TensorType(declaredTensor(operation.results[result])?.dtype ?? .f32, shape)))
        }
        var kept: [ValueID] = []
        for (index, id) in operation.operands.enumerated() where !call.shapeOperands.contains(index) { kept.append(try value(id)) }
        try emit(.customCall, for: operation, kept, named.specialised(resultTypes: types))
    }

    // MARK: Helpers

    private func operand(_ operation: Operation, _ index: Int) throws(JaxError) -> ValueID {
        guard index < operation.operands.count else {
            throw JaxError(.malformed, "\(operation.code.name) lacks operand \(index)")
        }
        return operation.operands[index]
    }

    private func list(_ operation: Operation, _ index: Int, _ what: String) throws(JaxError) -> [Int] {
        try knownIntegers(operand(operation, index), what)
    }

    /// `shape`, which must be what is declared of a result's shape.
    private func resized(_ operation: Operation, _ shape: [Int], result: Int = 0) throws(JaxError) -> [Int] {
        guard result < operation.results.count, let declared = declaredTensor(operation.results[result]) else {
            throw JaxError(.malformed, "\(operation.code.name) lacks result \(result)")
        }
        let type = TensorType(declared.dtype, shape)
        guard fits(type, declared), type.checkedElementCount != nil else {
            throw JaxError(.valueError, "\(operation.code.name) would yield \(type), but \(declared) is declared")
        }
        return shape
    }
}
