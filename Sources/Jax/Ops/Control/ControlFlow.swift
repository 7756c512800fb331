// call, case, if, while (StableHLO, sections Module, Function, Call and Return; case; if; while).
import JaxIR
import JaxPlatform

func controlFlowFamily() -> [OpDefinition] {
    [
        OpDefinition(.call, CallParameters.self, .structural, infer: { view, parameters throws(JaxError) in
            try view.requireArguments(parameters.callee)
            return parameters.callee.resultTypes
        }, evaluate: { activation, _, operands throws(JaxError) in
            let arguments = operands
            operands = []
            return try activation.call(0, consume arguments)
        }),
        OpDefinition(.case, .structural, infer: caseTypes, evaluate: { activation, operands throws(JaxError) in
            let index = try integer(operands[0]), last = activation.operation.regions.count - 1
            return try activation.run(index >= 0 && index <= last ? index : last, [])
        }),
        OpDefinition(.if, .structural, infer: ifTypes, evaluate: { activation, operands throws(JaxError) in
            try activation.run(try integer(operands[0]) != 0 ? 0 : 1, [])
        }),
        OpDefinition(.while, .structural, infer: whileTypes, evaluate: evaluateWhile),
    ]
}

/// The function that is called.
public final class CallParameters: Parameters {
    private var function: Function?

    public convenience init(_ callee: Function) {
        self.init()
        function = callee
    }

    public var callee: Function { function! }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.function("callee", &function) }
    public override var functions: [Function] { [callee] }
    public override func replacing(_ functions: [Function]) -> Parameters { CallParameters(functions[0]) }
}

private func caseTypes(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(1)
    let index = try view.tensor(0)
    try view.require(index == TensorType(.i32, []), "the index must be i32[], is \(index)")
    try view.require(!view.regions.isEmpty, "has no branches")
    let results = view.regionTypes(0).results
    for branch in view.regions.indices { try view.requireRegion(branch, "branch \(branch)", takes: [], returns: results) }
    return results
}

private func ifTypes(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(1)
    try view.requireRegions(2)
    let predicate = try view.tensor(0)
    try view.require(predicate == TensorType(.i1, []), "the predicate must be bool[], is \(predicate)")
    let results = view.regionTypes(0).results
    for branch in 0..<2 {
        try view.requireRegion(branch, branch == 0 ? "the true branch" : "the false branch", takes: [], returns: results)
    }
    return results
}

private func whileTypes(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireRegions(2)
    let state = view.operandTypes
    try view.requireRegion(0, "the condition", takes: state, returns: [.tensor(TensorType(.i1, []))])
    try view.requireRegion(1, "the body", takes: state, returns: state)
    return state
}

/// The state is handed from iteration to iteration, so that what the body does not need twice it may overwrite.
private func evaluateWhile(_ activation: Activation, _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    var state = operands
    operands = []
    while true {
        try checkpoint()
        let predicate = try activation.run(0, state)
        guard let holds = predicate.first, try integer(holds) != 0 else { return state }
        let current = state
        state = []
        state = try activation.run(1, consume current)
    }
}
