// From a stage to a module: the invocation's number is taken apart into the variables of the grid's loops, and statements follow in order.
// A value that depends on the innermost loop of the grid has as many components, each a value of its own, as iterations are done side by
// side; all others have one, and are computed and loaded once.
import JaxPlatform
import Loops
import SPIRV

final class ShaderRendering {
    let kernel: Kernel
    let stage: ShaderStage
    let target: ShaderTarget
    let shader: ShaderBuilder
    /// By number, what has been computed so far.
    private var values: [[Value]]
    /// A loop's variable, an i32: `value`, and for each iteration that is done side by side so much more.
    private struct Counter {
        var value: Value
        var steps = [0]
    }

    /// Those of open loops.
    private var variables: [Counter?]
    /// The address of each buffer, once it is needed.
    var addresses: [Value?]
    /// The invocation's iteration of the grid, and with a split loop its part, i32.
    private var iteration: Value
    private var part: Value
    private let gridLoops: Set<LoopVariable>
    /// The split loop's partial values have been stored: nothing more is to be done.
    private var isDone = false

    static func dispatch(_ kernel: Kernel, _ stage: ShaderStage, _ target: ShaderTarget) -> ShaderDispatch {
        let module = ModuleBuilder(), grid = GridLayout(stage, target)
        module.parameters([ShaderType(.uint(64)), ShaderType(.uint(64))])
        if target.features.contains(.specialValues) {
            module.preserveSpecialValues(32)
            if kernel.types.contains(.f64) { module.preserveSpecialValues(64) }
        }
        let words = module.kernel(workgroupSize: (UInt32(grid.workgroupSize), 1, 1)) { shader in
            ShaderRendering(kernel, stage, target, shader).invocation(grid)
        }
        return ShaderDispatch(words: words, groups: Extent3(UInt32(grid.columns), UInt32(grid.rows)), invocations: stage.invocations)
    }

    private init(_ kernel: Kernel, _ stage: ShaderStage, _ target: ShaderTarget, _ shader: ShaderBuilder) {
        self.kernel = kernel
        self.stage = stage
        self.target = target
        self.shader = shader
        values = [[Value]](repeating: [], count: kernel.types.count)
        variables = [Counter?](repeating: nil, count: kernel.variableCount)
        addresses = [Value?](repeating: nil, count: kernel.buffers.count)
        iteration = shader.constant(Int32(0))
        part = iteration
        gridLoops = Set(stage.nest.loops.map { $0.variable })
    }

    // MARK: The invocation

    private func invocation(_ grid: GridLayout) {
        for buffer in kernel.buffers.indices { addresses[buffer] = address(of: buffer) }
        // Workgroups count along the columns of a row, then along the rows.
        var group = shader.builtIn(.workgroupId)
        if grid.rows > 1 { group = shader.add(group, shader.multiply(shader.builtIn(.workgroupId, 1), shader.constant(UInt32(grid.columns)))) }
        guarded(group, grid.groups, outOf: grid.columns * grid.rows) {
            let group = shader.bitcast(group, to: .i32), local = shader.bitcast(shader.builtIn(.localInvocationId), to: .i32)
            let size = shader.constant(Int32(grid.workgroupSize))
            guard let groupsPerRow = grid.groupsPerRow else {
                let number = shader.add(shader.multiply(group, size), local)
                guarded(number, stage.invocations, outOf: grid.groups * grid.workgroupSize) { take(number) }
                return
            }
            // The variables of the outer loops are the same for a whole workgroup, which the device makes use of.
            let parts = shader.constant(Int32(groupsPerRow)), count = stage.nest.loops[stage.nest.loops.count - 1].count / stage.width
            let inner = groupsPerRow == 1 ? local : shader.add(shader.multiply(shader.remainder(group, parts), size), local)
            let outer = groupsPerRow == 1 ? group : shader.divide(group, parts)
            guarded(inner, count, outOf: groupsPerRow * grid.workgroupSize) { bind(outer, inner) }
        }
    }

    /// Executes `body` where `number` is less than `count`; it may be as large as `most`.
    private func guarded(_ number: Value, _ count: Int, outOf most: Int, _ body: () -> Void) {
        if count == most { return body() }
        shader.if(shader.less(number, shader.module.constant(number.type, bits: UInt64(count))), body)
    }

    /// An invocation by its number alone.
    private func take(_ number: Value) {
        iteration = number
        if let split = stage.split, split.part == .partial {
            part = shader.remainder(number, shader.constant(Int32(split.count)))
            iteration = shader.divide(number, shader.constant(Int32(split.count)))
        }
        guard let last = stage.nest.loops.last else { return block(stage.nest.statements) }
        let count = shader.constant(Int32(last.count / stage.width))
        bind(stage.nest.loops.count == 1 ? iteration : shader.divide(iteration, count),
             stage.nest.loops.count == 1 ? iteration : shader.remainder(iteration, count))
    }

    /// The variables of the grid's loops: the innermost is given, `outer` is taken apart into the others.
    private func bind(_ outer: Value, _ inner: Value) {
        var rest = outer
        for (place, loop) in stage.nest.loops.enumerated().reversed() {
            if place == stage.nest.loops.count - 1 {
                // Neighbours in memory belong to neighbouring invocations.
                let count = loop.count / stage.width
                variables[Int(loop.variable.id)] = Counter(value: inner, steps: (0..<stage.width).map { $0 * count })
                continue
            }
            let size = shader.constant(Int32(loop.count))
            let counter = place == 0 ? rest : shader.remainder(rest, size)
            if place > 0 { rest = shader.divide(rest, size) }
            variables[Int(loop.variable.id)] = Counter(value: counter)
        }
        block(stage.nest.statements)
    }

    // MARK: Values

    func type(_ type: LaneType) -> ShaderType { ShaderType(ShaderRendering.scalar(type)) }

    static func scalar(_ type: LaneType) -> Scalar {
        switch type {
        case .bool: return .bool
        case .i32: return .i32
        case .i64: return .int(64)
        case .f32: return .f32
        case .f64: return .f64
        }
    }

    subscript(value: LaneValue) -> [Value] {
        get { values[Int(value.id)] }
        set { values[Int(value.id)] = newValue }
    }

    /// Results of a computation for each component that any of the operands has.
    private func each(_ operands: [[Value]], _ body: ([Value]) -> Value) -> [Value] {
        let count = operands.map { $0.count }.max() ?? 1
        return (0..<count).map { place in body(operands.map { $0.count == 1 ? $0[0] : $0[place] }) }
    }

    /// A place in elements: an i32 and a constant, added to each other; apart, since many places differ by constants only.
    struct Place {
        var sum: Value?
        var constant: Int
    }

    private func places(_ index: LoopIndex) -> [Place] {
        var sum: [Value] = [], constants = [index.constant]
        func add(_ part: [Value], times stride: Int) {
            let scaled = stride == 1 ? part : each([part]) { shader.multiply($0[0], shader.constant(Int32(stride))) }
            sum = sum.isEmpty ? scaled : each([sum, scaled]) { shader.add($0[0], $0[1]) }
        }
        for term in index.terms {
            guard let counter = variables[Int(term.variable.id)] else { continue }
            add([counter.value], times: term.stride)
            if counter.steps.count > 1 { constants = counter.steps.map { index.constant + $0 * term.stride } }
        }
        for term in index.clamped { add(each([self[term.value]]) { clamp($0[0], to: term.limit) }, times: term.stride) }
        return (0..<max(sum.count, constants.count)).map {
            Place(sum: sum.isEmpty ? nil : sum[sum.count == 1 ? 0 : $0], constant: constants[constants.count == 1 ? 0 : $0])
        }
    }

    /// A place as an i32.
    private func number(_ place: Place) -> Value {
        let constant = shader.constant(Int32(place.constant))
        guard let sum = place.sum else { return constant }
        return place.constant == 0 ? sum : shader.add(sum, constant)
    }

    /// An integer brought into 0 … `limit`, as an i32.
    private func clamp(_ value: Value, to limit: Int) -> Value {
        let scalar = value.type.scalar, least = shader.zero(value.type)
        let most = scalar.bitWidth == 64 ? shader.module.constant(value.type, bits: UInt64(limit)) : shader.constant(Int32(limit))
        let clamped = shader.min(shader.max(value, least), most)
        return scalar.bitWidth == 64 ? shader.convertUnsigned(clamped, to: .i32) : clamped
    }

    // MARK: Statements

    private func block(_ statements: [Statement]) {
        for statement in statements where !isDone {
            switch statement {
            case .constant(let value, let bits): self[value] = [shader.module.constant(type(kernel.type(of: value)), bits: bits)]
            case .index(let value, let index):
                let isWide = kernel.type(of: value) == .i64
                self[value] = places(index).map { isWide ? shader.signExtend(number($0), to: .int(64)) : number($0) }
            case .compute(let value, let op, let a, let b, let c):
                var operands = [self[a]]
                if let b { operands.append(self[b]) }
                if let c { operands.append(self[c]) }
                self[value] = each(operands) { compute(op, $0) }
            case .load(let value, let buffer, let index):
                self[value] = places(index).map { load(buffer, $0) }
            case .store(let buffer, let index, let value):
                // Where only the value has several components, the last of them is what is left.
                let places = places(index), values = self[value]
                for component in 0..<max(places.count, values.count) {
                    store(values[values.count == 1 ? 0 : component], to: buffer, places[places.count == 1 ? 0 : component])
                }
            case .loop(let loop): self.loop(loop)
            case .whileLoop(let loop): whileLoop(loop)
            }
        }
    }

    private func loop(_ loop: Loop) {
        if gridLoops.contains(loop.variable) { return block(loop.body) }
        if let split = stage.split, split.loop === loop { return split.part == .partial ? foldPart(loop, split.count) : foldParts(loop, split.count) }
        let state = carry(loop.carried)
        count(to: shader.constant(Int32(loop.count))) { counter in
            variables[Int(loop.variable.id)] = Counter(value: counter)
            iterate(loop, state)
        }
        finish(loop.carried, state)
    }

    private func count(to end: Value, _ body: (Value) -> Void) {
        shader.loop(from: shader.constant(Int32(0)), to: end, by: shader.constant(Int32(1)), body)
    }

    /// One iteration: the carried values are read, and replaced all at once.
    private func iterate(_ loop: Loop, _ state: [[Pointer]]) {
        for (carried, pointers) in zip(loop.carried, state) { self[carried.current] = pointers.map { shader.load($0) } }
        block(loop.body)
        replace(state, loop.carried.map { self[$0.next] })
    }

    private func replace(_ state: [[Pointer]], _ next: [[Value]]) {
        for (pointers, values) in zip(state, next) {
            for (place, pointer) in pointers.enumerated() { shader.store(values.count == 1 ? values[0] : values[place], to: pointer) }
        }
    }

    /// Variables for what a loop carries: with all components, since what it becomes may depend on the innermost loop of the grid.
    private func carry(_ carried: [Carried]) -> [[Pointer]] {
        carried.map { carried in
            let initial = self[carried.initial]
            return (0..<stage.width).map { shader.variable(initial.count == 1 ? initial[0] : initial[$0]) }
        }
    }

    private func finish(_ carried: [Carried], _ state: [[Pointer]]) {
        for (carried, pointers) in zip(carried, state) { self[carried.result] = pointers.map { shader.load($0) } }
    }

    private func whileLoop(_ loop: WhileLoop) {
        let state = carry(loop.carried)
        shader.loop(while: {
            for (carried, pointers) in zip(loop.carried, state) { self[carried.current] = pointers.map { shader.load($0) } }
            block(loop.condition)
            return self[loop.holds][0]
        }, {
            block(loop.body)
            replace(state, loop.carried.map { self[$0.next] })
        })
        finish(loop.carried, state)
    }

    // MARK: Loops in two stages

    /// Every `parts`-th iteration, from the invocation's part on; then the carried values go to scratch memory.
    private func foldPart(_ loop: Loop, _ parts: Int) {
        let state = carry(loop.carried), step = shader.constant(Int32(parts))
        shader.loop(from: part, to: shader.constant(Int32(loop.count)), by: step) { counter in
            variables[Int(loop.variable.id)] = Counter(value: counter)
            iterate(loop, state)
        }
        finish(loop.carried, state)
        for (place, carried) in loop.carried.enumerated() {
            let value = self[carried.result][0], place = scratch(loop, parts, part, place)
            shader.store(shader.convert(value, to: place.type.scalar), to: place)
        }
        isDone = true
    }

    private func foldParts(_ loop: Loop, _ parts: Int) {
        guard let combiner = loop.combiner else { return }
        let state = carry(loop.carried)
        count(to: shader.constant(Int32(parts))) { part in
            for (place, pointers) in state.enumerated() {
                self[combiner.parameters[place]] = [shader.load(pointers[0])]
                self[combiner.parameters[state.count + place]] = [
                    shader.convert(shader.load(scratch(loop, parts, part, place)), to: pointers[0].type.scalar)
                ]
            }
            block(combiner.body)
            replace(state, combiner.results.map { self[$0] })
        }
        finish(loop.carried, state)
    }

    /// The place of one carried value of one part of this iteration of the grid.
    private func scratch(_ loop: Loop, _ parts: Int, _ part: Value, _ place: Int) -> Pointer {
        let number = shader.add(shader.multiply(iteration, shader.constant(Int32(parts))), part)
        let slot = shader.add(shader.multiply(number, shader.constant(Int32(loop.carried.count))), shader.constant(Int32(place)))
        let offset = shader.shiftLeft(shader.convertUnsigned(slot, to: .uint(64)), shader.module.constant(ShaderType(.uint(64)), bits: 3))
        // A truth value has no form in memory.
        let type = kernel.type(of: loop.carried[place].current), stored = type == .bool ? ShaderType(.u32) : self.type(type)
        return shader.place(at: shader.add(shader.parameter(1), offset), stored)
    }
}
