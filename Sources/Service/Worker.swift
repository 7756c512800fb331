// Does the work of one channel, a request at a time: programs and arrays through the session and the entry points.
import JaxIR
import JaxOps
import JaxPlatform
import JaxRun
import WireProtocol

/// Runs on the channel's own task until the channel ends.
final class Worker {
    private let channel: Channel
    private let service: Service

    init(_ channel: Channel, _ service: Service) {
        self.channel = channel
        self.service = service
    }

    /// Called again where a fault outside of every job has ended it.
    func run() {
        session?.recover(from: platform.taskID)
        service.machine.work(for: channel.owner)
        if let request = channel.takeInterrupted() {
            service.link.fail(channel: channel.number, request: request,
                              JaxError(.fault, "the request was ended by a fault in the machine's service"))
        }
        while let message = channel.next() {
            do throws(JaxError) {
                if channel.isCancelled { throw Service.cancelled }
                try work(message)
            } catch {
                if !channel.hasLeft { service.link.fail(channel: channel.number, request: message.request, error) }
                if error.kind == .fault { service.log("request \(message.request) of link \(channel.number): " + error.description) }
            }
        }
        drop(channel.allHandles)
        service.clients.close(channel.number)
    }

    private func work(_ message: Message) throws(JaxError) {
        guard let session else { throw JaxError(.internalError, "the JAX library is not loaded") }
        switch message.kind {
        case .compile: try compile(message, session)
        case .put: try put(message, session)
        case .execute: try execute(message, session)
        case .fetch: try fetch(message, session)
        case .check: try check(message, session)
        case .inspect: try inspect(message, session)
        case .transform: try transform(message, session)
        case .save: try save(message, session)
        case .evaluate: try evaluate(message)
        case .drop:
            drop(try Drop(decoding: message.fields).handles)
            try service.reply(message, Empty())
        default: throw JaxError(.internalError, "message kind \(message.kind.rawValue) is not work")
        }
    }

    private func body(_ message: Message) throws(JaxError) -> BodyBuffer {
        guard let body = message.body else { throw JaxError(.malformed, "expected a message with a body") }
        return body
    }

    private func limits(_ wire: JobLimits) -> Limits {
        Limits(memoryQuota: wire.memoryBytes == 0 ? nil : Int(clamping: wire.memoryBytes),
               timeBudget: wire.nanoseconds == 0 ? nil : wire.nanoseconds,
               permissions: Permissions(rawValue: wire.permissions))
    }

    // MARK: Programs

    private func compile(_ message: Message, _ session: Session) throws(JaxError) {
        let request = try Compile(decoding: message.fields)
        let bytes = try body(message)
        try channel.claim(request.handle)
        let program = try session.load(UnsafeRawBufferPointer(bytes.bytes),
                                       as: channel.name(request.handle), limits: limits(request.limits))
        try service.reply(message, signature(program))
    }

    private func signature(_ program: LoadedProgram) -> Compile.Reply {
        var reply = Compile.Reply()
        for type in program.convention.argumentTypes { reply.arguments.append(ArrayType(type)) }
        for type in program.convention.resultTypes { reply.results.append(ArrayType(type)) }
        return reply
    }

    private func inspect(_ message: Message, _ session: Session) throws(JaxError) {
        let program = try self.program(try Inspect(decoding: message.fields).program, session)
        try service.replyText(message, program.module.text())
    }

    private func execute(_ message: Message, _ session: Session) throws(JaxError) {
        let request = try Execute(decoding: message.fields)
        service.machine.noteExecution(request: message.request, isDone: false)
        let program = try self.program(request.program, session)
        let count = program.convention.resultTypes.count
        guard request.firstResult != 0, request.firstResult <= UInt64.max - UInt64(count) else {
            throw JaxError(.valueError, "\(request.firstResult) cannot be the first of \(count) handles")
        }
        var arguments: [DeviceArray] = []
        for handle in request.arguments { arguments.append(try array(handle, session)) }
        for index in 0..<UInt64(count) { try channel.claim(request.firstResult + index) }
        var donating: [Int] = []
        for index in request.donated { donating.append(Int(clamping: index)) }
        // What was donated is gone, whatever comes of the call.
        defer { drop(donating.filter { request.arguments.indices.contains($0) }.map { request.arguments[$0] }) }
        let device = try session.device(request.device), method = Method(usesEvaluator: request.usesEvaluator)
        guard !request.profiles || donating.isEmpty else {
            throw JaxError(.valueError, "a profiled program is executed twice, so nothing can be donated to it")
        }
        let execution = request.profiles
            ? try session.profile(program, arguments, device: device, by: method, limits: limits(request.limits))
            : Execution(results: try session.execute(program, arguments, device: device, donating: donating, by: method,
                                                     limits: limits(request.limits)))
        var reply = Execute.Reply()
        for (index, result) in execution.results.enumerated() {
            session.register(.array(result), as: channel.name(request.firstResult + UInt64(index)))
            reply.results.append(ArrayType(result.type))
        }
        service.machine.noteExecution(request: message.request, isDone: true)
        let body = try execution.profile.map { profile throws(JaxError) in
            let bytes = ProfileReport(profile).encoded()
            return try service.library { () throws(JaxError) in try BodyBuffer(copying: bytes) }
        }
        try service.reply(message, reply, body: body)
    }

    private func check(_ message: Message, _ session: Session) throws(JaxError) {
        let name = channel.name(0)
        // The program is let go of by then, so that its memory goes with its name.
        defer { session.drop(name) }
        try runCheck(message, as: name, session)
        try service.reply(message, Empty())
    }

    private func runCheck(_ message: Message, as name: String, _ session: Session) throws(JaxError) {
        let request = try Check(decoding: message.fields)
        let bytes = try body(message)
        let program = try session.load(UnsafeRawBufferPointer(bytes.bytes), as: name, limits: limits(request.limits))
        try service.send(Progress(done: 1, total: 2, what: "loaded"), about: message)
        _ = try session.execute(program, [], device: try session.device(request.device), by: Method(usesEvaluator: request.usesEvaluator),
                                limits: limits(request.limits))
    }

    private func transform(_ message: Message, _ session: Session) throws(JaxError) {
        let request = try Transform(decoding: message.fields)
        let program = try self.program(request.program, session)
        try channel.claim(request.handle)
        let options = try JSON(parsing: request.parameters.isEmpty ? "{}" : request.parameters)
        guard case .object = options else { throw JaxError(.valueError, "a transformation's parameters must be a JSON object") }
        let transformation = try TransformationRequest(request.transformation, options)
        var types: [TensorType] = []
        for handle in request.arguments { types.append(try array(handle, session).type) }
        try session.transform(transformation, program, types.isEmpty ? nil : types, as: channel.name(request.handle),
                              limits: limits(request.limits))
        try service.reply(message, signature(try self.program(request.handle, session)))
    }

    private func save(_ message: Message, _ session: Session) throws(JaxError) {
        let request = try Save(decoding: message.fields)
        let bytes = try session.save(try program(request.program, session), asArtifact: request.isArtifact, limits: limits(request.limits))
        try service.reply(message, Empty(), body: try service.library { () throws(JaxError) in try BodyBuffer(copying: bytes) })
    }

    private func program(_ handle: UInt64, _ session: Session) throws(JaxError) -> LoadedProgram {
        do throws(JaxError) {
            return try session.program(channel.name(handle))
        } catch {
            throw error.kind == .keyError ? JaxError(.keyError, "there is no program with the handle \(handle)") : error
        }
    }

    private func array(_ handle: UInt64, _ session: Session) throws(JaxError) -> DeviceArray {
        do throws(JaxError) {
            return try session.array(channel.name(handle))
        } catch {
            throw error.kind == .keyError ? JaxError(.keyError, "there is no array with the handle \(handle)") : error
        }
    }

    // MARK: Arrays

    private func put(_ message: Message, _ session: Session) throws(JaxError) {
        let request = try Put(decoding: message.fields)
        let bytes = try body(message)
        let type = try Service.tensorType(request, bytes.bytes.count)
        try channel.claim(request.handle)
        guard let storage = bytes.owner as? Storage else { throw JaxError(.internalError, "an array's body lies outside its storage") }
        type.dtype.canonicalise(storage.bytes, count: type.elementCount)
        let array = try session.device(request.device).put(Tensor(type, storage: storage))
        session.register(.array(array), as: channel.name(request.handle))
        try service.reply(message, Empty())
    }

    private func fetch(_ message: Message, _ session: Session) throws(JaxError) {
        let array = try array(try Fetch(decoding: message.fields).handle, session)
        let tensor = try array.device.fetch(array)
        var reply = Fetch.Reply()
        reply.type = ArrayType(tensor.type)
        let bytes = UnsafeMutableRawBufferPointer(start: tensor.bytes, count: tensor.type.byteCount)
        try service.reply(message, reply, body: BodyBuffer(bytes, of: tensor.storage))
    }

    private func drop(_ handles: [UInt64]) {
        guard let session else { return }
        for handle in handles {
            channel.forget(handle)
            session.drop(channel.name(handle))
        }
    }

    // MARK: Python

    private func evaluate(_ message: Message) throws(JaxError) {
        let request = try Evaluate(decoding: message.fields)
        let source = try body(message).text
        let status = try service.machine.evaluate(source, name: request.name, limits: limits(request.limits)) { text in
            self.sendOutput(text, message)
        }
        try service.reply(message, Evaluate.Reply(status: status))
    }

    /// In pieces that fit a frame.
    private func sendOutput(_ text: String, _ message: Message) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let piece = rest.prefix(32768)
            rest = rest.dropFirst(piece.count)
            do throws(JaxError) {
                try service.link.send(.output, isReply: true, channel: message.channel, request: message.request,
                                      fields: Output(text: Array(piece)).encoded())
            } catch { return }
        }
    }
}

extension ProfileReport {
    init(_ profile: Profile) {
        self.init()
        for row in profile.rows {
            var entry = Row()
            entry.name = row.name
            entry.source = row.source
            entry.isKernel = row.isKernel
            entry.calls = row.calls
            entry.nanoseconds = row.nanoseconds
            entry.bytes = row.bytes
            entry.flops = row.flops ?? -1
            rows.append(entry)
        }
        for event in profile.events { events += [UInt64(event.row), event.begun, event.nanoseconds] }
        droppedEvents = profile.droppedEvents
        begun = profile.begun
        nanoseconds = profile.nanoseconds
    }
}

extension ArrayType {
    init(_ type: TensorType) { self.init(dtype: type.dtype.name, shape: type.shape) }
}
