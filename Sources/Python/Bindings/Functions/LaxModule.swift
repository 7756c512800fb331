// The native part of jax.lax: operators that have no function in jax.numpy. The rest is Python (frozen/jax/lax.py).
import JaxIR
import JaxOps
import JaxPlatform

/// Starts of a slice, each an integer or a scalar array, as scalars of one type. Negative ones count from the end.
private func starts(_ value: Value, _ shape: [Int]) throws(JaxError) -> [Handle] {
    var items: [Value]
    if let list = value.items {
        items = list
    } else if let array = value.arrayObject, array.shape.count == 1 {
        items = []
        for index in 0..<array.shape[0] { items.append(.array(try row(array.handle, index))) }
    } else {
        items = [value]
    }
    guard items.count == shape.count else {
        throw JaxError(.typeError, "dynamic_slice start_indices must have length equal to the number of dimensions of the operand, got "
            + "\(items.count) for operand shape \(shapeText(shape)).")
    }
    var result: [Handle] = []
    for (item, size) in zip(items, shape) {
        let start = try operand(item, "dynamic_slice", 1)
        guard start.dtype.isInteger, start.shape.isEmpty else {
            throw JaxError(.typeError, "index arguments to dynamic_slice must be integers of the same type, got: \(start.dtype.name)")
        }
        let number = try Lax.convert(start.handle, to: .i32)
        if start.handle.isConcrete, case .int(let known) = item {
            result.append(try Lax.scalar(.int(known < 0 ? known + size : known), .i32))
        } else {
            let zero = try Lax.scalar(.int(0), .i32)
            result.append(try Lax.select(try Lax.compare("LT", number, zero), try withConstant(.add, number, .int(size)), number))
        }
    }
    return result
}

private func integerPairs(_ value: Value) throws(JaxError) -> [[Int]] {
    guard let items = value.items else { throw JaxError(.typeError, "expected a sequence, not \(value.typeName)") }
    var pairs: [[Int]] = []
    for item in items { pairs.append(try integers(item)) }
    return pairs
}

private func dotGeneral(_ call: Call) throws(JaxError) -> Value {
    let a = try operand(call[0], "dot_general"), b = try operand(call[1], "dot_general", 1)
    guard let parts = call[2].items, parts.count == 2 else { throw JaxError(.typeError, "dimension_numbers must be a pair of pairs") }
    let contracting = try integerPairs(parts[0]), batch = try integerPairs(parts[1])
    guard contracting.count == 2, batch.count == 2 else { throw JaxError(.typeError, "dimension_numbers must be a pair of pairs") }
    let type = try promote([PromotedType(dtype: a.dtype, isWeak: a.isWeak), PromotedType(dtype: b.dtype, isWeak: b.isWeak)])
    let target = try call[4].asDType() ?? type.dtype
    return .array(try Lax.apply(.dotGeneral, [try Lax.convert(a.handle, to: type.dtype), try Lax.convert(b.handle, to: type.dtype)], DotParameters(
        DotDimensions(lhsBatching: batch[0], rhsBatching: batch[1], lhsContracting: contracting[0], rhsContracting: contracting[1]), target)))
}

/// Dimension numbers are those of the operands and the result: batch, feature, spatial…
private func convolution(_ call: Call) throws(JaxError) -> Value {
    let a = try operand(call[0], "conv_general_dilated"), kernel = try operand(call[1], "conv_general_dilated", 1)
    let input = try integers(call[3]), weights = try integers(call[4]), output = try integers(call[5])
    guard input.count >= 2, weights.count == input.count, output.count == input.count else {
        throw JaxError(.typeError, "convolution dimension_numbers do not go with operands of shapes \(shapeText(a.shape)) and \(shapeText(kernel.shape))")
    }
    let type = try promote([PromotedType(dtype: a.dtype, isWeak: a.isWeak), PromotedType(dtype: kernel.dtype, isWeak: kernel.isWeak)])
    let parameters = ConvolutionParameters()
    (parameters.inputBatch, parameters.inputFeature, parameters.inputSpatial) = (input[0], input[1], Array(input.dropFirst(2)))
    (parameters.kernelOutput, parameters.kernelInput, parameters.kernelSpatial) = (weights[0], weights[1], Array(weights.dropFirst(2)))
    (parameters.outputBatch, parameters.outputFeature, parameters.outputSpatial) = (output[0], output[1], Array(output.dropFirst(2)))
    parameters.strides = try integers(call[2])
    parameters.padding = try integerPairs(call[6]).flatMap { $0 }
    parameters.inputDilation = try integers(call[7])
    parameters.kernelDilation = try integers(call[8])
    parameters.featureGroups = try call.int(9, default: 1)
    parameters.batchGroups = try call.int(10, default: 1)
    parameters.reversal = parameters.strides.map { _ in false }
    parameters.dtype = type.dtype
    return .array(try Lax.apply(.convolution, [try Lax.convert(a.handle, to: type.dtype), try Lax.convert(kernel.handle, to: type.dtype)], parameters))
}

private func reduceWindow(_ call: Call) throws(JaxError) -> Value {
    let a = try operand(call[0], "reduce_window"), initial = try operand(call[1], "reduce_window", 1)
    let code: OpCode
    switch try call.string(2) {
    case "add": code = .add
    case "max": code = .maximum
    case "min": code = .minimum
    default: code = .multiply
    }
    let parameters = ReduceWindowParameters(dimensions: try integers(call[3]), strides: try integers(call[4]), baseDilations: try integers(call[6]),
                                            windowDilations: try integers(call[7]), padding: try integerPairs(call[5]).flatMap { $0 })
    return .array(try Lax.run([a.handle, try Lax.convert(initial.handle, to: a.dtype)]) { builder, values throws(JaxError) in
        let scalar = ValueType.tensor(TensorType(a.dtype, []))
        let body = try builder.region([scalar, scalar]) { builder, pair throws(JaxError) in [try builder.one(code, pair)] }
        return try builder.emit(.reduceWindow, values, parameters, regions: [body])
    }[0])
}

private func plain(_ name: StaticString, _ code: OpCode) -> NativeFunction {
    NativeFunction(name, "x") { call throws(JaxError) in
        let x = try operand(call[0], name.description)
        return .array(try Lax.unary(code, x.handle), isWeak: x.isWeak)
    }
}

private func pair(_ name: StaticString, _ code: OpCode) -> NativeFunction {
    NativeFunction(name, "x y") { call throws(JaxError) in
        let common = try CommonOperands([try operand(call[0], name.description), try operand(call[1], name.description, 1)], name.description)
        return .array(try Lax.binary(code, common.tensors[0], common.tensors[1]), isWeak: common.type.isWeak)
    }
}

func laxModule() -> NativeModule {
    NativeModule(name: "jax.lax", functions: [
        plain("clz", .countLeadingZeros), plain("population_count", .popcnt),
        pair("div", .divide), pair("rem", .remainder), pair("shift_right_logical", .shiftRightLogical),
        pair("shift_right_arithmetic", .shiftRightArithmetic), pair("complex", .complex),
        NativeFunction("round", "x rounding_method?") { call throws(JaxError) in
            let x = try operand(call[0], "round")
            return .array(try Lax.unary(try call.int(1, default: 0) == 1 ? .roundNearestEven : .roundNearestAfz, x.handle), isWeak: x.isWeak)
        },
        NativeFunction("bitcast_convert_type", "operand new_dtype") { call throws(JaxError) in
            let x = try operand(call[0], "bitcast_convert_type")
            guard let dtype = try call[1].asDType() else { throw JaxError(.typeError, "bitcast_convert_type wants a dtype") }
            var shape = x.shape
            if dtype.byteWidth < x.dtype.byteWidth { shape.append(x.dtype.byteWidth / dtype.byteWidth) } else if dtype.byteWidth > x.dtype.byteWidth { shape = shape.dropLast() }
            return .array(try Lax.bitcast(x.handle, to: TensorType(dtype, shape)))
        },
        NativeFunction("reduce_precision", "operand exponent_bits mantissa_bits") { call throws(JaxError) in
            let x = try operand(call[0], "reduce_precision")
            return .array(try Lax.reducePrecision(x.handle, exponent: try call.int(1), mantissa: try call.int(2)))
        },
        NativeFunction("dynamic_slice", "operand start_indices slice_sizes") { call throws(JaxError) in
            let a = try operand(call[0], "dynamic_slice"), sizes = try call[2].asShape()
            return .array(try Lax.apply(.dynamicSlice, [a.handle] + starts(call[1], a.shape), SliceSizesParameters(sizes)), isWeak: a.isWeak)
        },
        NativeFunction("dynamic_update_slice", "operand update start_indices") { call throws(JaxError) in
            let a = try operand(call[0], "dynamic_update_slice"), update = try operand(call[1], "dynamic_update_slice", 1)
            return .array(try Lax.apply(.dynamicUpdateSlice, [a.handle, try Lax.convert(update.handle, to: a.dtype)] + starts(call[2], a.shape)),
                          isWeak: a.isWeak)
        },
        NativeFunction("pad", "operand padding_value padding_config") { call throws(JaxError) in
            let a = try operand(call[0], "pad"), value = try operand(call[1], "pad", 1), config = try integerPairs(call[2])
            guard config.allSatisfy({ $0.count == 3 }) else { throw JaxError(.valueError, "padding_config must have three numbers a dimension") }
            let parameters = PadParameters(low: config.map { $0[0] }, high: config.map { $0[1] }, interior: config.map { $0[2] })
            return .array(try Lax.apply(.pad, [a.handle, try Lax.convert(value.handle, to: a.dtype)], parameters), isWeak: a.isWeak)
        },
        NativeFunction("dot_general", "lhs rhs dimension_numbers precision? preferred_element_type? out_sharding?") { call throws(JaxError) in try dotGeneral(call) },
        NativeFunction("_convolution", "lhs rhs strides input kernel output padding lhs_dilation rhs_dilation feature_groups? batch_groups?") {
            call throws(JaxError) in try convolution(call)
        },
        NativeFunction("_reduce_window", "operand init kind dimensions strides padding base_dilation window_dilation") {
            call throws(JaxError) in try reduceWindow(call)
        },
        NativeFunction("top_k", "operand k") { call throws(JaxError) in
            let a = try operand(call[0], "top_k"), count = try call.int(1)
            let results = try Lax.run([a.handle]) { builder, values throws(JaxError) in try builder.emit(.topK, values, TopKParameters(count)) }
            return .list(results.map { .array($0) })
        },
        NativeFunction("optimization_barrier", "operand") { call throws(JaxError) in
            let a = try operand(call[0], "optimization_barrier")
            return .array(try Lax.apply(.optimizationBarrier, [a.handle]), isWeak: a.isWeak)
        },
        NativeFunction("fft", "x fft_type fft_lengths") { call throws(JaxError) in
            let a = try operand(call[0], "fft"), name = try call.string(1)
            guard let kind = FourierParameters.Kind(rawValue: name) else { throw JaxError(.valueError, "Unknown fft type: \(name)") }
            return .array(try Lax.apply(.fft, [a.handle], FourierParameters(kind, lengths: try integers(call[2]))))
        },
    ])
}
