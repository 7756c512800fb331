// Operations that take shapes as operands become the plain ones, once those are known (StableHLO specification, dynamic_*).
import JaxIR
import JaxOps
import JaxPlatform

extension FunctionBuilder {
    /// Copies `operation` in its static form. Returns false where it has none.
    func copyDynamic(_ operation: Operation, to output: inout [Operation]) throws(JaxError) -> Bool {
        let operands = operation.operands
        var attributes = operation.attributes
        func shape(_ index: Int) throws(JaxError) -> [Int] { try list(operation, index, "the result's shape") }
        switch operation.code {
        case .dynamicReshape:
            try emit(.reshape, operation, [operand(operation, 0)], attributes,
                     resultTypes: [resized(operation, shape(1))], to: &output)
        case .dynamicIota:
            try emit(.iota, operation, [], attributes, resultTypes: [resized(operation, shape(0))], to: &output)
        case .dynamicBroadcastInDim:
            attributes["known_expanding_dimensions"] = nil
            attributes["known_nonexpanding_dimensions"] = nil
            try emit(.broadcastInDim, operation, [operand(operation, 0)], attributes,
                     resultTypes: [resized(operation, shape(1))], to: &output)
        case .dynamicPad:
            attributes["edge_padding_low"] = .integers(try list(operation, 2, "the padding"))
            attributes["edge_padding_high"] = .integers(try list(operation, 3, "the padding"))
            attributes["interior_padding"] = .integers(try list(operation, 4, "the padding"))
            try emit(.pad, operation, Array(operands[..<2]), attributes, to: &output)
        case .realDynamicSlice:
            if try copyVariableSlice(operation, to: &output) { return true }
            attributes["start_indices"] = .integers(try list(operation, 1, "a slice's start"))
            attributes["limit_indices"] = .integers(try list(operation, 2, "a slice's limit"))
            attributes["strides"] = .integers(try list(operation, 3, "a slice's stride"))
            try emit(.slice, operation, [operands[0]], attributes, to: &output)
        case .dynamicGather:
            attributes["slice_sizes"] = .integers(try list(operation, 2, "the slice sizes"))
            try emit(.gather, operation, Array(operands[..<2]), attributes, to: &output)
        case .dynamicConv:
            attributes["padding"] = .integers(try list(operation, 2, "the padding"))
            try emit(.convolution, operation, Array(operands[..<2]), attributes, to: &output)
        case .setDimensionSize:
            // With the size that the dimension has anyway, it is the operand.
            let size = try list(operation, 1, "a dimension's size")
            guard case .tensor(let type) = try type(of: operand(operation, 0)),
                  let dimension = attributes.integer("dimension"), type.shape.indices.contains(dimension),
                  size == [type.shape[dimension]] else {
                throw JaxError(.notImplemented, "set_dimension_size to another size than the dimension has")
            }
            bind(operation.results[0], .value(try value(operands[0])))
        default: return false
        }
        return true
    }

    /// A slice whose start depends on the arguments' elements, but whose size is known from `limit = start + size`, is a
    /// dynamic_slice.
    private func copyVariableSlice(_ operation: Operation, to output: inout [Operation]) throws(JaxError) -> Bool {
        _ = try operand(operation, 3)
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
            let one = try emit(.slice, [vector], TensorType(starts.dtype, [1]), [
                NamedAttribute("start_indices", .integers([index])), NamedAttribute("limit_indices", .integers([index + 1])),
                NamedAttribute("strides", .integers([1])),
            ], location: operation.location, to: &output)
            values.append(try emit(.reshape, [one], TensorType(starts.dtype, []), [], location: operation.location, to: &output))
        }
        var attributes = operation.attributes
        attributes["slice_sizes"] = .integers(sizes)
        try emit(.dynamicSlice, operation, values: values, attributes, resultTypes: [resized(operation, sizes)], to: &output)
        return true
    }

    // MARK: Custom calls

    func copyCustomCall(_ operation: Operation, to output: inout [Operation]) throws(JaxError) {
        switch operation.attributes.string("call_target_name") {
        case "shape_assertion": try decideAssertion(operation, to: &output)
        case "stablehlo.dynamic_top_k": try copyTopK(operation, to: &output)
        case "stablehlo.dynamic_approx_top_k": try copyApproximateTopK(operation, to: &output)
        case "stablehlo.dynamic_reduce_window": try copyReduceWindow(operation, to: &output)
        case "stablehlo.dynamic_rng_bit_generator":
            var attributes = Attributes()
            attributes["rng_algorithm"] = operation.attributes["rng_algorithm"]
            let shape = try list(operation, 1, "the shape of random bits")
            try emit(.rngBitGenerator, operation, [operation.operands[0]], attributes,
                     resultTypes: [type(of: operation.operands[0]), resized(operation, shape, result: 1)], to: &output)
        default: try copyShapedCall(operation, to: &output)
        }
    }

    /// The first operand must be true; otherwise the message, with {i} standing for the operand after the i-th.
    private func decideAssertion(_ operation: Operation, to output: inout [Operation]) throws(JaxError) {
        let holds = try list(operation, 0, "what a shape assertion asserts")
        guard holds == [0] else { return }
        var message = operation.attributes.string("error_message") ?? "a shape assertion does not hold"
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
    private func copyReduceWindow(_ operation: Operation, to output: inout [Operation]) throws(JaxError) {
        let count = operation.operands.count - 5
        guard count >= 2, count % 2 == 0, case .symbol(let reducer)? = operation.attributes.array("called_computations")?.first else {
            throw JaxError(.malformed, "stablehlo.dynamic_reduce_window takes inputs, initial values, a window and a reducer")
        }
        var attributes = Attributes()
        for (index, name) in ["window_dimensions", "window_strides", "base_dilations", "window_dilations", "padding"].enumerated() {
            attributes[name] = .integers(try list(operation, count + index, "the window"))
        }
        var scalars: [ValueType] = []
        for id in operation.operands[count / 2..<count] { scalars.append(try type(of: id)) }
        let region = try inlinedRegion(reducer, parameterTypes: scalars + scalars)
        try emit(.reduceWindow, operation, Array(operation.operands[..<count]), attributes, regions: [region], to: &output)
    }

    /// Any other custom call: "indices_of_shape_operands" says which operands are the shapes of its results; those go.
    private func copyShapedCall(_ operation: Operation, to output: inout [Operation]) throws(JaxError) {
        var attributes = operation.attributes
        try copyNamedFunctions(&attributes)
        guard let indices = attributes.integers("indices_of_shape_operands") else {
            return try emit(.customCall, operation, operation.operands, attributes, to: &output)
        }
        guard indices.count == operation.results.count else {
            throw JaxError(.malformed, "custom_call has \(operation.results.count) results and \(indices.count) shapes")
        }
        var types: [ValueType] = []
        for (result, index) in indices.enumerated() {
            types.append(try resized(operation, list(operation, index, "a result's shape"), result: result))
        }
        var kept: [ValueID] = []
        var layouts: [Attribute] = []
        let allLayouts = attributes.array("operand_layouts") ?? []
        for (index, id) in operation.operands.enumerated() where !indices.contains(index) {
            kept.append(id)
            if index < allLayouts.count { layouts.append(allLayouts[index]) }
        }
        attributes["indices_of_shape_operands"] = nil
        if !allLayouts.isEmpty { attributes["operand_layouts"] = .array(layouts) }
        try emit(.customCall, operation, kept, attributes, resultTypes: types, to: &output)
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

    /// A result's declared type with the sizes of `shape`.
    private func resized(_ operation: Operation, _ shape: [Int], result: Int = 0) throws(JaxError) -> ValueType {
        guard result < operation.results.count, let declared = declaredTensor(operation.results[result]) else {
            throw JaxError(.malformed, "\(operation.code.name) lacks result \(result)")
        }
        let type = TensorType(declared.dtype, shape)
        guard fits(type, declared), type.checkedElementCount != nil else {
            throw JaxError(.valueError, "\(operation.code.name) would yield \(type), but \(declared) is declared")
        }
        return .tensor(type)
    }
}
