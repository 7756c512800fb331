import Glibc
import HostMachine
import JaxPlatform
import Testing
import WireProtocol

private func fixture(_ name: String, file: String = #filePath) throws -> BodyBuffer {
    let path = String(file[..<file.lastIndex(of: "/")!]) + "/Fixtures/" + name + ".jaxexp"
    let opened = fopen(path, "r")!
    defer { fclose(opened) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, opened))
    return try BodyBuffer(copying: bytes)
}

private func floats(_ values: [Float]) throws -> BodyBuffer {
    try BodyBuffer(copying: values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } })
}

private func floats(_ body: BodyBuffer?) -> [Float] { body.map { Array($0.bytes.bindMemory(to: Float.self)) } ?? [] }

/// The error that a reply is.
private func failure<R: Request>(_ call: Client.Call<R>) -> JaxError? {
    do throws(JaxError) {
        _ = try call.wait()
        return nil
    } catch { return error }
}

/// One after the other: the JAX layer's session is the process's.
@Suite(.serialized) struct ServiceTests {
    private let type = ArrayType(dtype: "float32", shape: [2, 3])

    @Test func aProgramRunsOverTheLinkWithoutWaitingInBetween() throws {
        let loop = try Loopback(), client = loop.client
        let compiled = try client.start(Compile(handle: 1, name: "affine"), body: fixture("affine"))
        let first = try client.start(Put(handle: 2, type: type), body: floats([0, 1, 2, 3, 4, 5]))
        _ = try client.start(Put(handle: 3, type: type), body: floats([2, 2, 2, 2, 2, 2]))
        let executed = try client.start(Execute(program: 1, arguments: [2, 3], firstResult: 10))
        let fetched = try client.start(Fetch(handle: 10))
        let sum = try client.start(Fetch(handle: 11))
        #expect(floats(try fetched.waitWithBody().body) == [1, 3, 5, 7, 9, 11])
        #expect(floats(try sum.waitWithBody().body) == [15])
        #expect(try executed.wait().results == [type, ArrayType(dtype: "float32", shape: [])])
        let told = loop.machine.executions
        #expect(told.map { $0.isDone } == [false, true] && told[0].request == told[1].request)
        #expect(try compiled.wait().arguments == [type, type])
        _ = try first.wait()
        _ = try client.start(Drop(handles: [10])).wait()
        #expect(failure(try client.start(Fetch(handle: 10)))?.kind == .keyError)
        #expect(try client.start(Inspect(program: 1)).waitWithBody().body?.text.contains("mul") == true)
    }

    @Test func aProfiledExecutionBringsItsRecord() throws {
        let loop = try Loopback(), client = loop.client
        _ = try client.start(Compile(handle: 1, name: "affine"), body: fixture("affine")).wait()
        for handle in [2, 3] as [UInt64] { _ = try client.start(Put(handle: handle, type: type), body: floats([0, 1, 2, 3, 4, 5])).wait() }
        let (reply, body) = try client.start(Execute(program: 1, arguments: [2, 3], firstResult: 10, profiles: true)).waitWithBody()
        let report = try ProfileReport(decoding: Array(try #require(body).bytes))
        #expect(reply.results.count == 2)
        #expect(floats(try client.start(Fetch(handle: 11)).waitWithBody().body) == [15])
        #expect(report.rows.count == 2 && report.rows.allSatisfy { $0.isKernel && $0.calls == 1 && $0.source.contains("make.py:") })
        #expect(report.rows.contains { $0.bytes == 3 * 24 } && report.events.count == 6 && report.droppedEvents == 0)
        #expect(try client.start(Execute(program: 1, arguments: [2, 3], firstResult: 20)).waitWithBody().body == nil)
        let donated = failure(try client.start(Execute(program: 1, arguments: [2, 3], firstResult: 30, donated: [0], profiles: true)))
        #expect(donated?.kind == .valueError)
    }

    @Test func wrongRequestsAreAnsweredByTypedErrors() throws {
        let loop = try Loopback(), client = loop.client
        let nonsense = failure(try client.start(Compile(handle: 1, name: "x"), body: BodyBuffer(copying: Array("no program".utf8))))
        #expect(nonsense?.kind == .malformed && nonsense?.offset != nil)
        _ = try client.start(Compile(handle: 1, name: "affine"), body: fixture("affine")).wait()
        let missing = failure(try client.start(Execute(program: 1, arguments: [], firstResult: 5)))
        #expect(missing?.kind == .typeError && missing?.message.contains("2 arguments") == true)
        #expect(failure(try client.start(Put(handle: 2, type: ArrayType(dtype: "float31", shape: [])),
                                         body: floats([1])))?.kind == .typeError)
        #expect(failure(try client.start(Put(handle: 2, type: type), body: floats([1])))?.kind == .valueError)
        #expect(failure(try client.start(Put(handle: 2, type: ArrayType(dtype: "int8", shape: [-1])),
                                         body: floats([1])))?.kind == .valueError)
        #expect(failure(try client.start(Execute(program: 9, arguments: [], firstResult: 5)))?.kind == .keyError)
        var transform = Transform()
        transform.transformation = "grad"
        transform.program = 1
        transform.handle = 4
        let vector = failure(try client.start(transform))
        #expect(vector?.kind == .typeError && vector?.message.contains("Gradient only defined for scalar-output functions") == true)
        // The link goes on.
        #expect(try client.start(ListDevices()).wait().devices.map(\.name) == ["cpu:0"])
    }

    /// What a transformation makes is a program like any other: executed, and written for others.
    @Test func aTransformedProgramIsAProgram() throws {
        let loop = try Loopback(), client = loop.client
        _ = try client.start(Compile(handle: 1, name: "affine"), body: fixture("affine")).wait()
        var transform = Transform()
        (transform.transformation, transform.program, transform.handle) = ("jvp", 1, 4)
        let signature = try client.start(transform).wait()
        #expect(signature.arguments.count == 4 && signature.results.count == 4)
        let saved = try #require(try client.start(Save(program: 4, isArtifact: true)).waitWithBody(seconds: 5).body)
        let again = try client.start(Compile(handle: 5, name: "saved"), body: BodyBuffer(copying: Array(saved.bytes))).wait()
        #expect(again.arguments == signature.arguments && again.results == signature.results)
    }

    /// Bytes other than 0 and 1 are true, and come back as 1; the upper bits of small integers are their sign.
    @Test func elementsOfLessThanAByteArePutInOrder() throws {
        let loop = try Loopback(), client = loop.client
        for (dtype, sent, kept) in [("bool", [7, 0, 255, 1], [1, 0, 1, 1]), ("int4", [0x0F, 0x07, 0xF8, 0x18], [0xFF, 7, 0xF8, 0xF8]),
                                    ("uint4", [0x1F, 0xF0, 3, 15], [15, 0, 3, 15]),
                                    ("int2", [2, 1, 3, 0xFD], [0xFE, 1, 0xFF, 1])] as [(String, [UInt8], [UInt8])] {
            _ = try client.start(Put(handle: 2, type: ArrayType(dtype: dtype, shape: [4])), body: BodyBuffer(copying: sent)).wait()
            #expect(try client.start(Fetch(handle: 2)).waitWithBody(seconds: 5).body.map { Array($0.bytes) } == kept, "\(dtype)")
        }
    }

    @Test func cancelEndsARunningProgramAndOneThatWaits() throws {
        let loop = try Loopback(), client = loop.client
        _ = try client.start(Compile(handle: 1, name: "endless"), body: fixture("endless")).wait()
        _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [])), body: floats([1])).wait()
        let running = try client.start(Execute(program: 1, arguments: [2], firstResult: 10))
        let waiting = try client.start(Execute(program: 1, arguments: [2], firstResult: 20))
        usleep(100_000)
        // The link answers while the program runs.
        #expect(try client.start(ReadStatistics()).waitWithBody(seconds: 5).body?.text == "{\"uptime_s\": 1}")
        try waiting.cancel()
        #expect(failure(waiting)?.kind == .cancelled)
        try running.cancel()
        #expect(failure(running)?.kind == .cancelled)
        #expect(try client.start(Cancel(request: 12345)).wait().found == false)
        _ = try client.start(Compile(handle: 5, name: "affine"), body: fixture("affine")).wait()
    }

    /// A loop over arrays, whose trips have several kernels and an evaluated operation.
    @Test func cancelEndsALoopOverArrays() throws {
        let loop = try Loopback(), client = loop.client
        _ = try client.start(Compile(handle: 1, name: "endless_array"), body: fixture("endless_array")).wait()
        _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [2, 3])), body: floats([1, 2, 3, 4, 5, 6])).wait()
        let running = try client.start(Execute(program: 1, arguments: [2], firstResult: 10))
        usleep(100_000)
        try running.cancel()
        #expect(failure(running)?.kind == .cancelled)
        #expect(try client.start(Fetch(handle: 2)).waitWithBody(seconds: 5).body != nil)
    }

    @Test func aCancellationThatMetAnEarlierJobOfTheRequestGoesOnToTheNext() throws {
        let loop = try Loopback(), client = loop.client
        _ = try client.start(Compile(handle: 1, name: "endless"), body: fixture("endless")).wait()
        _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [])), body: floats([1])).wait()
        let running = try client.start(Execute(program: 1, arguments: [2], firstResult: 10))
        usleep(100_000)
        loop.machine.lateCancellations = 2
        try running.cancel()
        do throws(JaxError) {
            _ = try running.waitWithBody(seconds: 10)
            Issue.record("an endless program returned")
        } catch { #expect(error.kind == .cancelled) }
        #expect(loop.machine.lateCancellations < 0)
    }

    @Test func largeArraysGoBothWays() throws {
        let loop = try Loopback(), client = loop.client
        let count = 3_000_001
        let body = try BodyBuffer(byteCount: count)
        for index in 0..<count { body.bytes[index] = UInt8(truncatingIfNeeded: index &* 7 ^ index >> 9) }
        let put = try client.start(Put(handle: 1, type: ArrayType(dtype: "uint8", shape: [count])), body: body)
        let fetch = try client.start(Fetch(handle: 1))
        _ = try put.wait()
        let back = try fetch.waitWithBody().body!
        #expect(memcmp(back.bytes.baseAddress!, body.bytes.baseAddress!, count) == 0)
    }

    @Test func aLongTextWaitsForNobodyWhoBringsItsCredit() throws {
        let loop = try Loopback(), client = loop.client
        loop.machine.figures = String(repeating: "x", count: 5 << 20)
        #expect(try client.start(ReadStatistics()).waitWithBody(seconds: 20).body?.bytes.count == 5 << 20)
        #expect(try client.start(ListDevices()).waitWithBody(seconds: 5).reply.devices.count == 1)
    }

    @Test func replyThatNobodyAskedForGetsNoMemory() throws {
        let loop = try Loopback(), client = loop.client
        TestPlatform.shared.largest.store(0, ordering: .relaxed)
        for channel: UInt32 in [0, 3] {
            let size = withUnsafeBytes(of: UInt64(1 << 30).littleEndian) { Array($0) }
            let header = FrameHeader(kind: MessageKind.readFile.rawValue,
                                     flags: [.reply, .body], channel: channel, request: 1, payloadByteCount: size.count)
            let frame = size.withUnsafeBytes { header.frame($0) }
            try frame.withUnsafeBytes { try loop.stream.write($0) }
        }
        #expect(try client.start(ListDevices()).waitWithBody(seconds: 5).reply.devices.count == 1)
        #expect(TestPlatform.shared.largest.load(ordering: .relaxed) < 1 << 20)
    }

    @Test func aCheckTellsHowFarItIs() throws {
        let loop = try Loopback(), client = loop.client
        nonisolated(unsafe) var steps: [String] = []
        let request = Check(name: "affine", device: "cpu:0", limits: JobLimits())
        _ = failure(try client.start(request, body: fixture("affine"), onProgress: { steps.append($0.what) }))
        #expect(steps == ["loaded"])
    }

    @Test func damageIsAnsweredAndTheLinkGoesOn() throws {
        let loop = try Loopback(), client = loop.client
        let garbage = [UInt8](repeating: 0x55, count: 5000)
        try garbage.withUnsafeBytes { try loop.stream.write($0) }
        usleep(50_000)    // the answer names no request, so that whatever is under way when it comes fails
        #expect(try client.start(ListDevices()).wait().devices.count == 1)
        // A frame whose payload was hit: its request fails, the next one does not.
        let header = FrameHeader(kind: MessageKind.devices.rawValue, channel: 0, request: 9999, payloadByteCount: 4)
        var frame = [UInt8](arrayLiteral: 1, 2, 3, 4).withUnsafeBytes { header.frame($0) }
        frame[frame.count - 1] ^= 1
        try frame.withUnsafeBytes { try loop.stream.write($0) }
        #expect(try client.start(ListDevices()).wait().devices.count == 1)
    }

    @Test func pythonPrintsThroughTheLink() throws {
        let loop = try Loopback(), client = loop.client
        nonisolated(unsafe) var printed: [UInt8] = []
        let good = try client.start(Evaluate(name: "<stdin>"), body: BodyBuffer(copying: Array("print(6*7)".utf8)),
                                    onOutput: { printed += $0 })
        #expect(try good.wait().status == 0)
        #expect(String(decoding: printed, as: UTF8.self) == "42\n")
        let bad = try client.start(Evaluate(name: "<stdin>"), body: BodyBuffer(copying: Array("oops".utf8)))
        #expect(try bad.wait().status == 1)
        #expect(failure(try client.start(ReadTrace()))?.kind == .notImplemented)
    }

    @Test func sharedFilesAreReadAndNothingElse() throws {
        var folder = Array("/tmp/barejax-test-XXXXXX".utf8CString)
        #expect(mkdtemp(&folder) != nil)
        let path = String(cString: folder)
        defer { _ = system("rm -rf \(path)") }
        let file = fopen(path + "/hello.txt", "w")!
        fputs("hello world", file)
        fclose(file)
        symlink("/etc/passwd", path + "/link")
        let loop = try Loopback(files: SharedFolder(path: path))
        let piece = try loop.readHostFile("hello.txt", offset: 6, count: 100)
        #expect(piece.bytes.text == "world" && piece.fileByteCount == 11)
        for (name, kind) in [("../etc/passwd", JaxError.Kind.permissionDenied),
                             ("/etc/passwd", .permissionDenied), ("absent", .fileNotFound)] {
            do throws(JaxError) {
                _ = try loop.readHostFile(name, offset: 0, count: 1)
                Issue.record("\(name) was read")
            } catch { #expect(error.kind == kind, "\(name): \(error)") }
        }
        #expect(throws: JaxError.self) { try loop.readHostFile("link", offset: 0, count: 1) }
        let unshared = try Loopback()
        #expect(throws: JaxError.self) { try unshared.readHostFile("hello.txt", offset: 0, count: 1) }
    }

    @Test func booleansAreZeroOrOne() throws {
        let loop = try Loopback(), client = loop.client
        _ = try client.start(Put(handle: 7, type: ArrayType(dtype: "bool", shape: [4])), body: BodyBuffer(copying: [7, 0, 255, 1])).wait()
        #expect(try client.start(Fetch(handle: 7)).waitWithBody().body.map { Array($0.bytes) } == [1, 0, 1, 1])
    }

    /// However many channels one client opens, others find room.
    @Test func aClientHasHalfOfTheChannels() throws {
        let loop = try Loopback(), client = loop.client
        let type = ArrayType(dtype: "uint8", shape: [1])
        var refused = 0
        for channel in UInt32(0)..<40 {
            let put = try client.start(Put(handle: 1, type: type), body: BodyBuffer(copying: [1]), channel: channel)
            guard let error = failure(put) else { continue }
            #expect(error.kind == .resourceExhausted && error.message.contains("channels"), "\(error)")
            refused += 1
        }
        #expect(refused == 8)
        #expect(failure(try client.start(Put(handle: 1, type: type), body: BodyBuffer(copying: [1]), channel: 1 << 12)) == nil)
    }

    @Test func aChannelThatLeavesTakesItsHandlesAlong() throws {
        let loop = try Loopback(), client = loop.client
        _ = try client.start(Put(handle: 7, type: ArrayType(dtype: "uint8", shape: [1])), body: BodyBuffer(copying: [1]), channel: 3).wait()
        #expect(failure(try client.start(Fetch(handle: 7)))?.kind == .keyError)
        let leave = FrameHeader(kind: MessageKind.leave.rawValue, channel: 3,
                                request: 0, payloadByteCount: 0).frame(UnsafeRawBufferPointer(start: nil, count: 0))
        try leave.withUnsafeBytes { try loop.stream.write($0) }
        usleep(50_000)
        #expect(failure(try client.start(Fetch(handle: 7), channel: 3))?.kind == .keyError)
    }
}
