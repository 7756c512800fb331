import JaxPlatform
import TestSupport
import Testing
import WireProtocol

/// A decoder that must not accept or crash on what is not its message.
private func outcome<F: Fields>(_ type: F.Type, _ bytes: [UInt8]) -> Bool {
    do throws(JaxError) {
        let message = try F(decoding: bytes)
        // What was accepted is written back as it was.
        #expect(message.encoded() == bytes || String(decoding: bytes, as: UTF8.self).contains("\u{FFFD}"))
        return true
    } catch {
        #expect(error.kind == .malformed && error.offset != nil)
        return false
    }
}

@Suite struct MessageTests {
    private var samples: [[UInt8]] {
        var transform = Transform()
        transform.transformation = "grad"
        transform.parameters = "{\"argnums\": [0]}"
        transform.arguments = [3, 4]
        var reply = Compile.Reply()
        reply.arguments = [ArrayType(dtype: "float32", shape: [2, -1]), ArrayType(dtype: "bool", shape: [])]
        var row = ProfileReport.Row()
        row.name = "main_1_add"
        row.source = "model.py:3:1 (jit(f)/add)"
        row.calls = .max
        var report = ProfileReport()
        report.rows = [row, ProfileReport.Row()]
        report.events = [1, .max, 0, 0, 5, 6]
        return [
            report.encoded(),
            Execute(program: 1, arguments: [], firstResult: 9, usesEvaluator: true, profiles: true).encoded(),
            Hello(client: "tests").encoded(),
            Compile(handle: 7, name: "f", limits: JobLimits(memoryBytes: 1 << 40, nanoseconds: 5, permissions: .devices)).encoded(),
            Execute(program: 1, arguments: [2, 3, .max], firstResult: 9, device: "gpu:0").encoded(),
            Put(handle: 1, type: ArrayType(dtype: "bfloat16", shape: [3, 0])).encoded(),
            Failure(JaxError(.typeError, "argument 0 ", location: "model.py:3", offset: 4)).encoded(),
            ReadFile(name: "a/b", offset: 1 << 40, count: 5).encoded(),
            Drop(handles: [1, 2, 3]).encoded(), reply.encoded(), transform.encoded(), Save(program: 3, isArtifact: false).encoded(),
        ]
    }

    private func decodeAsEverything(_ bytes: [UInt8]) -> Int {
        var accepted = 0
        for result in [outcome(Hello.self, bytes), outcome(Compile.self, bytes), outcome(Execute.self, bytes), outcome(Put.self, bytes),
                       outcome(Failure.self, bytes), outcome(ReadFile.self, bytes), outcome(Drop.self, bytes),
                       outcome(Compile.Reply.self, bytes), outcome(Transform.self, bytes), outcome(Hello.Reply.self, bytes),
                       outcome(ListDevices.Reply.self, bytes), outcome(Output.self, bytes), outcome(Progress.self, bytes),
                       outcome(ProfileReport.self, bytes), outcome(Save.self, bytes)] where result {
            accepted += 1
        }
        return accepted
    }

    @Test func everyMessageSurvivesTheWay() throws {
        for sample in samples { #expect(decodeAsEverything(sample) >= 1) }
        let error = try Failure(decoding: Failure(JaxError(.indexError, "x", location: nil, offset: nil)).encoded()).error
        #expect(error.kind == .indexError && error.message == "x" && error.location == nil && error.offset == nil)
    }

    @Test func aProfilesEventsAreOfItsRows() {
        for events in [[0, 1, 2], [1, 2, 3, 4], [.max, 0, 0]] as [[UInt64]] {
            var report = ProfileReport()
            report.events = events
            #expect(!outcome(ProfileReport.self, report.encoded()))
        }
    }

    @Test func truncatedMessagesNameTheOffset() {
        for sample in samples {
            for length in 0..<sample.count { _ = decodeAsEverything(Array(sample.prefix(length))) }
        }
    }

    @Test func aHugeCountAllocatesNothing() {
        #expect(throws: JaxError.self) { try Drop(decoding: [0xFF, 0xFF, 0xFF, 0xFF]) }
    }

    @Test func mutatedMessagesAreRefusedOrMeanSomething() {
        var random = SeededRandom(seed: 5)
        let samples = samples
        for _ in 0..<4_000 {
            var bytes = samples.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            _ = decodeAsEverything(bytes)
        }
    }
}
