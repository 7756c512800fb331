import JaxIR
import JaxOps
import JaxPlatform
import Testing

@Suite struct VerifierTests {
    private let vector = ValueType.tensor(TensorType(.f32, [3]))

    /// A module with one function over f32[3] values: parameters 0 and 1, value 2 their sum.
    private func sum(_ change: (Function) throws -> Void = { _ in }) throws -> Module {
        let module = Module()
        let function = Function(name: "main")
        let values = (0..<3).map { _ in function.makeValue(vector) }
        function.body.parameters = [values[0], values[1]]
        function.body.operations = [Operation(.add, operands: [values[0], values[1]], results: [values[2]])]
        function.body.results = [values[2]]
        function.resultTypes = [vector]
        try change(function)
        try module.add(function)
        return module
    }

    private func expectRefusal(_ module: Module, _ kind: JaxError.Kind, _ text: String) {
        do throws(JaxError) {
            try verify(module)
            Issue.record("expected '\(text)'")
        } catch {
            #expect(error.kind == kind)
            #expect(error.message.contains(text), "\(error.message)")
        }
    }

    @Test func aSoundProgramPasses() throws {
        try verify(sum())
    }

    @Test func everyValueHasOneDefinition() throws {
        expectRefusal(try sum { $0.body.operations[0].results = [ValueID(1)] }, .malformed, "value 1 is defined twice")
        expectRefusal(try sum { $0.body.operations[0].results = [ValueID(7)] }, .malformed, "value 7 has no type")
    }

    @Test func valuesAreDefinedBeforeTheirUse() throws {
        expectRefusal(try sum { $0.body.operations[0].operands[1] = ValueID(2) }, .malformed, "uses value 2, which is not defined there")
        expectRefusal(try sum { $0.body.operations = [] }, .malformed, "uses value 2")
    }

    @Test func valuesOfARegionEndWithIt() throws {
        let module = try sum { function in
            let flag = function.makeValue(.tensor(TensorType(.i1, [])))
            let inner = function.makeValue(self.vector), result = function.makeValue(self.vector)
            function.body.parameters.append(flag)
            let branch = Region(operations: [Operation(.negate, operands: [ValueID(0)], results: [inner])], results: [inner])
            let other = Region(results: [ValueID(1)])
            function.body.operations = [
                Operation(.if, operands: [flag], results: [result], regions: [branch, other]),
                Operation(.add, operands: [inner, result], results: [ValueID(2)]),
            ]
        }
        expectRefusal(module, .malformed, "add uses value 4, which is not defined there")
    }

    @Test func typesAreThoseOfTheShapeRule() throws {
        expectRefusal(try sum { $0.types[2] = .tensor(TensorType(.f32, [4])) }, .typeError, "f32[4]")
        expectRefusal(try sum { $0.types[1] = .tensor(TensorType(.i32, [3])) }, .typeError, "i32[3]")
        expectRefusal(try sum { $0.resultTypes = [.token] }, .typeError, "returns token, but f32[3] is declared")
    }

    @Test func dynamicDimensionsAgree() throws {
        try verify(sum { function in
            for index in 0..<3 { function.types[index] = .tensor(TensorType(.f32, [TensorType.dynamic])) }
            function.resultTypes = [self.vector]
        })
    }

    @Test func callsFitTheirCallees() throws {
        let module = try sum()
        let caller = Function(name: "caller")
        let argument = caller.makeValue(vector), result = caller.makeValue(vector)
        caller.body = Region(parameters: [argument],
                             operations: [Operation(.call, operands: [argument], results: [result],
                                                    attributes: Attributes([NamedAttribute("callee", .symbol("main"))]))],
                             results: [result])
        caller.resultTypes = [vector]
        try module.add(caller)
        expectRefusal(module, .typeError, "@main takes 2 values, 1 are declared")
        caller.body.operations[0].operands = [argument, argument]
        try verify(module)
        caller.body.operations[0].attributes["callee"] = .symbol("nobody")
        expectRefusal(module, .malformed, "call names @nobody, which does not exist")
        caller.body.operations[0].attributes["callee"] = .symbol("caller")
        caller.body.operations[0].operands = [argument]
        expectRefusal(module, .malformed, "@caller calls itself")
    }

    @Test func constantsHaveTheirBytes() throws {
        let storage = try Storage(byteCount: 4)
        let literal = Literal(type: TensorType(.f32, [3]), isSplat: false, storage: storage)
        let module = try sum {
            $0.body.operations = [Operation(.constant, results: [ValueID(2)], attributes: Attributes([NamedAttribute("value", .literal(literal))]))]
        }
        expectRefusal(module, .malformed, "a constant of type f32[3] has 4 bytes")
    }

    @Test func unknownCustomCallsAreRefusedByName() throws {
        let module = try sum {
            $0.body.operations[0].code = .customCall
            $0.body.operations[0].attributes = Attributes([NamedAttribute("call_target_name", .string("nowhere"))])
        }
        expectRefusal(module, .notImplemented, "nowhere")
        try verify(module, requiringKnownCalls: false)
    }
}
