// The C entry points of the JAX layer, in both images: what the prompt and the link call.
//
// Strings are names of registered objects, or JSON that names them:
//   execute_jax_program: "p", or {"program": "p", "args": ["a", "b"], "out": ["r"], "device": "cpu", "limits": {…}}
//   execute_jax_transformation: "grad" (TransformationRequest.swift), "p" or {"program": "p"}, and
//     {"args": ["a", "b"], "out": ["q"], "argnums": [0, 1], "limits": {…}}
//   limits: {"memory": bytes, "time": nanoseconds, "permissions": Permissions.rawValue}
// Results without a name in "out" are registered as "p.0", "p.1", … Each returns 0, or −1 with the text in `jax_error`.
import JaxIR
import JaxOps
import JaxPlatform

/// The JAX layer's state between `load_jax_library` and `unload_jax_library`.
nonisolated(unsafe) public private(set) var session: Session?

/// The last error of each task, newest last.
nonisolated(unsafe) private var errors = ErrorTable()

/// Makes the JAX layer's state: the table of operations, the session with `cpu:0`. Calling it again changes nothing.
@_cdecl("load_jax_library")
public func load_jax_library() -> Int32 {
    if session != nil { return 0 }
    // The table of operations lives for ever, in an account of its own: references to what the library holds are noted for
    // jobs that may end in the middle, which costs more than it is worth for what never goes.
    platform.charging(platform.makeOwner(name: "operations")) { _ = opDefinition(.add) }
    platform.charging(.library) {
        errors.clear()
        session = Session(devices: [Processor(name: "cpu:0", description: "processor")])
    }
    return 0
}

/// Ends the JAX layer: drops every registered object.
@_cdecl("unload_jax_library")
public func unload_jax_library() {
    session?.dropAll()
    session = nil
    errors.clear()
}

@_cdecl("execute_jax_program")
public func execute_jax_program(_ program: UnsafePointer<CChar>?) -> Int32 {
    answer { () throws(JaxError) in
        let (session, request) = try parse(program, nameKey: "program")
        let loaded = try session.program(try name(request, "program"))
        let device = try session.device(request["device"]?.string ?? "cpu")
        let results = try session.execute(loaded, try arguments(request, session), device: device, limits: try limits(request))
        let names = try stringList(request, "out")
        for (index, array) in results.enumerated() {
            session.register(.array(array), as: index < names.count ? names[index] : loaded.name + ".\(index)")
        }
    }
}

@_cdecl("execute_jax_transformation")
public func execute_jax_transformation(_ transformation: UnsafePointer<CChar>?, _ function: UnsafePointer<CChar>?,
                                       _ args: UnsafePointer<CChar>?) -> Int32 {
    answer { () throws(JaxError) in
        let (session, subject) = try parse(function, nameKey: "program")
        let loaded = try session.program(try name(subject, "program"))
        let (_, request) = try parse(args, nameKey: "arg")
        let transformation = try TransformationRequest(transformation.map { String(cString: $0) } ?? "", request)
        var types: [TensorType] = []
        for array in try arguments(request, session) { types.append(array.type) }
        try session.transform(transformation, loaded, request["args"] == nil ? nil : types,
                              as: try stringList(request, "out").first ?? loaded.name + ".transformed", limits: try limits(request))
    }
}

/// The text of the calling task's last error, or an empty string; valid until the task's next call.
@_cdecl("jax_error")
public func jax_error() -> UnsafePointer<CChar> { errors.text(of: platform.taskID) }

/// The calling task's last error with its kind and place.
public func lastError() -> JaxError? { errors.error(of: platform.taskID) }

private func answer(_ body: () throws(JaxError) -> Void) -> Int32 {
    do throws(JaxError) {
        try body()
        errors.set(nil, for: platform.taskID)
        return 0
    } catch {
        let failure = error
        platform.charging(.library) { errors.set(failure, for: platform.taskID) }
        return -1
    }
}

// The strings' contents

private func parse(_ text: UnsafePointer<CChar>?, nameKey: String) throws(JaxError) -> (Session, JSON) {
    guard let session else { throw JaxError(.internalError, "the JAX library is not loaded: call load_jax_library first") }
    let string = text.map { String(cString: $0) } ?? ""
    if string.utf8.first == UInt8(ascii: "{") { return (session, try JSON(parsing: string)) }
    return (session, .object(string.isEmpty ? [] : [(key: nameKey, value: .string(string))]))
}

private func name(_ request: JSON, _ key: String) throws(JaxError) -> String {
    guard let name = request[key]?.string else {
        throw JaxError(.valueError, "expected the name of a registered object under \"\(key)\"")
    }
    return name
}

private func stringList(_ request: JSON, _ key: String) throws(JaxError) -> [String] {
    guard let value = request[key] else { return [] }
    guard let list = value.array else { throw JaxError(.valueError, "\"\(key)\" must be a list of names") }
    var names: [String] = []
    for element in list {
        guard let name = element.string else { throw JaxError(.valueError, "\"\(key)\" must be a list of names") }
        names.append(name)
    }
    return names
}

private func arguments(_ request: JSON, _ session: Session) throws(JaxError) -> [DeviceArray] {
    var arrays: [DeviceArray] = []
    for name in try stringList(request, "args") { arrays.append(try session.array(name)) }
    return arrays
}

private func limits(_ request: JSON) throws(JaxError) -> Limits {
    var limits = Limits(permissions: platform.permissions)
    if let stated = request["limits"] {
        if let memory = stated["memory"]?.integer, memory > 0 { limits.memoryQuota = memory }
        if let bits = stated["permissions"]?.integer {
            limits.permissions.formIntersection(Permissions(rawValue: UInt32(truncatingIfNeeded: bits)))
        }
        if let time = stated["time"]?.integer, time > 0 { limits.timeBudget = UInt64(time) }
    }
    return limits
}
