// Programs of several devices, as `shard_map` and `pmap` make them, on a machine whose processors are the devices: what each device computes is a
// row of a batch. A manual computation becomes the division of its operands, the batched body, in which operations between devices are
// operations between rows, and the joining of its results. So devices need not wait for each other, and none can be left waiting.
import JaxIR
import JaxOps
import JaxPlatform

/// A copy of `module` in which no manual computation is left; the module itself where it has none. Throws `valueError` where a mesh has more devices
/// than `limit`, `notImplemented` for a manual computation within another one.
@export(interface)
public func partitioned(_ module: Module, limit: Int) throws(JaxError) -> Module {
    guard module.functions.contains(where: { hasManualComputation($0.body) }) else { return module }
    let flat = try inlined(module), target = flat.emptyCopy()
    for function in flat.functions {
        let builder = Builder(function.emptyCopy())
        var rewriter = Rewriter(from: function, into: builder) { (operation, rewriter) throws(JaxError) -> [ValueID]? in
            guard operation.code == .manualComputation else { return nil }
            return try Partitioning(operation, flat, limit).run(&rewriter)
        }
        for parameter in function.body.parameters { rewriter.bind(parameter, to: builder.parameter(function.type(of: parameter))) }
        try rewriter.copy(function.body.operations)
        builder.finish(try rewriter.copies(of: function.body.results))
        try target.add(builder.function)
    }
    return target
}

private func hasManualComputation(_ region: Region) -> Bool {
    region.operations.contains { $0.code == .manualComputation || $0.regions.contains(where: hasManualComputation) }
}

private struct Partitioning {
    private let operation: Operation
    private let parameters: ManualComputationParameters
    private let mesh: Mesh

    init(_ operation: Operation, _ module: Module, _ limit: Int) throws(JaxError) {
        self.operation = operation
        parameters = operation.parameters(ManualComputationParameters.self)
        let name = (parameters.inputs + parameters.outputs).first?.mesh ?? ""
        guard let mesh = module.meshes.first(where: { $0.name == name }) ?? module.meshes.first else {
            throw JaxError(.valueError, "manual_computation: the program has no mesh @\(name)")
        }
        self.mesh = mesh
        guard parameters.inputs.count == operation.operands.count, parameters.outputs.count == operation.results.count else {
            throw JaxError(.malformed, "manual_computation must have a sharding for each operand and each result")
        }
        let count = mesh.axes.reduce(1) { $0.multipliedReportingOverflow(by: max($1.size, 0)).partialValue }
        guard count > 0, count <= limit else {
            throw JaxError(.valueError, "the mesh @\(mesh.name) has \(count) devices, but the machine has \(limit)")
        }
    }

    private var deviceCount: Int { mesh.axes.reduce(1) { $0 * $1.size } }

    func run(_ rewriter: inout Rewriter) throws(JaxError) -> [ValueID] {
        let builder = rewriter.builder, source = rewriter.source, body = operation.regions[0]
        let communicating = DeviceBatching.communicating(body)
        let dependence = Dependence(body, of: source, on: body.parameters + communicating, .value)
        var batching = Batching(source, builder, dependence, size: deviceCount, devices: true)
        for value in freeValues(body.operations, body.results) where !body.parameters.contains(value) {
            batching.bind(value, Batched(try rewriter.copy(value), false))
        }
        for (index, parameter) in body.parameters.enumerated() {
            let local = try tensor(source.type(of: parameter))
            let part = try divided(try rewriter.copy(operation.operands[index]), parameters.inputs[index], local, builder)
            batching.bind(parameter, Batched(part, true))
        }
        try batching.run(body.operations)
        var results: [ValueID] = []
        for (index, value) in try batching.values(body.results).enumerated() {
            let whole = try tensor(source.type(of: operation.results[index]))
            results.append(try joined(try batching.batched(value), parameters.outputs[index], whole, builder))
        }
        return results
    }

    private func tensor(_ type: ValueType) throws(JaxError) -> TensorType {
        guard let tensor = type.tensor else { throw JaxError(.notImplemented, "manual_computation of a \(type)") }
        return tensor
    }

    /// For each dimension the manual axes that divide it. Throws where an axis is none of the mesh or divides twice, or the parts do not make
    /// up the whole.
    private func axes(_ sharding: ArraySharding, whole: TensorType, part: TensorType) throws(JaxError) -> [[Int]] {
        var used: Set<Int> = [], dimensions: [[Int]] = []
        guard whole.rank == part.rank, sharding.dimensions.count == whole.rank else {
            throw JaxError(.malformed, "manual_computation: a sharding of \(sharding.dimensions.count) dimensions for \(whole) in parts of \(part)")
        }
        for (dimension, names) in sharding.dimensions.enumerated() {
            var places: [Int] = [], count = 1
            for name in names where parameters.manualAxes.contains(name) {
                guard let place = mesh.axes.firstIndex(where: { $0.name == name }), used.insert(place).inserted else {
                    throw JaxError(.malformed, "manual_computation: the axis \(name) does not divide \(whole)")
                }
                places.append(place)
                count *= mesh.axes[place].size
            }
            guard part.shape[dimension] * count == whole.shape[dimension] else {
                throw JaxError(.malformed, "manual_computation: \(count) parts of \(part) do not make up \(whole) in dimension \(dimension)")
            }
            dimensions.append(places)
        }
        return dimensions
    }

    /// The parts of an array, one a device, in the order of the devices.
    private func divided(_ value: ValueID, _ sharding: ArraySharding, _ part: TensorType, _ builder: Builder) throws(JaxError) -> ValueID {
        let axes = try axes(sharding, whole: try builder.tensorType(value), part: part)
        var split: [Int] = [], places: [Int: Int] = [:], local: [Int] = []
        for (dimension, divisors) in axes.enumerated() {
            for axis in divisors {
                places[axis] = split.count
                split.append(mesh.axes[axis].size)
            }
            local.append(split.count)
            split.append(part.shape[dimension])
        }
        let present = mesh.axes.indices.filter { places[$0] != nil }
        let ordered = try builder.transpose(try builder.reshape(value, split), present.map { places[$0]! } + local)
        let full = mesh.axes.map { $0.size } + part.shape
        let everywhere = try builder.broadcast(ordered, to: full, dimensions: present + part.shape.indices.map { mesh.axes.count + $0 })
        return try builder.reshape(everywhere, [deviceCount] + part.shape)
    }

    /// The array whose parts the devices have; where several have the same part, that of the first of them.
    private func joined(_ value: ValueID, _ sharding: ArraySharding, _ whole: TensorType, _ builder: Builder) throws(JaxError) -> ValueID {
        let part = TensorType(whole.dtype, Array(try builder.tensorType(value).shape.dropFirst()))
        let axes = try axes(sharding, whole: whole, part: part)
        var rows = try builder.reshape(value, mesh.axes.map { $0.size } + part.shape)
        let used = Set(axes.flatMap { $0 })
        var shape = mesh.axes.map { $0.size } + part.shape
        let starts = [Int](repeating: 0, count: shape.count)
        for axis in mesh.axes.indices where !used.contains(axis) { shape[axis] = 1 }
        rows = try builder.tensorType(rows).shape == shape ? rows : try builder.one(.slice, [rows], SliceParameters(starts: starts, limits: shape))
        var permutation = mesh.axes.indices.filter { !used.contains($0) }
        for (dimension, divisors) in axes.enumerated() { permutation += divisors + [mesh.axes.count + dimension] }
        return try builder.reshape(try builder.transpose(rows, permutation), whole.shape)
    }
}
