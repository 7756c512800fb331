import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import Testing

@Suite struct VerifierTests {
    private let vector = ValueType.tensor(TensorType(.f32, [3]))

    /// A module with one function over f32[3] values: parameters 0 and 1, value 2 what `operation` makes, their sum where nothing is said.
    private func sum(types: [ValueType]? = nil, _ operations: [JaxIR.Operation]? = nil, resultType: ValueType? = nil) throws -> Module {
        let module = Module()
        let function = Function(name: "main")
        for type in types ?? [vector, vector, vector] { _ = function.makeValue(type) }
        function.body = Region(parameters: [ValueID(0), ValueID(1)],
                               operations: operations ?? [add([0, 1], 2)], results: [ValueID(2)])
        function.resultTypes = [resultType ?? vector]
        try module.add(function)
        return module
    }

    private func add(_ operands: [Int], _ result: Int) -> JaxIR.Operation {
        Operation(.add, operands: operands.map { ValueID($0) }, results: [ValueID(result)])
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
        expectRefusal(try sum([add([0, 1], 1)]), .malformed, "value 1 is defined twice")
        expectRefusal(try sum([add([0, 1], 7)]), .malformed, "value 7 has no type")
    }

    @Test func valuesAreDefinedBeforeTheirUse() throws {
        expectRefusal(try sum([add([0, 2], 2)]), .malformed, "uses value 2, which is not defined there")
        expectRefusal(try sum([]), .malformed, "uses value 2")
    }

    @Test func valuesOfARegionEndWithIt() throws {
        let branch = Region(operations: [Operation(.negate, operands: [ValueID(0)], results: [ValueID(4)])], results: [ValueID(4)])
        let other = Region(results: [ValueID(1)])
        let module = try sum(types: [vector, vector, vector, .tensor(TensorType(.i1, [])), vector, vector], [
            Operation(.compare, operands: [ValueID(0), ValueID(1)], results: [ValueID(3)], parameters: CompareParameters(.equal)),
            Operation(.if, operands: [ValueID(3)], results: [ValueID(5)], regions: [branch, other]),
            add([4, 5], 2),
        ])
        // The flag is an array: what matters comes first.
        expectRefusal(module, .typeError, "bool[3]")
        expectRefusal(try sum(types: [vector, vector, vector, .tensor(TensorType(.i1, [])), vector, vector], [
            Operation(.constant, results: [ValueID(3)], parameters: ConstantParameters(try flag())),
            Operation(.if, operands: [ValueID(3)], results: [ValueID(5)], regions: [branch, other]),
            add([4, 5], 2),
        ]), .malformed, "add uses value 4, which is not defined there")
    }

    private func flag() throws -> Literal { Literal(type: TensorType(.i1, []), isSplat: false, storage: try Storage(byteCount: 1)) }

    @Test func typesAreThoseOfTheShapeRule() throws {
        expectRefusal(try sum(types: [vector, vector, .tensor(TensorType(.f32, [4]))]), .typeError, "f32[4]")
        expectRefusal(try sum(types: [vector, .tensor(TensorType(.i32, [3])), vector]), .typeError, "i32[3]")
        expectRefusal(try sum(resultType: .token), .typeError, "returns token, but f32[3] is declared")
    }

    @Test func dynamicDimensionsAgree() throws {
        let dynamic = ValueType.tensor(TensorType(.f32, [TensorType.dynamic]))
        try verify(sum(types: [dynamic, dynamic, dynamic]))
    }

    @Test func callsFitTheirCallees() throws {
        func program(_ operands: String, callee: String = "main") throws -> Module {
            try parseProgram("""
                main = { lambda ; a:f32[3] b:f32[3]. let
                    c:f32[3] = add a b
                  in (c,) }
                caller = { lambda ; a:f32[3]. let
                    b:f32[3] = call[callee=@\(callee)] \(operands)
                  in (b,) }
                """)
        }
        expectRefusal(try program("a"), .typeError, "@main takes (f32[3], f32[3]), given (f32[3])")
        try verify(program("a a"))
        #expect(throws: JaxError.self) { try program("a a", callee: "nobody") }
        expectRefusal(try program("a", callee: "caller"), .malformed, "@caller calls itself")
        // A function of another module.
        let stranger = Function(name: "main")
        let module = try sum([Operation(.call, operands: [ValueID(0), ValueID(1)],
                                        results: [ValueID(2)], parameters: CallParameters(stranger))])
        expectRefusal(module, .malformed, "call names @main, which does not exist")
    }

    @Test func constantsHaveTheirBytes() throws {
        let literal = Literal(type: TensorType(.f32, [3]), isSplat: false, storage: try Storage(byteCount: 4))
        let module = try sum([Operation(.constant, results: [ValueID(2)], parameters: ConstantParameters(literal))])
        expectRefusal(module, .malformed, "f32[3] needs 12 bytes, has 4")
    }

    @Test func unknownCustomCallsAreRefusedByName() throws {
        let module = try parseProgram("""
            main = { lambda ; a:f32[3]. let
                b:f32[3] = custom_call[call_target_name='nowhere'] a
              in (b,) }
            """)
        expectRefusal(module, .notImplemented, "nowhere")
        try verify(module, requiringKnownCalls: false)
    }

    @Test func parametersAreOfTheOperationsClass() throws {
        let module = try sum([Operation(.transpose, operands: [ValueID(0)], results: [ValueID(2)], parameters: DimensionParameters(0))])
        expectRefusal(module, .internalError, "transpose has the parameters of another operation")
    }

    /// Nothing changes what has been verified: a plan or a cache may stand on it.
    @Test func verifiedProgramsAreFrozen() throws {
        let module = try sum()
        #expect(!module.functions[0].isFrozen)
        try verify(module)
        #expect(module.functions[0].isFrozen)
    }
}
