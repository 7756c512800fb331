// Transformations of registered programs: the result is a program of its own, which is loaded, executed, inspected and transformed like any.
import JaxIR
import JaxOps
import JaxPlatform
import JaxTransform

extension Session {
    /// Applies a transformation and registers what comes of it under `name`. `types` are those of the transformed program's arguments; nil
    /// stands for those that the program was exported for. Throws what JAX throws for arguments that the transformation cannot take.
    @export(interface)
    @discardableResult
    public func transform(_ request: TransformationRequest, _ program: LoadedProgram, _ types: [TensorType]?, as name: String,
                          limits: Limits = Limits()) throws(JaxError) -> LoadedProgram {
        if !request.steps.isEmpty && request.steps.allSatisfy({ if case .jit = $0 { true } else { false } }) {
            register(.program(program), as: name)
            return program
        }
        let owner = platform.makeOwner(name: name)
        do throws(JaxError) {
            let decoded = try runJob(limits.request("transform " + program.name, resultOwner: owner)) { () throws(JaxError) -> DecodedProgram in
                try transformed(request, program, types, deviceLimit: processorCount)
            }
            var made: LoadedProgram?
            platform.charging(.library) { made = LoadedProgram(name: name, decoded, owner: owner, sources: [program]) }
            register(.program(made!), as: name)
            return made!
        } catch {
            if owner != .library { platform.releaseOwner(owner) }
            throw error
        }
    }
}

private func transformed(_ request: TransformationRequest, _ program: LoadedProgram, _ types: [TensorType]?,
                         deviceLimit: Int) throws(JaxError) -> DecodedProgram {
    let convention = program.convention
    var inner = convention.argumentTypes
    var sizes = [Int?](repeating: nil, count: request.steps.count)
    if let types {
        let plan = try ArgumentPlan(request.steps, convention.groups, types)
        inner = plan.inner
        sizes = plan.sizes
    }
    let parameterTypes = try convention.parameterTypes(inner)
    for (index, type) in inner.enumerated() where !type.isStatic {
        throw JaxError(.valueError, "argument \(index) has type \(type), of which dimensions are open: give arguments")
    }
    let module = try convention.specialised(program.module, parameterTypes, deviceLimit: deviceLimit)
    var subject = try TransformedProgram(try withPlainMain(module, convention, inner), arguments: convention.groups,
                                         backward: try backward(program, module, inner, deviceLimit: deviceLimit))
    for (index, step) in request.steps.enumerated() {
        if case .vmap(var options) = step {
            options.axisSize = sizes[index] ?? options.axisSize
            if options.isOverDevices, let count = options.axisSize, count > deviceLimit {
                throw JaxError(.valueError, "compiling computation that requires \(count) logical devices, but only \(deviceLimit) XLA devices are "
                    + "available (num_replicas=\(count))")
            }
            try subject.apply(.vmap(options))
        } else {
            try subject.apply(step)
        }
    }
    return try DecodedProgram(subject.module)
}

/// The backward pass that the program was exported with, for arguments of `types`; nil where there is none.
private func backward(_ program: LoadedProgram, _ module: Module, _ types: [TensorType], deviceLimit: Int) throws(JaxError) -> Module? {
    guard let exported = program.exported?.vjp, let main = module.function(named: "main") else { return nil }
    var all = types
    for type in main.resultTypes {
        guard let tensor = type.tensor else { return nil }
        all.append(TensorType(tensor.dtype.isFloat || tensor.dtype.isComplex ? tensor.dtype : .i1, tensor.shape))
    }
    let convention = try CallingConvention(exported: exported)
    let module = try convention.specialised(try exported.module(), try convention.parameterTypes(all), deviceLimit: deviceLimit)
    return try withPlainMain(module, convention, all)
}

/// A module whose `main` takes all of the user's arguments and nothing else.
private func withPlainMain(_ module: Module, _ convention: CallingConvention, _ types: [TensorType]) throws(JaxError) -> Module {
    guard let main = module.function(named: "main") else { throw JaxError(.valueError, "the module has no function @main") }
    let builder = Builder(Function(name: "main"))
    let parameters = types.map { builder.parameter(.tensor($0)) }
    var arguments: [ValueID] = []
    for input in try convention.inputs(types) {
        switch input {
        case .argument(let index): arguments.append(parameters[index])
        case .platformIndex(let value): arguments.append(try builder.constant(Double(value), TensorType(.i32, [])))
        }
    }
    guard arguments.count == main.parameterTypes.count else {
        throw JaxError(.notImplemented, "Ordered effects are not supported in transformations")
    }
    builder.finish(try builder.emit(.call, arguments, CallParameters(main)))
    let plain = Module(name: module.name)
    plain.locations = module.locations
    plain.meshes = module.meshes
    try plain.add(builder.function)
    for function in module.functions where function !== main { try plain.add(function) }
    return plain
}

/// What the arguments of a transformed program say of those of the program within.
private struct ArgumentPlan {
    /// The types of the innermost program's arguments.
    private(set) var inner: [TensorType]
    /// The number of rows of each `vmap`, by step.
    private(set) var sizes: [Int?]

    init(_ steps: [Transformation], _ groups: [Range<Int>], _ types: [TensorType]) throws(JaxError) {
        inner = types
        sizes = [Int?](repeating: nil, count: steps.count)
        // Further arguments of inner steps, which outer ones see as arguments of their own.
        var levels: [[Range<Int>]] = [groups]
        let count = groups.last?.upperBound ?? 0
        for step in steps {
            let current = levels[levels.count - 1], used = current.last?.upperBound ?? 0
            switch step {
            case .jvp:
                var next = used, further: [Range<Int>] = []
                for group in current {
                    let differentiable = group.filter { $0 < types.count && (types[$0].dtype.isFloat || types[$0].dtype.isComplex) }.count
                    further.append(next..<(next + differentiable))
                    next += differentiable
                }
                levels.append(current + further)
            case .vjp: levels.append(current + [used..<max(used, types.count)])
            default: levels.append(current)
            }
        }
        for (index, step) in steps.enumerated().reversed() {
            guard case .vmap(let options) = step else { continue }
            sizes[index] = try strip(options, levels[index])
        }
        guard inner.count >= count else {
            throw JaxError(.typeError, "the program takes \(count) arguments, but \(inner.count) were given")
        }
        inner = Array(inner.prefix(count))
    }

    /// Takes the dimension that is mapped over from the types; its size.
    private mutating func strip(_ options: BatchOptions, _ groups: [Range<Int>]) throws(JaxError) -> Int? {
        let axes = options.inAxes ?? groups.map { _ in 0 }
        guard axes.count == groups.count else { throw wrongAxes(axes.count, arguments: groups.count) }
        var size = options.axisSize, first: (index: Int, axis: Int)?
        for (group, axis) in zip(groups, axes) {
            guard let axis else { continue }
            for index in group where index < inner.count {
                let rank = inner[index].rank, place = axis < 0 ? axis + rank : axis
                guard place >= 0, place < rank else {
                    throw JaxError(.valueError, "vmap was requested to map its argument along axis \(axis), which implies that its rank should be at "
                        + "least \(axis < 0 ? -axis : axis + 1), but is only \(rank) (its shape is \(pythonTuple(inner[index].shape)))")
                }
                if let size, size != inner[index].shape[place] {
                    let known = first.map { "  * one axis had size \(size): axis \($0.axis) of args[\($0.index)];\n" }
                        ?? "  * the `axis_size` argument was \(size);\n"
                    throw JaxError(.valueError, "vmap got inconsistent sizes for array axes to be mapped:\n" + known
                        + "  * one axis had size \(inner[index].shape[place]): axis \(axis) of args[\(index)] of type \(inner[index])")
                }
                size = inner[index].shape[place]
                if first == nil { first = (index, axis) }
                inner[index].shape.remove(at: place)
            }
        }
        return size
    }
}
