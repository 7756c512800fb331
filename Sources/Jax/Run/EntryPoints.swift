// The C entry points of the JAX layer, in both images: what the prompt and the link call.
//
// Strings are names of registered objects, or JSON that names them:
//   execute_jax_program: "p", or {"program": "p", "args": ["a", "b"], "out": ["r"], "device": "cpu", "limits": {…}}
//   execute_jax_transformation: "jit", "p" or {"program": "p"}, and {"args": ["a", "b"], "out": ["q"], "limits": {…}}
//   limits: {"memory": bytes, "time": nanoseconds, "permissions": Permissions.rawValue}
// Results without a name in "out" are registered as "p.0", "p.1", … Each returns 0, or −1 with the text in `jax_error`.
import JaxIR
import JaxOps
import JaxPlatform

/// The JAX layer's state between `load_jax_library` and `unload_jax_library`.
nonisolated(unsafe) public private(set) var session: Session?

/// The last error of each task, newest last.
nonisolated(unsafe) private var errors = ErrorTable()

/// Transformations by name. "jit" is the first; the others stand here so that an error can tell a wrong name from one
/// that this version does not have.
private let transformations: [String] = ["jit"]
private let knownTransformations: [String] = ["grad", "value_and_grad", "jvp", "vjp", "vmap", "pmap", "jacfwd", "jacrev", "hessian", "checkpoint"]

/// Makes the JAX layer's state: the table of operations, the session with `cpu:0`. Calling it again changes nothing.
@_cdecl("load_jax_library")
public func load_jax_library() -> Int32 {
    if session != nil { return 0 }
    // The table of operations lives for ever, in an account of its own: references to what the library holds are noted for
    // jobs that may end in the middle, which costs more than it is worth for what never goes.
    platform.charging(platform.makeOwner(name: "operations")) { _ = opDefinition(.add) }
    platform.charging(.library) {
        _ = transformations.count + knownTransformations.count
        errors.clear()
        session = Session(devices: [Device(name: "cpu:0", description: "processor", memoryBytes: 0)])
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
        for (index, tensor) in results.enumerated() {
            session.register(.array(tensor), as: index < names.count ? names[index] : loaded.name + ".\(index)")
        }
    }
}

@_cdecl("execute_jax_transformation")
public func execute_jax_transformation(_ transformation: UnsafePointer<CChar>?, _ function: UnsafePointer<CChar>?,
                                       _ args: UnsafePointer<CChar>?) -> Int32 {
    answer { () throws(JaxError) in
        let kind = transformation.map { String(cString: $0) } ?? ""
        guard transformations.contains(kind) else {
            if knownTransformations.contains(kind) {
                throw JaxError(.notImplemented, "the transformation '\(kind)' is not available; available: jit")
            }
            throw JaxError(.valueError, "unknown transformation '\(kind)'; available: jit")
        }
        let (session, subject) = try parse(function, nameKey: "program")
        let loaded = try session.program(try name(subject, "program"))
        let (_, request) = try parse(args, nameKey: "arg")
        var types: [TensorType] = []
        for tensor in try loaded.convention.mainArguments(try arguments(request, session)) { types.append(tensor.type) }
        _ = try session.jit(loaded, types, limits: try limits(request))
        for name in try stringList(request, "out") { session.register(.program(loaded), as: name) }
    }
}

/// The text of the calling task's last error, or an empty string; valid until the task's next call.
@_cdecl("jax_error")
public func jax_error() -> UnsafePointer<CChar> { errors.text(of: platform.taskID) }

/// The calling task's last error with its kind and place.
public func lastError() -> JaxError? { errors.error(of: platform.taskID) }

/// The same, for a caller that has no more use for it in the table.
public func takeLastError() -> JaxError? { errors.take(of: platform.taskID) }

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

private func arguments(_ request: JSON, _ session: Session) throws(JaxError) -> [Tensor] {
    var tensors: [Tensor] = []
    for name in try stringList(request, "args") { tensors.append(try session.array(name)) }
    return tensors
}

private func limits(_ request: JSON) throws(JaxError) -> Limits {
    var limits = Limits(permissions: platform.permissions)
    if let stated = request["limits"] {
        if let memory = stated["memory"]?.integer, memory > 0 { limits.memoryQuota = memory }
        if let bits = stated["permissions"]?.integer { limits.permissions.formIntersection(Permissions(rawValue: UInt32(truncatingIfNeeded: bits))) }
        if let time = stated["time"]?.integer, time > 0 { limits.timeBudget = UInt64(time) }
    }
    return limits
}
