// Recovery of scans: JAX lowers `scan` and `fori_loop` to `while`; of one that counts from one known number to another, the number of rounds,
// the arrays that are taken apart along the rounds, and those that are put together, are found again.
import JaxIR
import JaxOps
import JaxPlatform

/// A copy of a module without calls in which every `while` that counts is a scan.
func withScans(_ module: Module) throws(JaxError) -> Module {
    let target = module.emptyCopy()
    for function in module.functions {
        if !hasLoop(function.body) {
            try target.add(function)
            continue
        }
        let recovery = LoopRecovery(function)
        try target.add(try recovery.run())
    }
    try verify(target)
    return target
}

private func hasLoop(_ region: Region) -> Bool {
    region.operations.contains { $0.code == .while || $0.regions.contains(where: hasLoop) }
}

private final class LoopRecovery {
    private let source: Function
    private let uses: Uses
    private let builder: Builder
    /// What becomes of the operations that take arrays apart or put them together.
    private var slices: [ObjectIdentifier: ValueID] = [:]
    private var updates: Set<ObjectIdentifier> = []

    init(_ function: Function) {
        source = function
        uses = Uses(function)
        builder = Builder(function.emptyCopy())
    }

    func run() throws(JaxError) -> Function {
        var rewriter = Rewriter(from: source, into: builder) { (operation, rewriter) throws(JaxError) in try self.replacement(operation, &rewriter) }
        for parameter in source.body.parameters { rewriter.bind(parameter, to: builder.parameter(source.type(of: parameter))) }
        try rewriter.copy(source.body.operations)
        builder.finish(try rewriter.copies(of: source.body.results))
        return builder.function
    }

    private func replacement(_ operation: Operation, _ rewriter: inout Rewriter) throws(JaxError) -> [ValueID]? {
        let key = ObjectIdentifier(operation)
        if updates.contains(key) { return [try rewriter.copy(operation.operands[1])] }
        if let slice = slices[key] {
            // The other dimensions are sliced as before.
            let sizes = Array(operation.parameters(SliceSizesParameters.self).sizes.dropFirst())
            var row = slice
            if try builder.tensorType(row).shape != sizes {
                row = try builder.one(.dynamicSlice, [row] + rewriter.copies(of: Array(operation.operands.dropFirst(2))), SliceSizesParameters(sizes))
            }
            return [try builder.reshape(row, [1] + sizes)]
        }
        guard operation.code == .while, let loop = CountedLoop(operation, source, uses) else { return nil }
        return try scan(loop, operation, &rewriter)
    }

    private func scan(_ loop: CountedLoop, _ operation: Operation, _ rewriter: inout Rewriter) throws(JaxError) -> [ValueID] {
        let body = operation.regions[1], operands = try rewriter.copies(of: operation.operands)
        let isReverse = loop.inputs.first?.isReverse ?? loop.outputs.first?.isReverse ?? false
        let state = body.parameters.indices.filter { index in
            !loop.outputs.contains { $0.index == index } && !loop.inputs.contains { $0.index == index && $0.isOnlySliced }
        }
        var stacks: [ValueID] = [], rowTypes: [ValueType] = []
        for input in loop.inputs {
            var stack: ValueID
            if let index = input.index { stack = operands[index] } else { stack = try rewriter.copy(input.array) }
            let type = try builder.tensorType(stack)
            stack = try builder.slice(stack, axis: 0, from: input.offset, to: input.offset + loop.length)
            if input.isReverse != isReverse { stack = try builder.one(.reverse, [stack], DimensionsParameters([0])) }
            stacks.append(stack)
            rowTypes.append(.tensor(TensorType(type.dtype, Array(type.shape.dropFirst()))))
        }
        var inner = rewriter
        let region = try builder.region(state.map { source.type(of: body.parameters[$0]) } + rowTypes) { (builder, parameters) throws(JaxError) in
            for (place, index) in state.enumerated() { inner.bind(body.parameters[index], to: parameters[place]) }
            for input in loop.inputs { if let index = input.index, input.isOnlySliced { inner.bind(body.parameters[index], to: operands[index]) } }
            // What is put together is read by nothing but its own update.
            for output in loop.outputs { inner.bind(body.parameters[output.index], to: operands[output.index]) }
            for (place, input) in loop.inputs.enumerated() {
                for slice in input.slices { self.slices[ObjectIdentifier(slice)] = parameters[state.count + place] }
            }
            for output in loop.outputs { self.updates.insert(ObjectIdentifier(output.update)) }
            try inner.copy(body.operations)
            var results = try inner.copies(of: state.map { body.results[$0] })
            for output in loop.outputs {
                let row = try inner.copy(output.update.operands[1])
                results.append(try builder.reshape(row, Array(try builder.tensorType(row).shape.dropFirst())))
            }
            return results
        }
        let (whole, captured) = closed(region, in: builder)
        let made = try builder.emit(
            .scan, captured + state.map { operands[$0] } + stacks,
            ScanParameters(length: loop.length, carryCount: captured.count + state.count, isReverse: isReverse), regions: [whole])
        var results = operands
        for (place, index) in state.enumerated() { results[index] = made[captured.count + place] }
        for (place, output) in loop.outputs.enumerated() {
            var stack = made[captured.count + state.count + place]
            if output.isReverse != isReverse { stack = try builder.one(.reverse, [stack], DimensionsParameters([0])) }
            results[output.index] = try placed(stack, into: operands[output.index], at: output.offset)
        }
        return results
    }

    private func placed(_ stack: ValueID, into array: ValueID, at offset: Int) throws(JaxError) -> ValueID {
        let shape = try builder.tensorType(array).shape
        let stackShape = try builder.tensorType(stack).shape
        if offset == 0 && stackShape == shape { return stack }
        let zero = try builder.constant(0, TensorType(.i32, [])), start = try builder.constant(Double(offset), TensorType(.i32, []))
        return try builder.one(.dynamicUpdateSlice, [array, stack, start] + shape.dropFirst().map { _ in zero })
    }
}
