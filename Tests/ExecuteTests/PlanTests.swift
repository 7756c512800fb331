// Plans: what lies where, and what comes out of an execution.
import CompileSupport
import JaxCompile
@testable import JaxExecute
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import Testing
import X86

private func program(_ text: String) throws -> Module {
    let module = try parseProgram(text)
    try verify(module)
    return module
}

private func floats(_ numbers: [Float]) throws -> Tensor {
    let tensor = try Tensor(TensorType(.f32, [numbers.count]))
    for (index, number) in numbers.enumerated() { tensor.elements(as: Float.self)[index] = number }
    return tensor
}

private func integer(_ number: Int32) throws -> Tensor {
    let tensor = try Tensor(TensorType(.i32, []))
    tensor.elements(as: Int32.self)[0] = number
    return tensor
}

private func bits(_ tensor: Tensor) -> [UInt32] { Array(tensor.elements(as: UInt32.self)) }

/// The elements of the results, which the execution must have made itself.
private func execute(_ module: Module, _ arguments: [Tensor]) throws -> [[UInt32]] {
    try ExecutionPlan(module).execute(arguments, mayOverwrite: arguments.map { _ in false }).map {
        guard case .made(let tensor) = $0 else { throw JaxError(.internalError, "a result is an argument's memory") }
        return bits(tensor)
    }
}

private func evaluate(_ module: Module, _ arguments: [Tensor]) throws -> [[UInt32]] {
    let main = try #require(module.function(named: "main"))
    return try EvaluationPlan(module).call(main, arguments.map { .tensor($0.borrowed()) }).map { bits(try $0.asTensor()) }
}

@Suite struct PlanTests {
    /// Contents that are needed at the same time lie apart, unless one is made of the other element by element; and the results are the
    /// evaluator's.
    @Test func randomProgramsComputeWhatTheEvaluatorDoes() throws {
        for seed in 1...UInt64(150) {
            let text = RandomProgram.text(seed)
            let module = try program(text)
            let fusions = try fused(module, Compiling(.detected))
            let evaluation = try EvaluationPlan(fusions, isCompiled: true)
            var builder = PlanBuilder(evaluation, try evaluation.plan(try #require(fusions.function(named: "main"))))
            try builder.build()
            let finished = FinishedPlan(builder), memory = finished.memory
            func place(_ lifetime: Int) -> Range<Int>? {
                let root = memory.root(memory.lifetimes[lifetime].buffer)
                return finished.offsets[root].map { $0..<($0 + memory.buffers[root].byteCount) }
            }
            for a in memory.lifetimes.indices {
                for b in memory.lifetimes.indices where a != b {
                    guard let x = place(a), let y = place(b), x.overlaps(y) else { continue }
                    let (first, second) = memory.lifetimes[a].start <= memory.lifetimes[b].start ? (a, b) : (b, a)
                    #expect(!memory.meet(first, second), "seed \(seed)")
                }
            }
            for trips in [0, 1, 3] as [Int32] {
                let arguments = [try floats([0.25]), try floats([1, -2, 3, 0.5]), try floats([4, 3, 2, 1]),
                                 try floats((0..<16).map { Float(($0 * 7) % 16) / 8 }), try integer(trips)]
                // The kernels' tanh is the regions', which are executed by kernels or not at all.
                let expected = try execute(fused(module, Interpreting()), arguments)
                #expect(try execute(fusions, arguments) == expected, "seed \(seed)\n\(text)")
                #expect(try execute(fused(module, nil), arguments) == evaluate(module, arguments), "seed \(seed)\n\(text)")
            }
        }
    }

    /// A loop's array is updated where it lies; one that is only handed on stays where it was, an argument included.
    @Test func loopsWorkInPlace() throws {
        let module = try compiled(program("""
            main = { lambda ; a:f32[1024] w:f32[1024] n:i32[]. let
                zero:i32[] = constant[0]
                s:f32[1024] = add a a
                i:i32[] b:f32[1024] v:f32[1024] = while zero s w
                  { lambda ; i:i32[] x:f32[1024] y:f32[1024]. let
                      p:bool[] = compare[comparison_direction=LT] i n
                    in (p,) }
                  { lambda ; i:i32[] x:f32[1024] y:f32[1024]. let
                      one:i32[] = constant[1]
                      j:i32[] = add i one
                      z:f32[1024] = multiply x y
                    in (j, z, y) }
              in (b,) }
            """), Compiling(.detected))
        let plan = try ExecutionPlan(module)
        // What is carried is the result's memory; the counter and the predicate have places.
        #expect(plan.arenaByteCount <= 4 * 64)
        #expect(!plan.steps.contains { $0.kind == .copy && $0.count > 4 })
        let arguments = [try floats([Float](repeating: 1, count: 1024)), try floats([Float](repeating: 2, count: 1024)), try integer(3)]
        #expect(try execute(module, arguments)[0] == [UInt32](repeating: Float(16).bitPattern, count: 1024))
    }

    /// Values that a loop exchanges are not lost.
    @Test func carriedValuesAreExchanged() throws {
        let text = """
            main = { lambda ; a:f32[4] b:f32[4] n:i32[]. let
                zero:i32[] = constant[0]
                i:i32[] c:f32[4] d:f32[4] = while zero a b
                  { lambda ; i:i32[] x:f32[4] y:f32[4]. let
                      p:bool[] = compare[comparison_direction=LT] i n
                    in (p,) }
                  { lambda ; i:i32[] x:f32[4] y:f32[4]. let
                      one:i32[] = constant[1]
                      j:i32[] = add i one
                    in (j, y, x) }
              in (c, d) }
            """
        let module = try compiled(program(text), Compiling(.detected))
        for n in 0..<4 as Range<Int32> {
            let arguments = [try floats([1, 2, 3, 4]), try floats([5, 6, 7, 8]), try integer(n)]
            #expect(try execute(module, arguments) == evaluate(program(text), arguments))
        }
    }

    @Test func arraysWithoutElementsHavePlaces() throws {
        let text = """
            main = { lambda ; a:f32[0,3] b:f32[2]. let
                c:f32[0,3] = add a a
                d:f32[2,0] = constant[]
                e:f32[0] = reshape d
              in (c, e, b) }
            """
        let module = try compiled(program(text), Compiling(.detected))
        let results = try execute(module, [try Tensor(TensorType(.f32, [0, 3])), try floats([1, 2])])
        #expect(results.map { $0.count } == [0, 0, 2])
    }

    /// A result takes the memory of an argument that was given away, where nothing reads that any more.
    @Test func resultsTakeWhatWasGivenAway() throws {
        let text = """
            main = { lambda ; a:f32[4] b:f32[4]. let
                c:f32[4] = add a b
                d:f32[4] = multiply c b
              in (d, c) }
            """
        let plan = try ExecutionPlan(try compiled(program(text), Compiling(.detected)))
        let a = try floats([1, 2, 3, 4]), b = try floats([5, 6, 7, 8])
        let results = try plan.execute([a, b], mayOverwrite: [true, true])
        var inputs: [Int] = []
        for result in results { if case .donated(_, let input) = result { inputs.append(input) } }
        #expect(Set(inputs).count == inputs.count && !inputs.isEmpty)
        for (number, result) in results.enumerated() {
            let memory: UnsafeMutableRawPointer
            switch result {
            case .made(let tensor): memory = tensor.bytes
            case .donated(_, let input): memory = [a, b][input].bytes
            }
            let expected: [Float] = number == 0 ? [30, 48, 70, 96] : [6, 8, 10, 12]
            #expect((0..<4).map { memory.load(fromByteOffset: 4 * $0, as: Float.self) } == expected)
        }
    }

    /// A check that fails within a loop ends the execution with its place; the plan can be used again.
    @Test func errorsComeFromTheMiddle() throws {
        let text = """
            main = { lambda ; a:f32[4] n:i32[]. let
                zero:i32[] = constant[0]
                i:i32[] b:f32[4] = while zero a
                  { lambda ; i:i32[] x:f32[4]. let
                      p:bool[] = compare[comparison_direction=LT] i n
                    in (p,) }
                  { lambda ; i:i32[] x:f32[4]. let
                      one:i32[] = constant[1]
                      j:i32[] = add i one
                      y:f32[4] = add x x
                      custom_call[call_target_name='check.expect_eq' has_side_effect=True] x y
                    in (j, y) }
              in (b,) }
            """
        let module = try compiled(program(text), Compiling(.detected))
        let zeros = try floats([0, 0, 0, 0]), ones = try floats([1, 1, 1, 1])
        #expect(try execute(module, [zeros, try integer(5)])[0] == [0, 0, 0, 0])
        let error = #expect(throws: JaxError.self) { try execute(module, [ones, try integer(5)]) }
        #expect(error?.kind == .checkFailed)
        #expect(try execute(module, [ones, try integer(0)])[0] == [UInt32](repeating: Float(1).bitPattern, count: 4))
    }
}
