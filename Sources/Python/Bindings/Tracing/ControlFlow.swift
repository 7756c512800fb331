// Loops, branches and functions with rules of their own, out of bodies that were traced before: each becomes one operation of the trace
// that the call belongs to. What the bodies capture becomes operands, or is used where it is.
import JaxIR
import JaxOps
import JaxPlatform
import JaxRun
import JaxTransform

/// An operation about to be recorded: the trace, and values that stand for arrays in it.
private struct Recording {
    let trace: Trace

    init(_ arrays: [ArrayObject]) throws(JaxError) {
        guard let trace = try Interpreter.current.target(of: arrays.map { .object($0) }) else {
            throw JaxError(.internalError, "control flow is recorded in traces only")
        }
        self.trace = trace
    }

    func values(_ arrays: [ArrayObject]) throws(JaxError) -> [ValueID] {
        var values: [ValueID] = []
        for array in arrays { values.append(try trace.value(of: array)) }
        return values
    }

    /// The body of a traced function on its arguments and its captures.
    func body(_ traced: TracedObject) throws(JaxError) -> (Builder, [ValueID], [ValueID]) throws(JaxError) -> [ValueID] {
        trace.keep(traced.program)
        let main = try traced.main()
        return { builder, arguments, captures throws(JaxError) in try spliced(main, arguments + captures, into: builder) }
    }
}

private func arrays(_ value: Value) throws(JaxError) -> [ArrayObject] {
    guard let items = value.items else { throw JaxError(.typeError, "expected a list, not \(value.typeName)") }
    var list: [ArrayObject] = []
    for item in items { list.append(try makeArray(item, dtype: nil)) }
    return list
}

private func types(_ arrays: [ArrayObject]) -> [ValueType] { arrays.map { .tensor($0.handle.type.detached()) } }

private func wrapped(_ arrays: [ArrayObject]) -> Value { .list(arrays.map { .object($0) }) }

/// `cond(index, branches, operands)`: branch number `index`, the nearest one where there is none.
private func cond(_ call: Call) throws(JaxError) -> Value {
    let index = try makeArray(call[0], dtype: nil), operands = try arrays(call[2])
    var branches: [TracedObject] = []
    for item in call[1].items ?? [] { branches.append(try item.asTraced()) }
    let recording = try Recording([index] + operands + branches.flatMap { $0.captures })
    let selector = try recording.values([index])[0], values = try recording.values(operands)
    var bodies: [(run: (Builder, [ValueID], [ValueID]) throws(JaxError) -> [ValueID], captures: [ValueID])] = []
    for branch in branches { bodies.append((try recording.body(branch), try recording.values(branch.captures))) }
    var weak = branches.first?.resultIsWeak ?? []
    for branch in branches { weak = zip(weak, branch.resultIsWeak).map { $0 && $1 } }
    return wrapped(try recording.trace.emit(isWeak: weak) { builder throws(JaxError) in
        var regions: [Region] = []
        for body in bodies {
            regions.append(try builder.region([]) { builder, _ throws(JaxError) in try body.run(builder, values, body.captures) })
        }
        return try builder.emit(.case, [try builder.convert(selector, to: .i32)], regions: regions)
    })
}

/// `loop(condition, body, state)`: `while condition(state): state = body(state)`.
private func loop(_ call: Call) throws(JaxError) -> Value {
    let condition = try call[0].asTraced(), body = try call[1].asTraced(), state = try arrays(call[2])
    let recording = try Recording(state + condition.captures + body.captures)
    let values = try recording.values(state)
    let test = try recording.body(condition), testCaptures = try recording.values(condition.captures)
    let round = try recording.body(body), roundCaptures = try recording.values(body.captures)
    return wrapped(try recording.trace.emit(isWeak: body.resultIsWeak) { builder throws(JaxError) in
        let first = try builder.region(types(state)) { builder, values throws(JaxError) in try test(builder, values, testCaptures) }
        let second = try builder.region(types(state)) { builder, values throws(JaxError) in try round(builder, values, roundCaptures) }
        return try builder.emit(.while, values, regions: [first, second])
    })
}

/// `scan(body, carry, stacks, length, reverse)`. What the body captures is part of the carry, which does not change.
private func scan(_ call: Call) throws(JaxError) -> Value {
    let traced = try call[0].asTraced(), carry = try arrays(call[1]), stacks = try arrays(call[2])
    let length = try call.int(3), isReverse = try call.bool(4, default: false), captures = traced.captures
    let recording = try Recording(carry + stacks + captures)
    let operands = try recording.values(captures + carry + stacks), body = try recording.body(traced)
    let slices = traced.argumentTypes.dropFirst(carry.count).map { ValueType.tensor($0.detached()) }
    let parameters = ScanParameters(length: length, carryCount: captures.count + carry.count, isReverse: isReverse)
    return wrapped(try recording.trace.emit(isWeak: traced.resultIsWeak) { builder throws(JaxError) in
        let region = try builder.region(types(captures + carry) + slices) { builder, values throws(JaxError) in
            let constants = Array(values.prefix(captures.count))
            return constants + (try body(builder, Array(values.dropFirst(captures.count)), constants))
        }
        return Array(try builder.emit(.scan, operands, parameters, regions: [region]).dropFirst(captures.count))
    })
}

/// `custom_jvp(function, rule, operands)`: the rule takes operands and tangents, and gives results and tangents.
private func customJVP(_ call: Call) throws(JaxError) -> Value {
    let function = try call[0].asTraced(), rule = try call[1].asTraced(), operands = try arrays(call[2])
    let captures = function.captures + rule.captures, recording = try Recording(operands + captures)
    let all = operands + captures, values = try recording.values(all), count = operands.count
    let plain = try recording.body(function), withTangents = try recording.body(rule)
    return wrapped(try recording.trace.emit(isWeak: function.resultIsWeak) { builder throws(JaxError) in
        let first = try builder.region(types(all)) { builder, values throws(JaxError) in
            try plain(builder, Array(values[..<count]), Array(values[count..<(count + function.captures.count)]))
        }
        let ownTangents = tangentTypes(types(operands)).count
        let second = try builder.region(types(all) + tangentTypes(types(all))) { builder, values throws(JaxError) in
            let tangents = values[all.count..<(all.count + ownTangents)]
            return try withTangents(builder, Array(values[..<count] + Array(tangents)), Array(values[(count + function.captures.count)..<all.count]))
        }
        return try builder.emit(.customJVP, values, regions: [first, second])
    })
}

/// `custom_vjp(function, forward, backward, operands)`: `forward` gives results and residuals, `backward` takes residuals and cotangents.
private func customVJP(_ call: Call) throws(JaxError) -> Value {
    let function = try call[0].asTraced(), forward = try call[1].asTraced(), backward = try call[2].asTraced(), operands = try arrays(call[3])
    let captures = function.captures + forward.captures + backward.captures, recording = try Recording(operands + captures)
    let all = operands + captures, values = try recording.values(all), count = operands.count
    let plain = try recording.body(function), first = try recording.body(forward), second = try recording.body(backward)
    let afterFunction = count + function.captures.count, afterForward = afterFunction + forward.captures.count
    let results = function.resultTypes.map { ValueType.tensor($0.detached()) }
    let residuals = forward.resultTypes.dropFirst(results.count).map { ValueType.tensor($0.detached()) }
    return wrapped(try recording.trace.emit(isWeak: function.resultIsWeak) { builder throws(JaxError) in
        let primal = try builder.region(types(all)) { builder, values throws(JaxError) in
            try plain(builder, Array(values[..<count]), Array(values[count..<afterFunction]))
        }
        // The backward rule's captures are residuals too.
        let ahead = try builder.region(types(all)) { builder, values throws(JaxError) in
            try first(builder, Array(values[..<count]), Array(values[afterFunction..<afterForward])) + values[afterForward...]
        }
        let kept = types(backward.captures)
        let back = try builder.region(residuals + kept + tangentTypes(results)) { builder, values throws(JaxError) in
            let own = values[..<residuals.count], captured = values[residuals.count..<(residuals.count + kept.count)]
            var cotangents = try second(builder, Array(own) + Array(values[(residuals.count + kept.count)...]), Array(captured))
            for type in tangentTypes(types(captures)) { cotangents.append(try builder.zeros(type)) }
            return cotangents
        }
        return try builder.emit(.customVJP, values, regions: [primal, ahead, back])
    })
}

/// `checkpoint(function, operands, policy, prevent_cse)`: reverse mode computes the function again.
private func checkpointed(_ call: Call) throws(JaxError) -> Value {
    let function = try call[0].asTraced(), operands = try arrays(call[1]), all = operands + function.captures
    let recording = try Recording(all), values = try recording.values(all), body = try recording.body(function)
    let parameters = RematParameters(policy: try call.string(2), preventsCSE: try call.bool(3, default: true))
    return wrapped(try recording.trace.emit(isWeak: function.resultIsWeak) { builder throws(JaxError) in
        let region = try builder.region(types(all)) { builder, values throws(JaxError) in
            try body(builder, Array(values[..<operands.count]), Array(values[operands.count...]))
        }
        return try builder.emit(.remat, values, parameters, regions: [region])
    })
}

func controlFunctions() -> [NativeFunction] {
    [
        NativeFunction("cond", "index branches operands", .inline) { call throws(JaxError) in try cond(call) },
        NativeFunction("loop", "condition body state", .inline) { call throws(JaxError) in try loop(call) },
        NativeFunction("scan", "body carry stacks length reverse", .inline) { call throws(JaxError) in try scan(call) },
        NativeFunction("custom_jvp", "function rule operands", .inline) { call throws(JaxError) in try customJVP(call) },
        NativeFunction("custom_vjp", "function forward backward operands", .inline) { call throws(JaxError) in try customVJP(call) },
        NativeFunction("checkpoint", "function operands policy prevent_cse", .inline) { call throws(JaxError) in try checkpointed(call) },
    ]
}
