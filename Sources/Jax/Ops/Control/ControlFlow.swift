// call, case, if, while (StableHLO, sections Module, Function, Call and Return; case; if; while).
import JaxIR
import JaxPlatform

func controlFlowFamily() -> [OpDefinition] {
    [
        OpDefinition(.call, shape: { view throws(JaxError) in
            let callee = try view.requireFunction("callee")
            try view.requireArguments(callee)
            return callee.resultTypes
        }, consuming: { frame, operation, operands throws(JaxError) in
            guard let callee = operation.attributes.symbol("callee") else {
                throw JaxError(.internalError, "call: the attribute callee is missing")
            }
            let arguments = operands
            operands = []
            return try frame.call(callee, consume arguments)
        }),
        OpDefinition(.case, shape: caseRule, evaluate: { frame, operation, operands throws(JaxError) in
            let index = try integer(operands[0])
            let branch = index >= 0 && index < operation.regions.count ? index : operation.regions.count - 1
            return try frame.run(operation.regions[branch], [])
        }),
        OpDefinition(.if, shape: ifRule, evaluate: { frame, operation, operands throws(JaxError) in
            try frame.run(operation.regions[try integer(operands[0]) != 0 ? 0 : 1], [])
        }),
        OpDefinition(.while, shape: whileRule, consuming: evaluateWhile),
    ]
}

private func caseRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(1)
    let index = try view.tensor(0)
    try view.require(index == TensorType(.i32, []), "the index must be i32[], is \(index)")
    try view.require(!view.operation.regions.isEmpty, "has no branches")
    let results = view.regionTypes(0).results
    for branch in view.operation.regions.indices { try view.requireRegion(branch, "branch \(branch)", takes: [], returns: results) }
    return results
}

private func ifRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(1)
    try view.requireRegions(2)
    let predicate = try view.tensor(0)
    try view.require(predicate == TensorType(.i1, []), "the predicate must be bool[], is \(predicate)")
    let results = view.regionTypes(0).results
    for branch in 0..<2 { try view.requireRegion(branch, branch == 0 ? "the true branch" : "the false branch", takes: [], returns: results) }
    return results
}

private func whileRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireRegions(2)
    let state = view.operandTypes
    try view.requireRegion(0, "the condition", takes: state, returns: [.tensor(TensorType(.i1, []))])
    try view.requireRegion(1, "the body", takes: state, returns: state)
    return state
}

/// The state is handed from iteration to iteration, so that what the body does not need twice it may overwrite.
private func evaluateWhile(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let condition = operation.regions[0], body = operation.regions[1]
    var state = operands
    operands = []
    while true {
        try checkpoint()
        let predicate = try frame.run(condition, state)
        guard let holds = predicate.first, try integer(holds) != 0 else { return state }
        let current = state
        state = []
        state = try frame.run(body, consume current)
    }
}
