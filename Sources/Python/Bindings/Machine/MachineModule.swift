// Module `machine`, and the files that `open` reads.
import JaxPlatform

private func record(_ entries: [(String, Value)]) -> Value {
    .dictionary(entries.map { (key: .string($0.0), value: $0.1) })
}

/// Refuses what only the prompt may do.
func requireControl(_ action: String) throws(JaxError) {
    guard platform.permissions.contains(.machineControl) else {
        throw JaxError(.permissionDenied, "\(action) needs the permission 'machine control', which this job lacks")
    }
}

func machineModule() -> NativeModule {
    NativeModule(name: "machine", functions: [
        NativeFunction("memory", "", .inline) { call throws(JaxError) in
            record(promptHost.memory().map { ($0.name, .int($0.bytes)) })
        },
        NativeFunction("devices", "", .inline) { call throws(JaxError) in
            .list(promptHost.devices().map {
                record([("name", .string($0.name)), ("description", .string($0.description)), ("memory", .int($0.memoryBytes)),
                        ("dispatches", .int($0.dispatchCount))])
            })
        },
        NativeFunction("_gpu_selftest", "", .job) { call throws(JaxError) in
            guard platform.permissions.contains(.devices) else {
                throw JaxError(.permissionDenied, "gpu_selftest needs the permission 'devices', which this job lacks")
            }
            return .list(try promptHost.testAccelerators().map { .tuple([.string($0.line), .bool($0.isWrong)]) })
        },
        NativeFunction("faults", "", .inline) { call throws(JaxError) in .list(promptHost.faults().map { .string($0) }) },
        NativeFunction("jobs", "", .inline) { call throws(JaxError) in
            .list(promptHost.jobs().map { job in
                record([("id", .int(Int(job.id))), ("name", .string(job.name)), ("bytes", .int(job.memoryBytes)),
                        ("seconds", .float(job.seconds)), ("limits", job.limits.value)])
            })
        },
        NativeFunction("_limits", "memory? time? permissions?", .inline) { call throws(JaxError) in try setLimits(call) },
        NativeFunction("audit", "", .inline) { call throws(JaxError) in
            let audit = promptHost.audit()
            let violations = Value.list(audit.violations.map { .string($0) })
            return record(audit.counts.map { ($0.name, Value.int($0.count)) } + [("violations", violations)])
        },
        NativeFunction("uptime", "", .inline) { call throws(JaxError) in .float(Double(platform.nanoseconds) / 1e9) },
        NativeFunction("files", "", .inline) { call throws(JaxError) in
            .list(promptHost.files().map { record([("name", .string($0.name)), ("size", .int($0.byteCount))]) })
        },
        NativeFunction("version", "", .inline) { call throws(JaxError) in .string(promptHost.version) },
        NativeFunction("reboot", "", .inline) { call throws(JaxError) in
            try requireControl("reboot")
            try promptHost.reboot()
            return .none
        },
        NativeFunction("poweroff", "", .inline) { call throws(JaxError) in
            try requireControl("poweroff")
            try promptHost.powerOff()
            return .none
        },
        NativeFunction("raise_fault", "kind", .job) { call throws(JaxError) in
            try requireControl("raising a fault")
            try promptHost.raiseFault(try call.string(0))
            return .none
        },
        // A fault outside of every job, as if the interpreter itself were broken.
        NativeFunction("end_interpreter", "", .inline) { _ throws(JaxError) in
            try requireControl("ending the interpreter")
            promptHost.panic("ended on request")
        },
    ])
}

func filesModule() -> NativeModule {
    NativeModule(name: "builtins", functions: [
        NativeFunction("read_file", "name", .inline) { call throws(JaxError) in
            let name = try call.string(0)
            if name.hasPrefix("host:") && !platform.permissions.contains(.hostFiles) {
                throw JaxError(.permissionDenied, "'\(name)' is a file of the host, which this job may not read")
            }
            return .data(try promptHost.readFile(name))
        },
    ])
}
