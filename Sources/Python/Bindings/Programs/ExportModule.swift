// jax.export: programs that real JAX exported, loaded and called.
import JaxIR
import JaxLoad
import JaxPlatform
import JaxRun

/// A `jax.export.Exported`. The program is registered in the session while Python holds the object.
final class ExportedObject: NativeObject {
    let program: LoadedProgram

    init(_ program: LoadedProgram) { self.program = program }

    deinit { session?.drop(program.name) }

    override var className: StaticString { "Exported" }
}

/// The type of one argument or result: `jax.core.ShapedArray`.
final class AvalObject: NativeObject {
    let value: ExportedValue
    /// Keeps the memory of `value`, which is the program's.
    private let program: LoadedProgram

    init(_ value: ExportedValue, of program: LoadedProgram) {
        self.value = value
        self.program = program
    }

    override var className: StaticString { "ShapedArray" }

    /// "ShapedArray(float32[2,3])".
    var text: String {
        var dimensions = ""
        for (index, dimension) in value.shape.enumerated() {
            if index > 0 { dimensions += "," }
            switch dimension {
            case .fixed(let size): dimensions += "\(size)"
            case .symbolic(let name): dimensions += name
            }
        }
        return "ShapedArray(" + value.tensorType.dtype.name + "[" + dimensions + "])"
    }
}

private func exported(_ call: Call) throws(JaxError) -> ExportedObject {
    if case .object(let object) = call[0], let exported = object as? ExportedObject { return exported }
    throw JaxError(.typeError, "expected an Exported, not \(call[0].typeName)")
}

/// The artifact's part, which a bare program lacks.
private func artifact(_ call: Call) throws(JaxError) -> Exported {
    guard let artifact = try exported(call).program.exported else {
        throw JaxError(.valueError, "this is a bare program: it carries no \(call.functionName)")
    }
    return artifact
}

private func avals(_ call: Call, _ values: (Exported) -> [ExportedValue]) throws(JaxError) -> Value {
    let program = try exported(call).program
    return .tuple(values(try artifact(call)).map { .object(AvalObject($0, of: program)) })
}

/// `deserialize(data)`: decodes and verifies; an artifact or a bare bytecode module.
private func deserialize(_ call: Call) throws(JaxError) -> Value {
    guard let session else { throw JaxError(.internalError, "the JAX library is not loaded") }
    let bytes = try call.bytes(0)
    let name = session.freshName("exported")
    return .object(ExportedObject(try session.load(bytes, as: name, limits: Interpreter.current.limits)))
}

/// `call(*args, **kwargs)`: the arguments flattened, the program executed, the results in their containers.
private func callProgram(_ object: ExportedObject, _ arguments: [Value], _ keywords: Value, _ device: String) throws(JaxError) -> Value {
    guard let session else { throw JaxError(.internalError, "the JAX library is not loaded") }
    let program = object.program
    let flat: [Value]
    if let exported = program.exported {
        flat = try leaves(of: .tuple([.tuple(arguments), keywords]), as: exported.inTree, path: "args")
    } else {
        flat = arguments
    }
    let device = try session.device(device)
    var arrays: [DeviceArray] = []
    var held: [ArrayObject] = []
    for (index, value) in flat.enumerated() {
        let expected = index < program.convention.argumentTypes.count ? program.convention.argumentTypes[index].dtype : nil
        // A Python scalar takes the dtype that is expected, if it is of its kind.
        let kind = scalarType(value)?.dtype.kind
        let fits = kind == nil ? nil : expected.flatMap { $0.kind == kind || (kind == .signed && $0.kind == .unsigned) ? $0 : nil }
        let array = try makeArray(value, dtype: fits)
        held.append(array)
    }
    if let trace = try Interpreter.current.target(of: held.map { .object($0) }) {
        return try recorded(program, held, session, trace)
    }
    for array in held { arrays.append(try device.put(try array.handle.elements())) }
    let results = try session.execute(program, arrays, device: device, limits: Interpreter.current.limits)
    withExtendedLifetime(held) {}
    var values: [Value] = []
    for result in results { values.append(.array(try device.fetch(result))) }
    guard let exported = program.exported else { return .tuple(values) }
    var rest = values[...]
    return unflatten(exported.outTree, &rest)
}

/// The same in a trace: the program becomes a part of the function that is traced.
private func recorded(_ program: LoadedProgram, _ arguments: [ArrayObject], _ session: Session, _ trace: Trace) throws(JaxError) -> Value {
    let name = session.freshName("part")
    let part = try session.flattened(program, arguments.map { $0.handle.type }, as: name, limits: Interpreter.current.limits)
    // The trace keeps it.
    defer { session.drop(name) }
    let results = try trace.append(part, arguments, isWeak: []).map { Value.object($0) }
    guard let exported = program.exported else { return .tuple(results) }
    var rest = results[...]
    return unflatten(exported.outTree, &rest)
}

func exportModule() -> NativeModule {
    NativeModule(name: "jax.export", functions: [
        NativeFunction("deserialize", "blob", .inline) { call throws(JaxError) in try deserialize(call) },
    ])
}

func exportedModule() -> NativeModule {
    NativeModule(name: "Exported", functions: [
        NativeFunction("call", "self *args **kwargs", .inline) { call throws(JaxError) in
            try callProgram(try exported(call), call.rest, .dictionary(call.options), "cpu")
        },
        NativeFunction("fun_name", "self", .property) { call throws(JaxError) in .string(try artifact(call).functionName) },
        NativeFunction("in_avals", "self", .property) { call throws(JaxError) in try avals(call) { $0.inValues } },
        NativeFunction("out_avals", "self", .property) { call throws(JaxError) in try avals(call) { $0.outValues } },
        NativeFunction("in_tree", "self",
                       .property) { call throws(JaxError) in .string("PyTreeDef(" + (try artifact(call).inTree.description) + ")") },
        NativeFunction("out_tree", "self",
                       .property) { call throws(JaxError) in .string("PyTreeDef(" + (try artifact(call).outTree.description) + ")") },
        NativeFunction("platforms", "self",
                       .property) { call throws(JaxError) in .tuple(try artifact(call).platforms.map { .string($0) }) },
        NativeFunction("nr_devices", "self", .property) { call throws(JaxError) in .int(try artifact(call).deviceCount) },
        NativeFunction("module_kept_var_idx", "self",
                       .property) { call throws(JaxError) in .tuple(try artifact(call).keptArguments.map { .int($0) }) },
        NativeFunction("calling_convention_version", "self",
                       .property) { call throws(JaxError) in .int(try artifact(call).callingConventionVersion) },
        NativeFunction("uses_global_constants", "self",
                       .property) { call throws(JaxError) in .bool(try artifact(call).usesGlobalConstants) },
        NativeFunction("mlir_module_serialized", "self", .property) { call throws(JaxError) in .data(try artifact(call).program) },
        NativeFunction("has_vjp", "self", .inline) { call throws(JaxError) in .bool(try artifact(call).vjp != nil) },
        NativeFunction("__repr__", "self", .inline) { call throws(JaxError) in
            let program = try exported(call).program
            guard let artifact = program.exported else { return .string("<program " + program.name + ">") }
            var arguments = "", results = ""
            for (index, value) in artifact.inValues.enumerated() {
                arguments += (index > 0 ? ", " : "") + AvalObject(value, of: program).text
            }
            for (index, value) in artifact.outValues.enumerated() {
                results += (index > 0 ? ", " : "") + AvalObject(value, of: program).text
            }
            return .string("Exported(fun_name='\(artifact.functionName)', in_avals=(\(arguments)), out_avals=(\(results)))")
        },
    ])
}

func avalModule() -> NativeModule {
    func aval(_ call: Call) throws(JaxError) -> AvalObject {
        if case .object(let object) = call[0], let aval = object as? AvalObject { return aval }
        throw JaxError(.typeError, "expected a ShapedArray, not \(call[0].typeName)")
    }
    return NativeModule(name: "ShapedArray", functions: [
        NativeFunction("shape", "self", .property) { call throws(JaxError) in
            .tuple(try aval(call).value.shape.map {
                switch $0 {
                case .fixed(let size): return .int(size)
                case .symbolic(let name): return .string(name)
                }
            })
        },
        NativeFunction("dtype", "self", .property) { call throws(JaxError) in .object(DTypeObject(try aval(call).value.tensorType.dtype)) },
        NativeFunction("ndim", "self", .property) { call throws(JaxError) in .int(try aval(call).value.shape.count) },
        NativeFunction("__repr__", "self", .inline) { call throws(JaxError) in .string(try aval(call).text) },
    ])
}
