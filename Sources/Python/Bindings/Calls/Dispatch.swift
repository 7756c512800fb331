// The interpreter's calls into Swift: looks functions up, runs them as jobs, turns errors into exceptions.
import JaxIR
import JaxPlatform
import JaxRun
import PythonPort

/// Every native module: one line each.
nonisolated(unsafe) var nativeModules: [NativeModule] = makeNativeModules()

private func makeNativeModules() -> [NativeModule] {
    [
        arrayModule(), numpyModule(), dtypeModule(), scalarTypeModule(),
        exportModule(), exportedModule(), avalModule(),
        machineModule(), filesModule(), traceModule(), tracedModule(), laxModule(), randomModule(), linalgModule(),
    ]
}

@_cdecl("python_native_function")
func python_native_function(_ module: UnsafePointer<CChar>, _ moduleLength: Int, _ ordinal: UInt32,
                            _ number: UnsafeMutablePointer<UInt32>, _ isProperty: UnsafeMutablePointer<Bool>) -> UnsafePointer<CChar>? {
    let wanted = UnsafeRawBufferPointer(start: module, count: moduleLength)
    for (moduleIndex, candidate) in nativeModules.enumerated() {
        let name = candidate.name
        guard name.utf8CodeUnitCount == moduleLength,
              wanted.elementsEqual(UnsafeRawBufferPointer(start: name.utf8Start, count: moduleLength)) else { continue }
        guard Int(ordinal) < candidate.functions.count else { return nil }
        let function = candidate.functions[Int(ordinal)]
        number.pointee = UInt32(moduleIndex) << 16 | ordinal
        isProperty.pointee = function.kind == .property || function.kind == .computedProperty
        return UnsafeRawPointer(function.name.utf8Start).assumingMemoryBound(to: CChar.self)
    }
    return nil
}

@_cdecl("python_native_call")
func python_native_call(_ number: UInt32, _ request: UnsafePointer<UInt8>, _ length: Int,
                        _ reply: UnsafeMutablePointer<python_reply>) -> Int32 {
    let bytes = UnsafeRawBufferPointer(start: request, count: length)
    var failure: JaxError?
    // What is made here outlives the call, so that nothing but the jobs within is ended in the middle.
    promptHost.shielded {
        do throws(JaxError) {
            let function = try nativeFunction(number)
            if length > largeRequest {
                // A job around all of it: it can be ended, and where memory runs out for copies of so much, that is an error.
                try runJob(JobRequest(name: function.name.description, permissions: platform.permissions)) { () throws(JaxError) in
                    try call(function, bytes, reply)
                }
            } else {
                try call(function, bytes, reply)
            }
        } catch {
            failure = error
            if error.kind == .cancelled || promptHost.endPending() != nil { Interpreter.current.hear() }
            answer(reply, WireReply(.tuple([.string(error.kind.exceptionName), .string(exceptionText(error))])))
        }
    }
    return failure == nil ? 0 : 1
}

/// Bytes of a request beyond which it is handled in a job.
private let largeRequest = 64 << 10

private func nativeFunction(_ number: UInt32) throws(JaxError) -> NativeFunction {
    let module = Int(number >> 16), index = Int(number & 0xffff)
    guard nativeModules.indices.contains(module), nativeModules[module].functions.indices.contains(index) else {
        throw JaxError(.internalError, "there is no native function \(number)")
    }
    return nativeModules[module].functions[index]
}

private func call(_ function: NativeFunction, _ request: UnsafeRawBufferPointer,
                  _ reply: UnsafeMutablePointer<python_reply>) throws(JaxError) {
    var reader = WireReader(request)
    guard case .tuple(let message) = reader.takeValue(), message.count == 2, case .tuple(let arguments) = message[0],
          case .dictionary(let keywords) = message[1] else {
        throw JaxError(.internalError, "a native call has the wrong form")
    }
    let result = try perform(function, arguments, keywords)
    let encoded = WireReply()
    do throws(JaxError) {
        try encoded.put(result)
    } catch {
        encoded.releaseHandles()
        throw error
    }
    answer(reply, encoded)
}

/// The exception's text: the message, and where in the user's source.
private func exceptionText(_ error: JaxError) -> String {
    var text = error.message
    if let offset = error.offset { text += " (byte offset \(offset))" }
    if let location = error.location { text += "\n  at " + location }
    return text
}

private func perform(_ function: NativeFunction, _ arguments: [Value],
                     _ keywords: [(key: Value, value: Value)]) throws(JaxError) -> Value {
    if function.kind == .inline || function.kind == .property { return try function.body(Call(function, arguments, keywords)) }
    let call = try Call(function, arguments.map(lending), keywords.map { (key: $0.key, value: lending($0.value)) })
    let interpreter = Interpreter.current, limits = interpreter.limits
    var request = JobRequest(name: function.name.description, memoryQuota: limits.memoryQuota, timeBudget: limits.timeBudget,
                             permissions: limits.permissions)
    if function.kind != .reading, let trace = try interpreter.target(of: arguments, keywords) {
        request.resultOwner = trace.owner
        defer { interpreter.staging = nil }
        let recorded = try runJob(request) { () throws(JaxError) -> RecordedCall in
            let staging = Staging()
            interpreter.staging = Unmanaged.passUnretained(staging)
            return try staging.finish(try function.body(call))
        }
        withExtendedLifetime(call) {}
        return try trace.append(recorded)
    }
    let result = try runJob(request) { () throws(JaxError) -> Value in
        try owning(try function.body(call))
    }
    // The arguments are this frame's to release: frames within the job may be gone.
    withExtendedLifetime(call) {}
    return result
}

private func answer(_ reply: UnsafeMutablePointer<python_reply>, _ encoded: WireReply) {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(encoded.bytes.count, 1))
    encoded.bytes.withUnsafeBufferPointer { source in
        if let start = source.baseAddress { bytes.update(from: start, count: source.count) }
    }
    reply.pointee = python_reply(bytes: UnsafePointer(bytes), length: encoded.bytes.count,
                                 owner: Unmanaged.passRetained(encoded).toOpaque())
}

@_cdecl("python_native_free_reply")
func python_native_free_reply(_ reply: UnsafeMutablePointer<python_reply>) {
    if let owner = reply.pointee.owner { Unmanaged<WireReply>.fromOpaque(owner).release() }
    reply.pointee.bytes?.deallocate()
    reply.pointee = python_reply(bytes: nil, length: 0, owner: nil)
}

@_cdecl("python_native_release")
func python_native_release(_ handle: UnsafeMutableRawPointer) {
    Interpreter.current.held.release(handle)
}

@_cdecl("python_native_class")
func python_native_class(_ handle: UnsafeMutableRawPointer, _ size: UnsafeMutablePointer<Int>) -> UnsafePointer<CChar> {
    let object = Unmanaged<NativeObject>.fromOpaque(handle).takeUnretainedValue()
    size.pointee = object.byteCount
    return UnsafeRawPointer(object.className.utf8Start).assumingMemoryBound(to: CChar.self)
}

// Arrays at a job's border (JaxPlatform, Job.swift, The boundary): they go in without their memory's ownership, and come
// out owning theirs, or as the very object that went in (WireReply).

private func lending(_ value: Value) -> Value { mapArrays(value) { $0.lent() } }

private func owning(_ value: Value) throws(JaxError) -> Value {
    switch value {
    case .object(let object):
        guard let array = object as? ArrayObject, array.origin == nil else { return value }
        return .object(ArrayObject(try array.handle.elements().owned(), isWeak: array.isWeak))
    case .list(let items): return .list(try owning(items))
    case .tuple(let items): return .tuple(try owning(items))
    case .dictionary(let pairs):
        var result: [(key: Value, value: Value)] = []
        for pair in pairs { result.append((key: pair.key, value: try owning(pair.value))) }
        return .dictionary(result)
    default: return value
    }
}

private func owning(_ values: [Value]) throws(JaxError) -> [Value] {
    var result: [Value] = []
    result.reserveCapacity(values.count)
    for value in values { result.append(try owning(value)) }
    return result
}

func mapArrays(_ value: Value, _ transform: (ArrayObject) -> ArrayObject) -> Value {
    switch value {
    case .object(let object):
        guard let array = object as? ArrayObject else { return value }
        return .object(transform(array))
    case .list(let items): return .list(items.map { mapArrays($0, transform) })
    case .tuple(let items): return .tuple(items.map { mapArrays($0, transform) })
    case .dictionary(let pairs): return .dictionary(pairs.map { (key: $0.key, value: mapArrays($0.value, transform)) })
    case .namedTuple(let name, let fields): return .namedTuple(name, fields.map { (name: $0.name, value: mapArrays($0.value, transform)) })
    case .slice(let a, let b, let c): return .slice(mapArrays(a, transform), mapArrays(b, transform), mapArrays(c, transform))
    default: return value
    }
}
