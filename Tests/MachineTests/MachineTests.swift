// The PVH image, booted through the same code as the command.
import Glibc
import HostMachine
import JaxPlatform
import Testing
import WireProtocol

@Suite(.serialized, .enabled(if: Built.images)) struct MachineTests {
    /// The machine's own tests, by name on the kernel's command line.
    @Test(arguments: ["memory", "traps", "stacks", "jobs", "tasks", "msix", "misuse"]) func selfTest(name: String) throws {
        let machine = try tested(name)
        let status = machine.process.wait(seconds: 120)
        #expect(status == 1, "\(machine.console!.text)")
        #expect(!machine.console!.text.contains("FAIL"))
    }

    /// A million bytes through the control port and back.
    @Test func theControlPortCarriesBytesBothWays() throws {
        let machine = try tested("echo")
        let sent = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
        Threads().spawn("sender") { sent.withUnsafeBytes { bytes in _ = try? machine.stream.write(bytes) } }
        var received = [UInt8](repeating: 0, count: sent.count), count = 0
        while count < received.count {
            let more = try received.withUnsafeMutableBytes {
                try machine.stream.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
            }
            guard more > 0 else { break }
            count += more
        }
        #expect(received == sent)
        machine.stream.shutDown()
        #expect(machine.process.wait(seconds: 30) == 1, "\(machine.console!.lastLines)")
    }

    /// Without `-no-reboot` a reset would begin anew; with it both end QEMU.
    @Test(arguments: ["poweroff", "reset"]) func theMachineEndsItself(name: String) throws {
        let machine = try tested(name)
        #expect(machine.process.wait(seconds: 30) == 0, "\(machine.console!.lastLines)")
    }

    /// The panic's text reaches whoever waits for the machine, at once.
    @Test func aPanicIsAnErrorWithItsText() throws {
        let machine = try tested("panic")
        do throws(JaxError) {
            _ = try machine.connect(seconds: 30)
            Issue.record("a machine that has stopped answered")
        } catch { #expect(error.message.contains("panic: on purpose"), "\(error)") }
        #expect(machine.process.wait(seconds: 1) == 127)
    }

    private func tested(_ name: String) throws -> Machine {
        var options = MachineOptions()
        options.cpus = 4
        options.memory = "512M"
        options.commandLine = "test=" + name
        return try Machine(options)
    }

    @Test(arguments: [1, 2, 4, 8]) func promptAnswersOnTheSerialLine(cpus: Int) throws {
        var options = MachineOptions()
        options.cpus = cpus
        let machine = try Machine(options)
        let console = machine.console!
        #expect(console.wait(for: ">>> ", seconds: 60) != nil, "\(console.lastLines)")
        let seen = console.count
        try console.type("6*7\r")
        #expect(console.wait(for: "42\r\n", after: seen, seconds: 30) != nil, "\(console.lastLines)")
        // Ctrl-D on an empty line powers off.
        try console.type("\u{4}")
        #expect(machine.process.wait(seconds: 30) == 0)
    }

    @Test func programsRunOverTheLink() throws {
        let running = try RunningMachine(), client = running.client
        defer { running.shutDown() }
        let floats = try BodyBuffer(copying: [Float](repeating: 3, count: 6).flatMap { value in withUnsafeBytes(of: value) { Array($0) } })
        let type = ArrayType(dtype: "float32", shape: [2, 3])
        _ = try client.start(Compile(handle: 1, name: "affine"), body: contents(Built.root + "/Tests/ServiceTests/Fixtures/affine.jaxexp"))
        _ = try client.start(Put(handle: 2, type: type), body: floats)
        _ = try client.start(Execute(program: 1, arguments: [2, 2], firstResult: 10))
        let fetched = try client.start(Fetch(handle: 10)).waitWithBody(seconds: 60)
        #expect(fetched.reply.type == type)
        #expect(fetched.body.map { Array($0.bytes.bindMemory(to: Float.self)) } == [Float](repeating: 10, count: 6))
        #expect(try client.start(ListDevices()).wait().devices.first?.dispatchCount == 1)
    }

    private func bytes<T>(_ elements: [T]) throws -> BodyBuffer { try BodyBuffer(copying: elements.withUnsafeBytes { Array($0) }) }

    /// A megabyte is updated in a job that may hold a tenth of that: only where it may write to its argument.
    @Test func donatedMemoryIsUsedAgain() throws {
        let running = try RunningMachine(), client = running.client
        defer { running.shutDown() }
        let count = 1 << 18, type = ArrayType(dtype: "float32", shape: [1 << 18])
        _ = try client.start(Compile(handle: 1, name: "update"), body: contents(Built.root + "/Tests/ServiceTests/Fixtures/update.jaxexp"))
        _ = try client.start(Put(handle: 2, type: type), body: bytes([Float](repeating: 1, count: count)))
        _ = try client.start(Put(handle: 3, type: ArrayType(dtype: "float32", shape: [2])), body: bytes([Float(8), 9]))
        let limits = JobLimits(memoryBytes: 100_000, permissions: .link)
        // Compiled first, so that the quota is the execution's alone.
        _ = try client.start(Execute(program: 1, arguments: [2, 3], firstResult: 10)).waitWithBody(seconds: 30)
        do throws(JaxError) {
            _ = try client.start(Execute(program: 1, arguments: [2, 3], firstResult: 20, limits: limits)).waitWithBody(seconds: 30)
            Issue.record("a second megabyte fitted a tenth of one")
        } catch { #expect(error.kind == .resourceExhausted, "\(error)") }
        _ = try client.start(Execute(program: 1, arguments: [2, 3], firstResult: 30,
                                     donated: [0], limits: limits)).waitWithBody(seconds: 30)
        let result = try client.start(Fetch(handle: 30)).waitWithBody(seconds: 30).body.map { Array($0.bytes.bindMemory(to: Float.self)) }
            ?? []
        #expect(result.count == count && result[3..<9] == [1, 1, 8, 9, 1, 1])
        do throws(JaxError) {
            _ = try client.start(Fetch(handle: 2)).waitWithBody(seconds: 30)
            Issue.record("a donated array is still there")
        } catch { #expect(error.kind == .keyError && error.message.contains("handle 2"), "\(error)") }
    }

    /// A job may end anywhere while it prepares or executes a program, here for want of memory: what others share of the program is
    /// not touched by that.
    @Test func aJobThatEndsInTheMiddleLeavesItsProgramWhole() throws {
        let running = try RunningMachine(), client = running.client
        defer { running.shutDown() }
        let input = [Float(3), 1, 4, 1, 5, 9]
        _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [6])), body: bytes(input))
        func run(_ program: UInt64, _ first: UInt64, _ limits: JobLimits = JobLimits()) throws(JaxError) {
            _ = try client.start(Execute(program: program, arguments: [2], firstResult: first, limits: limits)).waitWithBody(seconds: 30)
        }
        func results(_ first: UInt64) throws -> [[UInt8]] {
            try (0..<3).map { index in
                try client.start(Fetch(handle: first + UInt64(index))).waitWithBody(seconds: 30).body.map { Array($0.bytes) } ?? []
            }
        }
        let program = try contents(Built.root + "/Tests/ServiceTests/Fixtures/folds.jaxexp")
        _ = try client.start(Compile(handle: 1, name: "folds"), body: program).waitWithBody(seconds: 30)
        try run(1, 10)
        let expected = try results(10)
        #expect(expected[1] == [5, 0, 0, 0])
        var refused = 0
        for step in 1...40 {
            let handle = UInt64(100 * step)
            _ = try client.start(Compile(handle: handle, name: "folds"), body: program).waitWithBody(seconds: 30)
            var quota: UInt64 = 300
            while true {
                do throws(JaxError) {
                    try run(handle, handle + 1, JobLimits(memoryBytes: quota, permissions: .link))
                    break
                } catch {
                    #expect(error.kind == .resourceExhausted, "\(quota) bytes: \(error)")
                    refused += 1
                    quota = quota * 5 / 4 + UInt64(step)
                }
            }
            #expect(try results(handle + 1) == expected)
            try run(handle, handle + 10)
            #expect(try results(handle + 10) == expected)
            let handles = [handle] + (1...3).map { handle + UInt64($0) } + (10...12).map { handle + UInt64($0) }
            _ = try client.start(Drop(handles: handles)).waitWithBody(seconds: 30)
        }
        #expect(refused > 40 * 10)
    }

    /// More than the link's window holds: in pieces both ways.
    @Test func largeBuffersTravelInPieces() throws {
        let running = try RunningMachine(), client = running.client
        defer { running.shutDown() }
        let sent = (0..<24 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 11) }
        _ = try client.start(Put(handle: 1, type: ArrayType(dtype: "uint8", shape: [sent.count])),
                             body: BodyBuffer(copying: sent)).waitWithBody(seconds: 60)
        let fetched = try client.start(Fetch(handle: 1)).waitWithBody(seconds: 60)
        #expect(fetched.body.map { Array($0.bytes) == sent } == true)
        // What cannot be held is an error, and the link goes on.
        #expect(throws: JaxError.self) {
            _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [1 << 40])),
                                 body: BodyBuffer(copying: [0])).waitWithBody(seconds: 30)
        }
        #expect(try client.start(ListDevices()).waitWithBody(seconds: 30).reply.devices.isEmpty == false)
    }

    @Test func aRunningProgramIsCancelledAndTheLinkAnswersMeanwhile() throws {
        let running = try RunningMachine(), client = running.client
        defer { running.shutDown() }
        _ = try client.start(Compile(handle: 1, name: "endless"),
                             body: contents(Built.root + "/Tests/ServiceTests/Fixtures/endless.jaxexp"))
        _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [])), body: BodyBuffer(copying: [0, 0, 0x80, 0x3F]))
        let endless = try client.start(Execute(program: 1, arguments: [2], firstResult: 10))
        usleep(300_000)
        #expect(try client.start(ReadStatistics()).waitWithBody(seconds: 10).body?.text.hasPrefix("{") == true)
        try endless.cancel()
        do throws(JaxError) {
            _ = try endless.waitWithBody(seconds: 10)
            Issue.record("the endless program ended")
        } catch { #expect(error.kind == .cancelled, "\(error)") }
        #expect(try client.start(ListDevices()).wait().devices.isEmpty == false)
    }

    @Test func pythonRunsBesideThePrompt() throws {
        let running = try RunningMachine()
        defer { running.shutDown() }
        let good = try running.python("import jax.numpy as jnp\nprint(6*7)\nprint((jnp.arange(3) * 2).tolist())")
        #expect(good.output.contains("42\n") || good.output.contains("42\r\n"))
        #expect(good.output.contains("[0, 2, 4]"))
        #expect(good.status == 0)
        let bad = try running.python("1/0")
        #expect(bad.status == 1 && bad.output.contains("ZeroDivisionError"))
        #expect(try running.python("print('x' * 200000)").output.count >= 200_000)
        // Fresh globals each time.
        _ = try running.python("secret = 1")
        #expect(try running.python("print(secret)").status == 1)
    }

    /// One that runs on is seen, is not waited for by others, and ends as what ended it.
    @Test func textsRunBesideEachOther() throws {
        let running = try RunningMachine()
        defer { running.shutDown() }
        let client = running.client
        let endless = try client.start(Evaluate(name: "endless"), body: BodyBuffer(copying: Array("while True: pass".utf8)), channel: 5)
        usleep(200_000)
        let statistics = try client.start(ReadStatistics()).waitWithBody(seconds: 10).body?.text ?? ""
        #expect(statistics.contains("\"name\": \"python endless\""), "\(statistics)")
        let budget = JobLimits(nanoseconds: 1_000_000_000, permissions: [])
        let short = try client.start(Evaluate(name: "short", limits: budget), body: BodyBuffer(copying: Array("x = 1".utf8)), channel: 6)
        #expect(try short.waitWithBody(seconds: 10).reply.status == 0)
        try endless.cancel()
        do throws(JaxError) {
            _ = try endless.waitWithBody(seconds: 10)
            Issue.record("the endless text ended")
        } catch { #expect(error.kind == .cancelled && error.message.hasPrefix("the request was cancelled"), "\(error)") }
        let late = try client.start(Evaluate(name: "late", limits: budget), body: BodyBuffer(copying: Array("while True: pass".utf8)))
        do throws(JaxError) {
            _ = try late.waitWithBody(seconds: 10)
            Issue.record("the text did not keep to its budget")
        } catch { #expect(error.kind == .resourceExhausted && error.message.contains("time budget"), "\(error)") }
        #expect(try running.python("import machine\nprint(len(machine.jobs()))").output == "1\n")
    }

    @Test func damagedFramesDoNotEndTheLink() throws {
        let running = try RunningMachine(), client = running.client
        defer { running.shutDown() }
        var random = SystemRandomNumberGenerator()
        for round in 0..<20 {
            var garbage = (0..<Int.random(in: 1...3000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            if round % 2 == 0 {
                let header = FrameHeader(kind: UInt8.random(in: 0...255), channel: 0, request: 0x7FFF_0000, payloadByteCount: 0)
                garbage = garbage.withUnsafeBytes { header.frame($0) }
                garbage[Int.random(in: 0..<garbage.count)] ^= 0x20
            }
            try garbage.withUnsafeBytes { try running.machine.stream.write($0) }
        }
        usleep(300_000)
        // Garbage may look like the start of a frame that is still to come: a few requests push it out.
        var answered = false
        for _ in 0..<50 where !answered {
            answered = (try? client.start(ListDevices()).waitWithBody(seconds: 2)) != nil
        }
        #expect(answered)
    }

    /// Frames that cannot be: each is answered by an error that names its request, and the link goes on.
    @Test func unsoundFramesAreAnswered() throws {
        let machine = try Machine(MachineOptions())
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        func frame(_ request: UInt32, isResealed: Bool, _ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var bytes = FrameHeader(kind: MessageKind.devices.rawValue, channel: 0, request: request, payloadByteCount: 0).frame(empty)
            change(&bytes)
            let checksum = bytes[..<28].withUnsafeBytes { crc32c($0) }
            if isResealed { withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(28..<32, with: $0) } }
            return bytes
        }
        let decoder = FrameDecoder()
        for (bytes, request, text) in [
            (frame(71, isResealed: true) { $0[18] = 0xFF }, UInt32(71), "bytes of payload"),
            (frame(72, isResealed: true) { $0[4] = 9 }, 72, "another protocol version"),
            (frame(73, isResealed: true) { $0[20] ^= 1 }, 73, "payload whose checksum is wrong"),
            (frame(74, isResealed: false) { $0[12] ^= 1 }, 0, "header whose checksum is wrong"),
        ] {
            try bytes.withUnsafeBytes { try machine.stream.write($0) }
            // A sound request behind it is answered too.
            let sound = FrameHeader(kind: MessageKind.devices.rawValue, channel: 0, request: 5, payloadByteCount: 0).frame(empty)
            try sound.withUnsafeBytes { try machine.stream.write($0) }
            let answers = [try next(decoder, machine), try next(decoder, machine)]
            let damage = answers.first { $0.header.kind == MessageKind.damage.rawValue }.flatMap { try? Damage(decoding: $0.payload) }
            #expect(damage?.request == request && damage?.text.contains(text) == true, "\(text): \(damage?.text ?? "no answer")")
            #expect(answers.contains { $0.header.kind == MessageKind.devices.rawValue && $0.header.request == 5 }, "\(text)")
        }
    }

    /// The next frame that the machine sends, within 30 seconds.
    private func next(_ decoder: FrameDecoder, _ machine: Machine) throws -> (header: FrameHeader, payload: [UInt8]) {
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(machine.stream.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        while true {
            switch decoder.next() {
            case .needsBytes:
                let count = try machine.stream.read(into: decoder.space())
                guard count > 0 else { throw JaxError(.deviceError, "the link ended\n" + machine.console!.lastLines) }
                decoder.append(count)
            case .damaged(let damage): throw JaxError(.malformed, "the machine sent " + damage.reason.text)
            case .frame(let header): return (header, Array(decoder.payload))
            }
        }
    }

    @Test func aFaultInAProgramIsAnErrorAndTheMachineGoesOn() throws {
        let running = try RunningMachine()
        defer { running.shutDown() }
        let caught = try running.python("import machine\nx = 5\ntry:\n    machine.raise_fault('page')\nexcept machine.Fault as e:\n    "
            + "print('caught', x)")
        #expect(caught.output.contains("caught 5"), "\(caught)")
        #expect(try running.python("print(6*7)").output.contains("42"))
        #expect(try running.client.start(ReadFaults()).waitWithBody(seconds: 10).body?.text.hasPrefix("[\"") == true)
    }

    @Test func severalClientsShareOneMachine() throws {
        var options = MachineOptions()
        options.cpus = 2
        let machine = try Machine(options)
        let broker = Broker(machine.stream)
        let owner = Client(try broker.start())
        try machine.greet(owner, as: "owner")
        var folder = Array("/tmp/barejax-test-XXXXXX".utf8CString)
        #expect(mkdtemp(&folder) != nil)
        let path = String(cString: folder) + "/socket"
        defer { _ = shell("rm -rf \(String(cString: folder))") }
        try broker.listen(at: path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o077 == 0)
        let clients = [Client(try SocketStream(connectingTo: path)), Client(try SocketStream(connectingTo: path))]
        for (index, client) in clients.enumerated() {
            _ = try client.start(Hello(client: "c")).waitWithBody(seconds: 30)
            _ = try client.start(Put(handle: 1, type: ArrayType(dtype: "uint8", shape: [1])),
                                 body: BodyBuffer(copying: [UInt8(index)])).wait()
        }
        for (index, client) in clients.enumerated() {
            let fetched = try client.start(Fetch(handle: 1)).waitWithBody(seconds: 30)
            #expect(fetched.body.map { Array($0.bytes) } == [UInt8(index)])
            client.close()
        }
        machine.shutDown(owner)
    }
}
