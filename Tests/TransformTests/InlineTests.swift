import Testing
import JaxIR
import JaxOps
import JaxPlatform
@testable import JaxTransform

@Suite struct InlineTests {
    private let type = ValueType.tensor(TensorType(.f32, []))

    /// @double(x) = x + x; @main(x) = double(double(x)), and a composite "my.double" with @double for its decomposition.
    private func module() throws -> Module {
        let module = Module()
        let double = Function(name: "double", isPublic: false), main = Function(name: "main")
        let x = double.makeValue(type), sum = double.makeValue(type)
        double.body = Region(parameters: [x], operations: [Operation(.add, operands: [x, x], results: [sum])], results: [sum])
        let a = main.makeValue(type), b = main.makeValue(type), c = main.makeValue(type), d = main.makeValue(type)
        let call = Attributes([NamedAttribute("callee", .symbol("double"))])
        main.body = Region(parameters: [a], operations: [
            Operation(.call, operands: [a], results: [b], attributes: call),
            Operation(.call, operands: [b], results: [c], attributes: call),
            Operation(.composite, operands: [c], results: [d], attributes: Attributes([
                NamedAttribute("name", .string("my.double")), NamedAttribute("decomposition", .symbol("double")),
            ])),
        ], results: [d])
        for function in [double, main] {
            function.resultTypes = [type]
            function.parameterAttributes = [Attributes()]
            function.resultAttributes = [Attributes()]
            try module.add(function)
        }
        return module
    }

    private func value(_ module: Module) throws -> Float {
        try verify(module)
        module.markAllLastUses()
        let argument = try Tensor(TensorType(.f32, []))
        argument.elements(as: Float.self)[0] = 1.5
        let main = try #require(module.function(named: "main"))
        let result = try Evaluator(module).call(main, [.tensor(argument)])[0].asTensor()
        return withExtendedLifetime(result) { result.elements(as: Float.self)[0] }
    }

    @Test func callsGoCompositesStay() throws {
        let flat = try inlined(try module())
        #expect(flat.function(named: "main")?.body.operations.map { $0.code } == [.add, .add, .composite])
        #expect(flat.function(named: "double") != nil)
        #expect(try value(flat) == 12)
    }

    @Test func compositesGoByName() throws {
        let flat = try inlined(try module(), InlineOptions(composites: { $0 == "my.double" }))
        #expect(flat.function(named: "main")?.body.operations.map { $0.code } == [.add, .add, .add])
        #expect(flat.functions.count == 1)
        #expect(try value(flat) == 12)
    }

    @Test func recursionIsRefused() throws {
        let module = Module()
        let main = Function(name: "main")
        let a = main.makeValue(type), b = main.makeValue(type)
        main.body = Region(parameters: [a], operations: [
            Operation(.call, operands: [a], results: [b], attributes: Attributes([NamedAttribute("callee", .symbol("main"))])),
        ], results: [b])
        main.resultTypes = [type]
        try module.add(main)
        #expect(throws: JaxError.self) { try inlined(module) }
    }
}
