// Makes kernels: values, and loops by closures. What is computed from constants alone is folded; what is there already is not computed
// again; and whatever does not depend on a loop is computed in front of it.

public final class KernelBuilder {
    /// What a block remembers of a computation: operation and operands.
    private struct Computation: Hashable {
        let op: UInt8
        let type: UInt8
        let a, b, c: Int32
    }

    private struct Access: Hashable {
        let buffer: Int32
        let index: LoopIndex
    }

    /// A block under construction. A statement goes into the outermost block in which all that it needs is known.
    private struct Block {
        var statements: [Statement] = []
        var computations: [Computation: LaneValue] = [:]
        var loads: [Access: LaneValue] = [:]
    }

    private var buffers: [KernelBuffer] = []
    private var types: [LaneType] = []
    private var constants: [LaneBits?] = []
    /// The depth of the block that each value, and each variable, belongs to.
    private var depths: [Int] = []
    private var variableDepths: [Int] = [], variableCounts: [Int] = []
    private var constantValues: [LaneBits: [LaneValue]] = [:]
    private var open = [Block()]

    public init() {}

    /// A further buffer of the kernel, of `count` elements.
    public func buffer(_ element: ElementType, count: Int, isWritten: Bool = false) -> BufferID {
        buffers.append(KernelBuffer(element: element, count: count, isWritten: isWritten))
        return BufferID(id: Int32(buffers.count - 1))
    }

    public func finish(name: String) -> Kernel {
        Kernel(name: name, buffers: buffers, body: open[0].statements, types: types, variableCount: variableDepths.count)
    }

    public func type(of value: LaneValue) -> LaneType { types[Int(value.id)] }

    /// How many iterations a variable's loop has.
    public func count(of variable: LoopVariable) -> Int { variableCounts[Int(variable.id)] }

    /// The bits of a constant, nil for other values.
    public func constantBits(_ value: LaneValue) -> LaneBits? { constants[Int(value.id)] }

    private func makeValue(_ type: LaneType, depth: Int, constant: LaneBits? = nil) -> LaneValue {
        types.append(type)
        constants.append(constant)
        depths.append(depth)
        return LaneValue(id: Int32(types.count - 1))
    }

    private func depth(_ value: LaneValue) -> Int { depths[Int(value.id)] }

    private func depth(_ index: LoopIndex) -> Int {
        var depth = 0
        for term in index.terms { depth = max(depth, variableDepths[Int(term.variable.id)]) }
        for term in index.clamped { depth = max(depth, self.depth(term.value)) }
        return depth
    }

    // MARK: Values

    public func constant(_ type: LaneType, bits: LaneBits) -> LaneValue {
        for value in constantValues[bits] ?? [] where types[Int(value.id)] == type { return value }
        let value = makeValue(type, depth: 0, constant: bits)
        open[0].statements.append(.constant(value, bits))
        constantValues[bits, default: []].append(value)
        return value
    }

    /// An integer as a constant of any type.
    public func constant(_ type: LaneType, _ number: Int) -> LaneValue {
        switch type {
        case .bool: return constant(.bool, bits: number == 0 ? 0 : 1)
        case .i32: return constant(.i32, bits: LaneBits(UInt32(truncatingIfNeeded: number)))
        case .i64: return constant(.i64, bits: LaneBits(bitPattern: Int64(number)))
        case .f32: return constant(.f32, bits: LaneBits(Float(number).bitPattern))
        case .f64: return constant(.f64, bits: Double(number).bitPattern)
        }
    }

    /// A float as a constant of a floating type, rounded to it.
    public func constant(_ type: LaneType, _ number: Double) -> LaneValue {
        type == .f64 ? constant(.f64, bits: number.bitPattern) : constant(.f32, bits: LaneBits(Float(number).bitPattern))
    }

    /// The result of an operation; its operands must have types that the operation takes.
    public func emit(_ op: LaneOp, _ a: LaneValue, _ b: LaneValue? = nil, _ c: LaneValue? = nil) -> LaneValue {
        var operands = [type(of: a)]
        if let b { operands.append(type(of: b)) }
        if let c { operands.append(type(of: c)) }
        guard let type = op.resultType(operands) else { preconditionFailure("operands of types that the operation does not take") }
        if let x = constantBits(a), b == nil || constantBits(b!) != nil, c == nil || constantBits(c!) != nil {
            return constant(type, bits: op.evaluate(operands[0], x, b.flatMap(constantBits) ?? 0, c.flatMap(constantBits) ?? 0))
        }
        if op == .select, let holds = constantBits(a) { return holds != 0 ? b! : c! }
        let depth = max(self.depth(a), b.map(self.depth) ?? 0, c.map(self.depth) ?? 0)
        let computation = Computation(op: op.rawValue, type: type.rawValue, a: a.id, b: b?.id ?? -1, c: c?.id ?? -1)
        if let value = open[depth].computations[computation] { return value }
        let value = makeValue(type, depth: depth)
        open[depth].statements.append(.compute(value, op, a, b, c))
        open[depth].computations[computation] = value
        return value
    }

    /// The integer that `index`, without clamped terms, stands for.
    public func index(_ type: LaneType, _ index: LoopIndex) -> LaneValue {
        if index.terms.isEmpty { return constant(type, index.constant) }
        let depth = depth(index), access = Access(buffer: type == .i64 ? -2 : -1, index: index)
        if let value = open[depth].loads[access] { return value }
        let value = makeValue(type, depth: depth)
        open[depth].statements.append(.index(value, index))
        open[depth].loads[access] = value
        return value
    }

    /// An element. Of a buffer that the kernel writes, as it is here and now.
    public func load(_ buffer: BufferID, _ index: LoopIndex) -> LaneValue {
        let described = buffers[Int(buffer.id)]
        if described.isWritten {
            let value = makeValue(described.element.lane, depth: open.count - 1)
            open[open.count - 1].statements.append(.load(value, buffer, index))
            return value
        }
        let depth = depth(index), access = Access(buffer: buffer.id, index: index)
        if let value = open[depth].loads[access] { return value }
        let value = makeValue(described.element.lane, depth: depth)
        open[depth].statements.append(.load(value, buffer, index))
        open[depth].loads[access] = value
        return value
    }

    /// Writes an element of a buffer that was made as one to be written.
    public func store(_ value: LaneValue, to buffer: BufferID, _ index: LoopIndex) {
        precondition(buffers[Int(buffer.id)].isWritten, "a store to a buffer that is read only")
        open[open.count - 1].statements.append(.store(buffer, index, value))
    }

    // MARK: Blocks

    /// A loop that carries nothing.
    public func loop(_ kind: LoopKind, count: Int, unroll: Int = 1, _ body: (LoopVariable) -> Void) {
        _ = loop(kind, count: count, carrying: [], unroll: unroll) { variable, _ in
            body(variable)
            return []
        }
    }

    /// A loop; the values that it carries start as `initial`, and `body` returns the next ones. What they are behind the loop is
    /// returned. A vector loop that carries needs `combine`: from the values of two sets, those of both together.
    public func loop(_ kind: LoopKind, count: Int, carrying initial: [LaneValue], unroll: Int = 1,
                     combine: (([LaneValue], [LaneValue]) -> [LaneValue])? = nil,
                     _ body: (LoopVariable, [LaneValue]) -> [LaneValue]) -> [LaneValue] {
        let variable = LoopVariable(id: Int32(variableDepths.count))
        variableDepths.append(open.count)
        variableCounts.append(count)
        let current = initial.map { makeValue(type(of: $0), depth: open.count) }
        var next: [LaneValue] = []
        let statements = block { next = body(variable, current) }
        var combiner: Combiner?
        if let combine, !initial.isEmpty {
            let first = initial.map { makeValue(type(of: $0), depth: open.count) }
            let second = initial.map { makeValue(type(of: $0), depth: open.count) }
            var results: [LaneValue] = []
            let statements = block { results = combine(first, second) }
            combiner = Combiner(parameters: first + second, body: statements, results: results)
        }
        let carried = carriedValues(initial, current, next)
        open[open.count - 1].statements.append(.loop(Loop(variable, count: count, kind, carried: carried, body: statements,
                                                          combiner: combiner, unroll: unroll)))
        return carried.map { $0.result }
    }

    /// Repeats `body` while `condition` gives true.
    public func whileLoop(carrying initial: [LaneValue], condition: ([LaneValue]) -> LaneValue,
                          _ body: ([LaneValue]) -> [LaneValue]) -> [LaneValue] {
        let current = initial.map { makeValue(type(of: $0), depth: open.count) }
        var holds = initial[0], next: [LaneValue] = []
        let conditions = block { holds = condition(current) }
        let statements = block { next = body(current) }
        let carried = carriedValues(initial, current, next)
        let loop = WhileLoop(carried: carried, condition: conditions, holds: holds, body: statements)
        open[open.count - 1].statements.append(.whileLoop(loop))
        return carried.map { $0.result }
    }

    private func carriedValues(_ initial: [LaneValue], _ current: [LaneValue], _ next: [LaneValue]) -> [Carried] {
        initial.indices.map { place in
            let result = makeValue(type(of: initial[place]), depth: open.count - 1)
            return Carried(initial: initial[place], current: current[place], next: next[place], result: result)
        }
    }

    private func block(_ body: () -> Void) -> [Statement] {
        open.append(Block())
        body()
        return open.removeLast().statements
    }
}

// MARK: Shorthand

extension KernelBuilder {
    public func add(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.add, a, b) }
    public func subtract(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.subtract, a, b) }
    public func multiply(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.multiply, a, b) }
    public func divide(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.divide, a, b) }
    public func multiplyAdd(_ a: LaneValue, _ b: LaneValue, _ c: LaneValue) -> LaneValue { emit(.multiplyAdd, a, b, c) }
    public func accumulate(_ a: LaneValue, _ b: LaneValue, _ c: LaneValue) -> LaneValue { emit(.accumulate, a, b, c) }
    public func select(_ condition: LaneValue, _ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.select, condition, a, b) }
    public func and(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.and, a, b) }
    public func or(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.or, a, b) }
    public func less(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.less, a, b) }
    /// Whether a float is NaN.
    public func isNaN(_ a: LaneValue) -> LaneValue { emit(.notEqual, a, a) }
}
