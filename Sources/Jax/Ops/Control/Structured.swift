// The structured operations that JAX's transformations work on: scan, a counted loop, functions with derivative rules of their
// own, rematerialisation, and calls that carry a name (jax/_src/lax/control_flow, custom_derivatives.py, ad_checkpoint.py).
// Their bodies are regions that take the operands as parameters.
import JaxIR
import JaxPlatform

func structuredFamily() -> [OpDefinition] {
    [
        OpDefinition(.scan, ScanParameters.self, .structural, infer: scanTypes, evaluate: evaluateScan),
        OpDefinition(.countedLoop, .structural, infer: countedLoopTypes, evaluate: evaluateCountedLoop),
        OpDefinition(.customJVP, .structural, infer: { view throws(JaxError) in
            try view.requireRegions(2)
            let results = view.regionTypes(0).results
            try view.requireRegion(0, "the function", takes: view.operandTypes, returns: results)
            try view.requireRegion(1, "its rule", takes: view.operandTypes + tangentTypes(view.operandTypes),
                                   returns: results + tangentTypes(results))
            return results
        }, evaluate: evaluateBody),
        OpDefinition(.customVJP, .structural, infer: { view throws(JaxError) in
            try view.requireRegions(3)
            let results = view.regionTypes(0).results, forward = view.regionTypes(1).results
            try view.requireRegion(0, "the function", takes: view.operandTypes, returns: results)
            try view.require(forward.count >= results.count,
                             "the forward rule returns (\(text(forward))), expected (\(text(results))) and residuals")
            let residuals = Array(forward.dropFirst(results.count))
            try view.requireRegion(1, "the forward rule", takes: view.operandTypes, returns: results + residuals)
            try view.requireRegion(2, "the backward rule", takes: residuals + tangentTypes(results),
                                   returns: tangentTypes(view.operandTypes))
            return results
        }, evaluate: evaluateBody),
        OpDefinition(.customLin, CustomLinParameters.self, .structural, infer: customLinTypes, evaluate: { _, _, _ throws(JaxError) in
            throw JaxError(.typeError, customLinMessage)
        }),
        OpDefinition(.remat, RematParameters.self, .structural, infer: { view, _ throws(JaxError) in try bodyTypes(view) },
                     evaluate: { activation, _, operands throws(JaxError) in try evaluateBody(activation, &operands) }),
        OpDefinition(.namedCall, NamedCallParameters.self, .structural, infer: { view, _ throws(JaxError) in try bodyTypes(view) },
                     evaluate: { activation, _, operands throws(JaxError) in try evaluateBody(activation, &operands) }),
    ]
}

/// The types of the tangents of values: those of the floats and complex numbers among them. Integers have none.
public func tangentTypes(_ types: [ValueType]) -> [ValueType] {
    var tangents: [ValueType] = []
    for type in types {
        if let tensor = type.tensor, tensor.dtype.isFloat || tensor.dtype.isComplex { tangents.append(type) }
    }
    return tangents
}

private func bodyTypes(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireRegions(1)
    let results = view.regionTypes(0).results
    try view.requireRegion(0, "the body", takes: view.operandTypes, returns: results)
    return results
}

private func evaluateBody(_ activation: Activation, _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let arguments = operands
    operands = []
    return try activation.run(0, consume arguments)
}

/// How rematerialisation is to be done.
public final class RematParameters: Parameters {
    /// The name of a policy of `jax.checkpoint_policies`: what may be kept.
    public private(set) var policy = "nothing_saveable"
    public private(set) var preventsCSE = true

    public convenience init(policy: String = "nothing_saveable", preventsCSE: Bool = true) {
        self.init()
        self.policy = policy
        self.preventsCSE = preventsCSE
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.string("policy", &policy, missing: "nothing_saveable")
        try coder.bool("prevent_cse", &preventsCSE, missing: true)
    }
}

public final class NamedCallParameters: Parameters {
    public private(set) var name = ""

    public convenience init(_ name: String) {
        self.init()
        self.name = name
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.string("name", &name) }
}

// MARK: custom_lin

/// JAX's words for forward mode of a function of which only the backward rule is known.
public let customLinMessage = "can't apply forward-mode autodiff (jvp) to a custom_vjp function."

/// How many of the operands are residuals; the others are tangents.
public final class CustomLinParameters: Parameters {
    public private(set) var residualCount = 0

    public convenience init(residualCount: Int) {
        self.init()
        self.residualCount = residualCount
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.integer("num_res", &residualCount) }
}

/// The linear function whose transpose is the region, a backward rule `(residual…, cotangent…) -> cotangent…`: nothing but the
/// transposition can be computed of it.
private func customLinTypes(_ view: OpView, _ parameters: CustomLinParameters) throws(JaxError) -> [ValueType] {
    try view.requireRegions(1)
    let count = parameters.residualCount, types = view.regionTypes(0)
    try view.require(count >= 0 && count <= view.operandCount && count <= types.parameters.count,
                     "num_res \(count) does not go with \(view.operandCount) operands")
    let results = Array(types.parameters.dropFirst(count))
    try view.requireRegion(0, "the backward rule", takes: Array(view.operandTypes.prefix(count)) + results,
                           returns: Array(view.operandTypes.dropFirst(count)))
    return results
}

// MARK: scan

/// `length` runs of a body `(carry…, x…) -> (carry…, y…)`: the operands are the carry and arrays of which each run gets one
/// slice of the leading dimension; the results are the last carry and arrays of what the runs gave.
public final class ScanParameters: Parameters {
    public private(set) var length = 0
    /// From the last slice to the first.
    public private(set) var isReverse = false
    public private(set) var carryCount = 0

    public convenience init(length: Int, carryCount: Int, isReverse: Bool = false) {
        self.init()
        self.length = length
        self.carryCount = carryCount
        self.isReverse = isReverse
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integer("length", &length)
        try coder.integer("num_carry", &carryCount)
        try coder.bool("reverse", &isReverse, missing: false)
    }
}

private func scanTypes(_ view: OpView, _ parameters: ScanParameters) throws(JaxError) -> [ValueType] {
    try view.requireRegions(1)
    let count = parameters.carryCount, length = parameters.length
    try view.require(length >= 0, "length must not be negative, is \(length)")
    try view.require(count >= 0 && count <= view.operandCount, "num_carry \(count) does not go with \(view.operandCount) operands")
    let carry = Array(view.operandTypes[..<count])
    var slices: [ValueType] = []
    for index in count..<view.operandCount {
        let type = try view.tensor(index)
        try view.require(type.rank > 0 && agree(type.shape[0], length), "operand \(index) must have \(length) slices, is \(type)")
        slices.append(.tensor(TensorType(type.dtype, Array(type.shape.dropFirst()))))
    }
    let body = view.regionTypes(0).results
    try view.require(body.count >= count, "the body returns (\(text(body))), expected the carry (\(text(carry)))")
    let outputs = Array(body.dropFirst(count))
    try view.requireRegion(0, "the body", takes: carry + slices, returns: carry + outputs)
    var results = carry
    for output in outputs {
        guard let type = output.tensor else { throw view.error(.typeError, "the body returns a \(output), expected arrays") }
        results.append(.tensor(TensorType(type.dtype, [length] + type.shape)))
    }
    return results
}

private func evaluateScan(_ activation: Activation, _ parameters: ScanParameters,
                          _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let count = parameters.carryCount
    var carry = Array(operands[..<count])
    var inputs: [Tensor] = []
    for operand in operands[count...] { inputs.append(try operand.asTensor()) }
    operands = []
    var outputs: [Tensor] = []
    for index in count..<activation.operation.results.count { outputs.append(try Tensor(try activation.resultTensorType(index))) }
    for step in 0..<parameters.length {
        try checkpoint()
        let index = parameters.isReverse ? parameters.length - 1 - step : step
        var arguments = carry
        carry = []
        for input in inputs {
            let slice = try Tensor(TensorType(input.dtype, Array(input.shape.dropFirst())))
            slice.bytes.copyMemory(from: input.bytes + index * slice.type.byteCount, byteCount: slice.type.byteCount)
            arguments.append(.tensor(slice))
        }
        let current = arguments
        arguments = []
        let results = try activation.run(0, consume current)
        carry = Array(results[..<count])
        for (k, output) in outputs.enumerated() {
            let piece = try results[count + k].asTensor()
            (output.bytes + index * piece.type.byteCount).copyMemory(from: piece.bytes, byteCount: piece.type.byteCount)
        }
    }
    for output in outputs { carry.append(.tensor(output)) }
    return carry
}

// MARK: fori_loop

/// Operands `lower`, `upper` and a state; a body `(i, state…) -> state…` for each i from `lower` to below `upper`.
private func countedLoopTypes(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireRegions(1)
    let lower = try view.tensor(0), upper = try view.tensor(1)
    try view.require(lower.rank == 0 && lower.dtype.isInteger && upper == lower,
                     "the bounds must be integers of one type, are \(lower) and \(upper)")
    let state = Array(view.operandTypes.dropFirst(2))
    try view.requireRegion(0, "the body", takes: [.tensor(lower)] + state, returns: state)
    return state
}

private func evaluateCountedLoop(_ activation: Activation, _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let dtype = try operands[0].asTensor().dtype
    let upper = try integer(operands[1])
    var index = try integer(operands[0])
    var state = Array(operands[2...])
    operands = []
    while index < upper {
        try checkpoint()
        let number = try Tensor(TensorType(.i64, []))
        number.pointer(Int64.self).pointee = Int64(index)
        let arguments = [.tensor(try convert(number, to: dtype))] + state
        state = []
        state = try activation.run(0, consume arguments)
        index += 1
    }
    return state
}
