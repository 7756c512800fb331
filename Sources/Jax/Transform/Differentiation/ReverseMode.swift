// Reverse mode: forward mode, of which the part that depends on tangents is kept back and transposed.
import JaxIR
import JaxOps
import JaxPlatform

/// A function in the middle of its differentiation: its primals are computed, and cotangents may be sent back.
struct ReverseMode {
    let builder: Builder
    /// What stands for the function's parameters and results.
    let parameters: [ValueID], results: [ValueID]
    private let linearParameters: [ValueID?]
    private let resultTangents: [ValueID?]
    private let linear: [Operation]

    /// Emits the function's primals, with parameters of their own, into a new function. `active`: the parameters whose cotangents are asked
    /// for; of them, those with integers have none.
    init(_ function: Function, active: [Bool]) throws(JaxError) {
        let types = function.parameterTypes
        let differentiable = zip(types, active).map { $0.hasTangent && $1 }
        let (forward, activeResults) = try forwardMode(function, active: differentiable)
        let builder = Builder(function.emptyCopy())
        let count = types.count, tangents = Array(forward.body.parameters.dropFirst(count))
        var evaluation = PartialEvaluation(forward, unknown: Dependence(forward, on: tangents, .value), into: builder)
        let parameters = types.map { builder.parameter($0) }
        for (value, parameter) in zip(forward.body.parameters, parameters) { evaluation.bind(value, to: parameter) }
        var linearParameters = [ValueID?](repeating: nil, count: count), next = 0
        for index in 0..<count where differentiable[index] {
            let value = builder.function.makeValue(types[index])
            evaluation.bind(tangents[next], to: value)
            linearParameters[index] = value
            next += 1
        }
        try evaluation.run(forward.body.operations)
        let resultCount = activeResults.count
        results = try evaluation.copies(of: Array(forward.body.results.prefix(resultCount)))
        var resultTangents = [ValueID?](repeating: nil, count: resultCount)
        next = resultCount
        for index in 0..<resultCount where activeResults[index] {
            resultTangents[index] = try evaluation.copy(forward.body.results[next])
            next += 1
        }
        self.builder = builder
        self.parameters = parameters
        self.linearParameters = linearParameters
        self.resultTangents = resultTangents
        linear = evaluation.deferred
    }

    /// The cotangents of all parameters, from those of the results (nil: zero); nil where a parameter has none. Emitted at the place where
    /// the builder is.
    func pullBack(_ cotangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
        var transposition = Transposition(builder, linear: linearParameters.compactMap { $0 })
        transposition.note(linear)
        for (tangent, cotangent) in zip(resultTangents, cotangents) {
            if let tangent { try transposition.add(cotangent, to: tangent) }
        }
        try transposition.run(linear)
        var made: [ValueID?] = []
        for parameter in linearParameters {
            guard let parameter else {
                made.append(nil)
                continue
            }
            made.append(try transposition.cotangentOrZeros(parameter))
        }
        return made
    }
}
