// Programs and their transformations, ready to be called.
import JaxIR
import JaxOps
import JaxPlatform
@testable import JaxTransform

struct Callable {
    let program: TransformedProgram
    private let plan: EvaluationPlan
    private let main: Function

    init(_ program: TransformedProgram) throws {
        self.program = program
        plan = try EvaluationPlan(program.module)
        main = try program.main()
    }

    /// A program whose parameters are an argument each.
    init(_ module: Module) throws {
        guard let main = module.function(named: "main") else { throw JaxError(.valueError, "there is no main") }
        try self.init(TransformedProgram(module, arguments: main.parameterTypes.indices.map { $0..<($0 + 1) }))
    }

    var types: [ValueType] { main.parameterTypes }

    func applying(_ transformation: Transformation) throws -> Callable {
        var transformed = program
        try transformed.apply(transformation)
        return try Callable(transformed)
    }

    /// The results own their memory: a constant's is the program's, which may be gone before they are.
    func callAsFunction(_ arguments: [Tensor]) throws -> [Tensor] {
        try withExtendedLifetime(plan) {
            var results: [Tensor] = []
            for value in try plan.call(main, arguments.map { .tensor($0) }) { results.append(try value.asTensor().owned()) }
            return results
        }
    }
}
