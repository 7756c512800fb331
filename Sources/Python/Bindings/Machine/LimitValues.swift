// Limits of jobs as Python writes them: bytes, seconds and names of permissions.
import JaxPlatform
import JaxRun

extension Permissions {
    private static var names: [(name: StaticString, permission: Permissions)] {
        [("devices", .devices), ("host files", .hostFiles), ("machine control", .machineControl)]
    }

    var value: Value {
        var list: [Value] = []
        for entry in Permissions.names where contains(entry.permission) { list.append(.string(entry.name.description)) }
        return .list(list)
    }

    init(_ value: Value) throws(JaxError) {
        self = []
        guard let items = value.items else { throw JaxError(.typeError, "permissions must be a list of names, not \(value.typeName)") }
        for item in items {
            guard case .string(let text) = item else { throw JaxError(.typeError, "permissions must be names, not \(item.typeName)") }
            var isKnown = false
            for entry in Permissions.names where entry.name.description == text {
                insert(entry.permission)
                isKnown = true
            }
            if !isKnown {
                throw JaxError(.valueError, "there is no permission '\(text)'; there are 'devices', 'host files' and 'machine control'")
            }
        }
    }
}

extension Limits {
    var value: Value {
        .dictionary([
            (key: .string("memory"), value: memoryQuota.map { .int($0) } ?? .none),
            (key: .string("time"), value: timeBudget.map { .float(Double($0) / 1e9) } ?? .none),
            (key: .string("permissions"), value: permissions.value),
        ])
    }
}

/// `_limits(memory?, time?, permissions?)`: changes what is given, None takes a limit away; returns what holds now.
func setLimits(_ call: Call) throws(JaxError) -> Value {
    let interpreter = Interpreter.current
    var limits = interpreter.limits
    if call.wasGiven(0) {
        limits.memoryQuota = call.has(0) ? try call.int(0) : nil
        if let quota = limits.memoryQuota, quota <= 0 { throw JaxError(.valueError, "a job needs memory: \(quota) bytes are too few") }
    }
    if call.wasGiven(1) {
        let seconds = call.has(1) ? try call.float(1, default: 0) : nil
        if let seconds, !(seconds > 0 && seconds < 1e9) {
            throw JaxError(.valueError, "a time budget must be between 0 and 1e9 seconds, not \(seconds)")
        }
        limits.timeBudget = seconds.map { UInt64($0 * 1e9) }
    }
    if call.has(2) { limits.permissions = try Permissions(call[2]) }
    if call.wasGiven(0) || call.wasGiven(1) || call.wasGiven(2) {
        try requireControl("changing limits")
        interpreter.limits = limits
    }
    return limits.value
}
