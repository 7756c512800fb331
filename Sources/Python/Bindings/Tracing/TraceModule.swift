// Module `jax._trace`: what the modules in Python (frozen/jax) make JAX's transformations of. Trees, caches and names of arguments are
// theirs; here arrays are flat lists.
import JaxIR
import JaxOps
import JaxPlatform
import JaxRun
import JaxTransform

/// The type of what a function is traced for: of an array or a scalar, or (shape, dtype, weak_type).
private func abstractValue(_ value: Value) throws(JaxError) -> (type: TensorType, isWeak: Bool) {
    if let array = value.arrayObject { return (array.handle.type.detached(), array.isWeak) }
    if let type = scalarType(value) {
        try checkRange(value, type.dtype)
        return (TensorType(type.dtype, []), type.isWeak)
    }
    if case .tuple(let parts) = value, parts.count == 3, let dtype = try parts[1].asDType(), case .bool(let isWeak) = parts[2] {
        return (TensorType(dtype, try parts[0].asShape()), isWeak)
    }
    throw JaxError(.typeError, "Argument of type <class '\(value.typeName)'> is not a valid JAX type")
}

private func items(_ call: Call, _ index: Int) throws(JaxError) -> [Value] {
    guard let items = call[index].items else { throw JaxError(.typeError, "expected a list, not \(call[index].typeName)") }
    return items
}

func integers(_ value: Value) throws(JaxError) -> [Int] {
    guard let items = value.items else { throw JaxError(.typeError, "expected a list, not \(value.typeName)") }
    var list: [Int] = []
    for item in items {
        guard let number = try item.asIndex() else { throw JaxError(.typeError, "expected an integer, not \(item.typeName)") }
        list.append(number)
    }
    return list
}

/// Integers, or None where there is none.
private func optionalIntegers(_ value: Value) throws(JaxError) -> [Int?] {
    guard let items = value.items else { throw JaxError(.typeError, "expected a list, not \(value.typeName)") }
    var list: [Int?] = []
    for item in items { list.append(item.isNone ? nil : try item.asIndex()) }
    return list
}

/// `begin(kind, name, leaves, axes)`: begins a trace for arguments like `leaves`, of which those with an axis lack it; their tracers.
private func begin(_ call: Call) throws(JaxError) -> Value {
    let kind: Trace.Kind
    switch try call.string(0) {
    case "vmap": kind = .vmap
    case "derivative": kind = .derivative
    default: kind = .jit
    }
    let axes = call.has(3) ? try optionalIntegers(call[3]) : []
    var types: [TensorType] = [], weak: [Bool] = [], arguments: [ArrayObject] = []
    for (index, leaf) in try items(call, 2).enumerated() {
        var (type, isWeak) = try abstractValue(leaf)
        if index < axes.count, let axis = axes[index] {
            let place = axis < 0 ? axis + type.rank : axis
            guard place >= 0, place < type.rank else { throw JaxError(.valueError, "axis \(axis) is out of bounds for array of dimension \(type.rank)") }
            type.shape.remove(at: place)
        }
        types.append(type)
        weak.append(isWeak)
        if kind == .derivative { arguments.append(try makeArray(leaf, dtype: nil)) }
    }
    let interpreter = Interpreter.current
    guard interpreter.traces.count < 64 else { throw JaxError(.valueError, "functions are traced within each other deeper than 64") }
    let trace = interpreter.beginTrace(kind, try call.string(1), types, arguments: arguments)
    var tracers: [Value] = []
    for (parameter, isWeak) in zip(trace.parameters, weak) { tracers.append(.object(trace.tracer(parameter, isWeak: isWeak))) }
    return .list(tracers)
}

/// `end(leaves, weak)`: ends the innermost trace, whose function returns `leaves`; `weak` of its arguments.
private func end(_ call: Call) throws(JaxError) -> Value {
    let interpreter = Interpreter.current
    guard let session, let trace = interpreter.traces.last else { throw JaxError(.internalError, "nothing is being traced") }
    var results: [ArrayObject] = []
    for value in try items(call, 0) { results.append(try makeArray(value, dtype: nil)) }
    var weak: [Bool] = []
    for value in try items(call, 1) { if case .bool(let flag) = value { weak.append(flag) } }
    guard weak.count == trace.parameters.count else { throw JaxError(.internalError, "a trace is ended for other arguments") }
    let program = try session.adopt(try trace.finish(results), owner: trace.owner, sources: trace.sources,
                                    as: session.freshName(trace.functionName), limits: interpreter.limits)
    let made = TracedObject(program, captures: trace.captures, leading: weak.count, argumentIsWeak: weak, resultIsWeak: results.map { $0.isWeak })
    interpreter.traces.removeLast()
    return .object(made)
}

/// `transform(traced, name, argnums, **options)`: the function of JAX's transformation of that name, on flat lists.
private func transform(_ call: Call) throws(JaxError) -> Value {
    let traced = try call[0].asTraced(), name = try call.string(1), weak = traced.argumentIsWeak
    let argnums = call.has(2) ? try integers(call[2]) : Array(weak.indices)
    guard argnums.allSatisfy({ weak.indices.contains($0) }) else { throw JaxError(.valueError, "there is no such argument") }
    let argumentTypes = traced.argumentTypes, results = traced.resultIsWeak
    func hasTangent(_ type: TensorType) -> Bool { type.dtype.isFloat || type.dtype.isComplex }
    let wanted = argnums.map { weak[$0] }, differentiable = argnums.filter { hasTangent(argumentTypes[$0]) }.map { weak[$0] }
    switch name {
    case "grad", "value_and_grad":
        var options = GradientOptions()
        options.argnums = argnums
        options.withValue = name == "value_and_grad"
        options.hasAux = try call.bool(3, default: false)
        options.holomorphic = try call.bool(4, default: false)
        options.allowInt = try call.bool(5, default: false)
        let aux = Array(results.dropFirst())
        return .object(try traced.transformed(.grad(options), name, argumentIsWeak: weak,
                                              resultIsWeak: options.withValue ? results + wanted : wanted + aux))
    case "jvp":
        let tangents = zip(traced.resultTypes, results).filter { hasTangent($0.0) }.map { $0.1 }
        return .object(try traced.transformed(.jvp(argnums: argnums), name, argumentIsWeak: weak + differentiable, resultIsWeak: results + tangents))
    case "vjp":
        let cotangents = zip(traced.resultTypes, results).filter { hasTangent($0.0) }.map { $0.1 }
        return .object(try traced.transformed(.vjp(argnums: argnums), name, argumentIsWeak: weak + cotangents, resultIsWeak: results + differentiable))
    case "jacfwd", "jacrev":
        let step = name == "jacfwd" ? Transformation.jacfwd(argnums: argnums) : .jacrev(argnums: argnums)
        // Of each result one block for each argument.
        let blocks = results.flatMap { isWeak in wanted.map { isWeak && $0 } }
        return .object(try traced.transformed(step, name, argumentIsWeak: weak, resultIsWeak: blocks))
    case "vmap":
        var options = BatchOptions()
        options.inAxes = try optionalIntegers(call[6]) + traced.captures.map { _ in nil }
        options.resultAxes = try optionalIntegers(call[7])
        options.axisSize = try call.int(8)
        guard options.resultAxes?.count == results.count else { throw JaxError(.valueError, "out_axes does not go with the results") }
        return .object(try traced.transformed(.vmap(options), name, argumentIsWeak: weak, resultIsWeak: results))
    default: throw JaxError(.valueError, "there is no transformation '\(name)'")
    }
}

/// (shape, dtype, weak_type) of each.
private func avals(_ types: [TensorType], _ isWeak: [Bool]) -> Value {
    var list: [Value] = []
    for (type, isWeak) in zip(types, isWeak) {
        list.append(.tuple([.tuple(type.shape.map { .int($0) }), .object(DTypeObject(type.dtype)), .bool(isWeak)]))
    }
    return .list(list)
}

func traceModule() -> NativeModule {
    NativeModule(name: "jax._trace", functions: [
        NativeFunction("begin", "kind name leaves axes?", .inline) { call throws(JaxError) in try begin(call) },
        NativeFunction("end", "leaves weak", .inline) { call throws(JaxError) in try end(call) },
        // Forgets the innermost trace: the function that was traced has raised an exception.
        NativeFunction("abandon", "", .inline) { call throws(JaxError) in
            Interpreter.current.abandonTrace()
            return .none
        },
        NativeFunction("transform", "traced name argnums? has_aux? holomorphic? allow_int? in_axes? out_axes? axis_size?",
                       .inline) { call throws(JaxError) in try transform(call) },
        NativeFunction("call", "traced leaves compiled? donated?", .inline) { call throws(JaxError) in
            .list(try call[0].asTraced().call(try items(call, 1), isJit: try call.bool(2, default: true),
                                              donating: call.has(3) ? try integers(call[3]) : []))
        },
        // What a cache of traced functions goes by: the types of the leaves.
        NativeFunction("signature", "leaves", .inline) { call throws(JaxError) in
            var text = ""
            for leaf in try items(call, 0) {
                let (type, isWeak) = try abstractValue(leaf)
                text += type.description + (isWeak ? "*" : ";")
            }
            return .string(text)
        },
        // (shape, dtype, weak_type) of a leaf.
        NativeFunction("aval", "leaf", .inline) { call throws(JaxError) in
            let (type, isWeak) = try abstractValue(call[0])
            return .tuple([.tuple(type.shape.map { .int($0) }), .object(DTypeObject(type.dtype)), .bool(isWeak)])
        },
        // How often what is computed now is going to be differentiated: so many rules within each other are needed.
        NativeFunction("order", "", .inline) { _ in .int(Interpreter.current.traces.count { $0.kind == .derivative }) },
        // Whether a call with these arguments would be recorded.
        NativeFunction("is_recording", "leaves", .inline) { call throws(JaxError) in
            .bool(try Interpreter.current.target(of: try items(call, 0)) != nil)
        },
        NativeFunction("is_tracer", "x", .inline) { call throws(JaxError) in .bool(call[0].arrayObject.map { !$0.handle.isConcrete } ?? false) },
        NativeFunction("with_weak_type", "x weak") { call throws(JaxError) in
            let array = try makeArray(call[0], dtype: nil), isWeak = try call.bool(1, default: false)
            return array.isWeak == isWeak ? .object(array) : .array(array.handle, isWeak: isWeak)
        },
    ] + controlFunctions())
}

func tracedModule() -> NativeModule {
    NativeModule(name: "Traced", functions: [
        NativeFunction("in_avals", "self", .property) { call throws(JaxError) in
            let traced = try call[0].asTraced()
            return avals(traced.argumentTypes, traced.argumentIsWeak)
        },
        NativeFunction("out_avals", "self", .property) { call throws(JaxError) in
            let traced = try call[0].asTraced()
            return avals(traced.resultTypes, traced.resultIsWeak)
        },
        NativeFunction("captures", "self", .property) { call throws(JaxError) in .list(try call[0].asTraced().captures.map { .object($0) }) },
        // Whether it belongs to a trace outside, with which it ends.
        NativeFunction("has_tracers", "self", .property) { call throws(JaxError) in .bool(try call[0].asTraced().captures.contains { !$0.handle.isConcrete }) },
        NativeFunction("name", "self", .property) { call throws(JaxError) in .string(try call[0].asTraced().program.name) },
        NativeFunction("text", "self", .property) { call throws(JaxError) in .string(try call[0].asTraced().program.module.text()) },
        NativeFunction("jaxpr", "self", .property) { call throws(JaxError) in .string(jaxprText(try call[0].asTraced().main())) },
        NativeFunction("cache_hits", "self", .property) { call throws(JaxError) in .int(try call[0].asTraced().program.cacheHits) },
    ])
}
