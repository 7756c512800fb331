// The structured operations in terms of StableHLO's, and dead code in loops and branches.
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import Testing
@testable import JaxTransform

@Suite struct StructuredTests {
    /// What is left of a program without structured operations computes the same, also of its derivatives.
    @Test(arguments: controlSamples + functionSamples + nestedSamples)
    func loweringKeepsResults(_ sample: Sample) throws {
        let function = try Callable(try sample.module())
        try check(function, try sample.arguments(function.types))
        for transformation in [Transformation.jvp(), .vjp()] {
            guard sample.modes == .both else { continue }
            let derivative = try Callable(try function.applying(transformation).program.module)
            var numbers = Numbers(sample.testDescription), arguments = try sample.arguments(function.types)
            for type in derivative.types.dropFirst(arguments.count) { arguments.append(try numbers.direction(type.tensor!)) }
            try check(derivative, arguments)
        }
    }

    private func check(_ function: Callable, _ arguments: [Tensor]) throws {
        let lowered = try withoutStructured(function.program.module)
        try verify(lowered)
        let main = try #require(lowered.function(named: "main"))
        for code in [OpCode.scan, .countedLoop, .customJVP, .customVJP, .remat,
                     .namedCall] { #expect(operations(main.body, code).isEmpty, "\(code.name)") }
        let results = try EvaluationPlan(lowered).call(main, arguments.map { .tensor($0) })
        for (result, value) in zip(results, try function(arguments)) {
            let tensor = try result.asTensor()
            #expect(tensor.type == value.type)
            #expect(try tensor.numbers == value.numbers)
        }
    }

    /// What is computed again is hidden from the search for common subexpressions, unless the program says otherwise.
    @Test func whatIsComputedAgainIsHidden() throws {
        for (parameter, count) in [("", 1), ("[prevent_cse=False]", 0)] {
            let module = try Sample("checkpoint", "", "x:f32[]",
                                    "y = checkpoint\(parameter) x\n{ lambda ; a:f32[]. let\n b = sine a\n in (b,) }").module()
            let main = try #require(try withoutStructured(module).function(named: "main"))
            #expect(operations(main.body, .optimizationBarrier).count == count)
        }
    }

    /// The body of a structured operation uses its parameters alone.
    @Test func structuredOperationsCaptureNothing() throws {
        let text = "main = { lambda ; x:f32[] z:f32[]. let\ny = OPERATION x\n{ lambda ; a:f32[]. let\n b = add a z\n in (b,) }\n in (y,) }"
        for operation in ["checkpoint", "named_call[name='f']", "scan[length=2 num_carry=1]"] {
            let parts = text.split(separator: "OPERATION")
            do throws(JaxError) {
                try verify(try parseProgram(parts[0] + operation + parts[1]))
                Issue.record("\(operation) captures")
            } catch {
                #expect(error.message.contains("from outside of a structured operation"), "\(error)")
            }
        }
    }

    // MARK: Pruning

    private func pruned(_ text: String) throws -> Function {
        let module = try parseProgram(text)
        try verify(module)
        return try #require(try JaxTransform.pruned(module).function(named: "main"))
    }

    @Test func statesThatNothingNeedsGo() throws {
        let main = try pruned("""
            main = { lambda ; a:f32[] b:f32[] xs:f32[3] zs:f32[3]. let
                c d e ys vs = scan[length=3 num_carry=3] a b a xs zs
                  { lambda ; c:f32[] d:f32[] e:f32[] x:f32[] z:f32[]. let
                     f = multiply c x
                     g = multiply d z
                     h = add e f
                    in (f, g, h, g, h) }
              in (e,) }
            """)
        let scan = try #require(operations(main.body, .scan).first)
        #expect(scan.parameters(ScanParameters.self).carryCount == 2)
        #expect(scan.operands == [main.body.parameters[0], main.body.parameters[0], main.body.parameters[2]])
        #expect(scan.results.count == 2 && scan.regions[0].operations.map { $0.code } == [.multiply, .add])
    }

    /// A state that another needs stays, and so does what the condition reads.
    @Test func loopsKeepWhatTheyTurnOn() throws {
        let main = try pruned("""
            main = { lambda ; a:f32[] b:f32[] n:i32[]. let
                one:i32[] = constant[1]
                i c d e = while n a b a
                  { lambda ; i:i32[] c:f32[] d:f32[] e:f32[]. let
                     p = compare[comparison_direction=LT] i n
                    in (p,) }
                  { lambda ; i:i32[] c:f32[] d:f32[] e:f32[]. let
                     f = multiply c d
                     g = sine e
                     j = add i one
                    in (j, f, d, g) }
              in (c,) }
            """)
        let loop = try #require(operations(main.body, .while).first)
        #expect(loop.results.count == 3)
        #expect(loop.regions[1].operations.map { $0.code } == [.multiply, .add])
    }

    @Test func branchesAndCheckpoints() throws {
        let main = try pruned("""
            main = { lambda ; p:bool[] a:f32[] b:f32[]. let
                c d = if p
                  { lambda ;. let
                     e = sine a
                     f = cosine b
                    in (e, f) }
                  { lambda ;. let
                    in (a, b) }
                g h = checkpoint c b
                  { lambda ; k:f32[] l:f32[]. let
                     m = sine k
                     n = cosine l
                    in (m, n) }
              in (g,) }
            """)
        #expect(operations(main.body, .cosine).isEmpty && operations(main.body, .sine).count == 2)
        #expect(operations(main.body, .remat).first?.operands.count == 1)
        #expect(operations(main.body, .if).first?.results.count == 1)
    }

    /// A function that an operation names stays.
    @Test func namedFunctionsStay() throws {
        let sample = try #require(sortingSamples.first { $0.operation == "ApproxTopK" })
        let module = try JaxTransform.pruned(try sample.module())
        try verify(module)
        #expect(module.functions.map { $0.name } == ["greater", "main"])
        #expect(module.functions[1].body.operations[0].parameters.functions.first === module.functions[0])
    }

    /// The gradient of one argument has nothing of the others' left.
    @Test func gradientsHaveNoIdleTangents() throws {
        var program = try Callable(try Sample("scan", "", "a:f32[] b:f32[] xs:f32[3]", """
            c d = scan[length=3 num_carry=2] a b xs
              { lambda ; c:f32[] d:f32[] x:f32[]. let
                 e = multiply c x
                 f = multiply d d
                in (e, f) }
            """, "c").module()).program
        try program.apply(.grad(GradientOptions()))
        for scan in operations(try program.main().body, .scan) { #expect(scan.regions[0].operations.count <= 1) }
    }
}
