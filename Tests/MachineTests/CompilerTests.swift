// What a user sees of the compiler: the command's options, the counts, the names of kernels in faults.
import Foundation
import HostMachine
import JaxPlatform
import Testing
import WireProtocol

@Suite(.serialized, .enabled(if: Built.all)) struct CompilerTests {
    private let command = Built.command

    private func fixture(_ name: String) -> String { Built.root + "/Tests/ServiceTests/Fixtures/\(name).jaxexp" }

    @Test func inspectSaysWhatIsCompiled() {
        let affine = shell("\(command) inspect \(fixture("affine"))").output
        #expect(affine.contains("main = { lambda") && affine.hasSuffix("\ncompiled: 2 kernels; evaluated: nothing\n"), "\(affine)")
        let folds = shell("\(command) inspect \(fixture("folds")) | tail -1").output
        #expect(folds.hasPrefix("compiled: ") && folds.contains(" 1 sort"), "\(folds)")
    }

    @Test func inspectShowsEachStage() {
        let inlined = shell("\(command) inspect \(fixture("folds")) --after inline")
        #expect(inlined.status == 0 && inlined.output.contains(" sort") && !inlined.output.contains("fusion"), "\(inlined)")
        #expect(shell("\(command) inspect \(fixture("affine")) --after fusion").output.contains("= fusion"))
        let loops = shell("\(command) inspect \(fixture("affine")) --loops").output
        #expect(loops.contains("kernel main_") && loops.contains("parallel vector i") && loops.contains("make.py:"), "\(loops)")
        #expect(shell("\(command) inspect \(fixture("endless")) --loops").output.contains("  while carrying"))
        let assembly = shell("\(command) inspect \(fixture("affine")) --assembly").output
        #expect(assembly.contains("push   rbp") && assembly.contains("vzeroupper") && assembly.contains("ymm"), "\(assembly)")
        #expect(shell("\(command) inspect \(fixture("affine")) --assembly --avx512").output.contains("zmm"))
    }

    @Test func inspectNamesWhatItLacks() {
        let unknown = shell("\(command) inspect \(fixture("affine")) --after nothing 2>&1")
        #expect(unknown.status == 1 && unknown.output.hasPrefix("ValueError: there is no pass 'nothing'; there are inline, ")
                && unknown.output.hasSuffix(", fusion\n"), "\(unknown)")
        let path = "mkdir -p /tmp/barejax-no-tools; PATH=/tmp/barejax-no-tools"
        let bare = shell("\(path) \(command) inspect \(fixture("affine")) --assembly 2>&1")
        #expect(bare.status == 1 && bare.output.contains("objdump"), "\(bare)")
        #expect(shell("\(command) inspect \(fixture("affine")) --loops --assembly 2>&1").status == 1)
    }

    @Test func runProfilesAndTraces() throws {
        let folder = try temporaryFolder()
        defer { _ = shell("rm -rf \(folder)") }
        try write(npy([3, 1, 4, 1, 5, 9], "(6,)"), to: folder + "/x.npy")
        let run = shell("\(command) run \(fixture("folds")) \(folder)/x.npy --profile --trace \(folder)/trace.json --out \(folder) 2>&1")
        #expect(run.status == 0, "\(run)")
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines.first.map { $0.contains("calls") && $0.contains("flops") } == true)
        #expect(lines.contains { $0.hasPrefix("sort (evaluated)") && $0.hasSuffix("(sort)") }, "\(run.output)")
        #expect(lines.contains { $0.hasPrefix("main_") && $0.contains("make.py:") } && lines.last?.hasPrefix("total") == true)
        let trace = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder + "/trace.json")))
        let events = ((trace as? [String: Any])?["traceEvents"] as? [[String: Any]]) ?? []
        // The first is the execution, within which all others lie.
        func span(_ event: [String: Any]) -> ClosedRange<Double> {
            let start = event["ts"] as? Double ?? -1
            return start...(start + (event["dur"] as? Double ?? 0) + 0.001)
        }
        let whole = try #require(events.first.map(span))
        #expect(events.count > lines.count - 3 && whole.lowerBound > 0)
        #expect(events.allSatisfy { $0["ph"] as? String == "X" && whole.contains(span($0).lowerBound) && whole.contains(span($0).upperBound - 0.001) })
        #expect(events.contains { $0["name"] as? String == "sort" })
        // The oracle has a row for each operation.
        let oracle = shell("\(command) run \(fixture("folds")) \(folder)/x.npy --profile --evaluator").output
        #expect(oracle.contains("reduce (evaluated)") && !oracle.contains("main_"), "\(oracle)")
    }

    @Test func fallbacksAreCounted() throws {
        let running = try RunningMachine(), client = running.client
        defer { running.shutDown() }
        func sorts() throws -> Int {
            let text = try client.start(ReadStatistics()).waitWithBody(seconds: 10).body?.text ?? ""
            let figures = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return (try #require(figures?["fallbacks"] as? [String: Int]))["sort"] ?? 0
        }
        _ = try client.start(Compile(handle: 1, name: "folds"), body: contents(fixture("folds"))).waitWithBody(seconds: 30)
        _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [6])),
                             body: BodyBuffer(copying: bytes([3, 1, 4, 1, 5, 9]))).wait()
        #expect(try sorts() == 0)
        _ = try client.start(Execute(program: 1, arguments: [2], firstResult: 10)).waitWithBody(seconds: 30)
        // One in each of three trips.
        #expect(try sorts() == 3)
        _ = try client.start(Execute(program: 1, arguments: [2], firstResult: 20, usesEvaluator: true)).waitWithBody(seconds: 30)
        #expect(try sorts() == 3)
        do throws(JaxError) {
            _ = try client.start(Execute(program: 1, arguments: [2], firstResult: 30, donated: [0], profiles: true)).waitWithBody(seconds: 30)
            Issue.record("a profiled program took a donation")
        } catch { #expect(error.kind == .valueError, "\(error)") }
    }

    /// The endless loop is one kernel; a fault strikes it while it runs.
    @Test func aFaultInAKernelGoesByItsName() throws {
        let running = try RunningMachine { $0.commandLine = "inject" }, client = running.client
        defer { running.shutDown() }
        _ = try client.start(Compile(handle: 1, name: "endless"), body: contents(fixture("endless"))).waitWithBody(seconds: 30)
        _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [])), body: BodyBuffer(copying: bytes([1]))).wait()
        // The first time it is compiled.
        let limits = JobLimits(nanoseconds: 300_000_000, permissions: .link)
        do throws(JaxError) {
            _ = try client.start(Execute(program: 1, arguments: [2], firstResult: 10, limits: limits)).waitWithBody(seconds: 30)
            Issue.record("the endless program ended")
        } catch { #expect(error.kind == .resourceExhausted, "\(error)") }
        _ = try client.start(Inject(fault: "null", after: 50_000_000)).waitWithBody(seconds: 10)
        do throws(JaxError) {
            _ = try client.start(Execute(program: 1, arguments: [2], firstResult: 10)).waitWithBody(seconds: 30)
            Issue.record("the endless program ended")
        } catch {
            #expect(error.kind == .fault && error.message.contains("null dereference")
                    && error.message.contains("kernel main_") && error.message.contains("_while of ") && error.message.contains("make.py:"),
                    "\(error)")
        }
        // The name outlives the program.
        _ = try client.start(Drop(handles: [1])).wait()
        #expect(try client.start(ReadFaults()).waitWithBody(seconds: 10).body?.text.contains("_while of ") == true)
    }
}
