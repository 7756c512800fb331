// What programs are executed by: the counts that a program carries and the machine keeps, the compiler's passes, profiles.
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
@testable import JaxRun
import Testing

/// Two kernels around a sort, which is evaluated, and a loop over arrays whose body holds a kernel and a cumulative sum.
private let mixed = """
    helper = { lambda ; a:f32[8]. let
        b:f32[8] = sort[dimension=0 is_stable=True] a
          { lambda ; x:f32[] y:f32[]. let
              p:bool[] = compare[comparison_direction=LT] x y
            in (p,) }
      in (b,) }
    main = { lambda ; a:f32[8]. let
        zero:i32[] = constant[0]
        b:f32[8] = multiply a a
        s:f32[8] = call[callee=@helper] b
        c:f32[8] = add s a
        n:i32[] d:f32[8] = while zero c
          { lambda ; i:i32[] v:f32[8]. let
              three:i32[] = constant[3]
              p:bool[] = compare[comparison_direction=LT] i three
            in (p,) }
          { lambda ; i:i32[] v:f32[8]. let
              one:i32[] = constant[1]
              j:i32[] = add i one
              r:f32[8] = sort[dimension=0 is_stable=True] v
                { lambda ; x:f32[] y:f32[]. let
                    p:bool[] = compare[comparison_direction=GT] x y
                  in (p,) }
              w:f32[8] = multiply r v
            in (j, w) }
      in (d,) }
    """

@Suite(.serialized) struct CoverageTests {
    private let session = Session(devices: [Processor(name: "cpu:0", description: "processor")])
    private var device: any Device { session.devices[0] }

    private func program(_ text: String) throws -> LoadedProgram {
        LoadedProgram(name: "p", try DecodedProgram(parseProgram(text)), owner: .library)
    }

    private func array(_ count: Int) throws -> DeviceArray {
        let tensor = try Tensor(TensorType(.f32, [count]))
        for index in 0..<count { tensor.elements(as: Float.self)[index] = Float((index * 5) % 7) / 4 }
        return try device.put(tensor)
    }

    private func sorts() -> Int { Session.fallbackExecutions.first { $0.name == "sort" }?.count ?? 0 }

    @Test func kernelsAndEvaluatedOperationsAreCountedOnce() throws {
        let coverage = try session.coverage(try program(mixed), [TensorType(.f32, [8])], device: device)
        // The loop's condition and its counter are kernels over scalars, too.
        #expect(coverage.evaluated.map { "\($0.count) \($0.name)" } == ["2 sort"])
        let names = coverage.kernels.map { $0.name }
        #expect(names.count == 5 && names.contains("main_1_multiply"), "\(names)")
        #expect(coverage.text == "5 kernels; evaluated: 2 sort")
    }

    @Test func withoutTheCompilerEverythingIsEvaluated() throws {
        let coverage = try session.coverage(try program(mixed), [TensorType(.f32, [8])], device: device, by: .evaluated)
        let counts = coverage.evaluated.map { "\($0.count) \($0.name)" }
        #expect(coverage.kernels.isEmpty && counts == ["2 add", "2 multiply", "2 sort", "1 compare"], "\(counts)")
    }

    @Test func aFusionWithoutCodeCountsByItsOperations() throws {
        let module = try parseProgram("""
            main = { lambda ; a:f32[8]. let
                b:f32[8] = fusion a
                  { lambda ; x:f32[8]. let
                      y:f32[8] = negate x
                      z:f32[8] = tanh y
                    in (z,) }
              in (b,) }
            """)
        #expect(Coverage(module).text == "0 kernels; evaluated: 1 negate, 1 tanh")
    }

    /// Each trip of the loop executes its sort; the evaluator as the oracle counts nothing.
    @Test func executionsOfFallbacksAreCounted() throws {
        let program = try program(mixed), before = sorts()
        _ = try session.execute(program, [try array(8)], device: device)
        #expect(sorts() == before + 4)
        _ = try session.execute(program, [try array(8)], device: device, by: .evaluated)
        #expect(sorts() == before + 4)
    }

    @Test func thePassesAreATable() throws {
        #expect(Inspection.passes == ["inline", "structured", "algebra", "subexpressions", "fusion"])
        let module = try parseProgram(mixed)
        let inlined = try ProcessorCompiler().compile(module, upTo: "inline")
        #expect(inlined.text().contains("= sort") && !inlined.text().contains("call["))
        #expect(!inlined.text().contains("fusion"))
        #expect(try ProcessorCompiler().compile(module).text().contains("fusion"))
    }

    @Test func aProfileHasARowForEachKernelAndEachEvaluatedOperation() throws {
        let execution = try session.profile(try program(mixed), [try array(8)], device: device)
        let profile = try #require(execution.profile)
        let calls = profile.rows.map { "\($0.calls) \($0.name)" }
        #expect(calls.contains("1 main_1_multiply") && calls.contains("1 sort") && calls.contains("3 sort"), "\(calls)")
        #expect(profile.rows.count == 7 && profile.events.count == profile.rows.reduce(0) { $0 + $1.calls })
        #expect(profile.rows.reduce(0) { $0 + $1.nanoseconds } <= profile.nanoseconds)
        let square = try #require(profile.rows.first { $0.name == "main_1_multiply" })
        #expect(square.isKernel && square.bytes == 64 && square.flops == 8)
        let sort = try #require(profile.rows.first { $0.name == "sort" && $0.calls == 3 })
        #expect(!sort.isKernel && sort.bytes == 3 * 64 && sort.flops == nil)
        for event in profile.events {
            #expect(event.begun >= profile.begun && event.begun + event.nanoseconds <= profile.begun + profile.nanoseconds)
        }
        // The results are those of an execution that nobody watches.
        let plain = try session.execute(try program(mixed), [try array(8)], device: device)
        #expect(try Array(device.fetch(plain[0]).elements(as: Float.self)) == Array(device.fetch(execution.results[0]).elements(as: Float.self)))
    }

    @Test func theOraclesProfileHasARowForEachOperation() throws {
        let profile = try #require(try session.profile(try program(mixed), [try array(8)], device: device, by: .evaluated).profile)
        #expect(profile.rows.allSatisfy { !$0.isKernel } && profile.rows.filter { $0.name == "sort" }.map { $0.calls } == [1, 3])
    }

    @Test func aProfileHoldsSoManyEvents() throws {
        let trips = Profile.maximumEvents, text = """
            main = { lambda ; a:f32[2]. let
                zero:i32[] = constant[0]
                n:i32[] d:f32[2] = while zero a
                  { lambda ; i:i32[] v:f32[2]. let
                      most:i32[] = constant[\(trips)]
                      p:bool[] = compare[comparison_direction=LT] i most
                    in (p,) }
                  { lambda ; i:i32[] v:f32[2]. let
                      one:i32[] = constant[1]
                      j:i32[] = add i one
                      w:f32[2] = negate v
                    in (j, w) }
              in (d,) }
            """
        let profile = try #require(try session.profile(try program(text), [try array(2)], device: device).profile)
        let calls = profile.rows.reduce(0) { $0 + $1.calls }
        #expect(calls == 3 * trips + 1 && profile.events.count == trips && profile.droppedEvents == calls - trips)
    }
}
