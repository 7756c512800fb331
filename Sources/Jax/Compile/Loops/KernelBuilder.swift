// Makes kernels: values, loops by closures. What is computed from constants alone is folded, and what a block has computed already is
// not computed again.

public final class KernelBuilder {
    /// What a block remembers of a computation: operation and operands.
    private struct Computation: Hashable {
        let op: UInt8
        let type: UInt8
        let a, b, c: Int32
    }

    private var buffers: [KernelBuffer] = []
    private var types: [LaneType] = []
    private var constants: [LaneBits?] = []
    /// The constants that exist, by type and bits; they stand in front of everything else.
    private var constantValues: [LaneBits: [LaneValue]] = [:]
    private var leading: [Statement] = []
    private var open: [[Statement]] = [[]]
    private var known: [[Computation: LaneValue]] = [[:]]
    private var variableCount = 0

    public init() {}

    /// A further buffer of the kernel, of `count` elements.
    public func buffer(_ element: ElementType, count: Int, isWritten: Bool = false) -> BufferID {
        buffers.append(KernelBuffer(element: element, count: count, isWritten: isWritten))
        return BufferID(id: Int32(buffers.count - 1))
    }

    public func finish(name: String) -> Kernel {
        Kernel(name: name, buffers: buffers, body: leading + open[0], types: types, variableCount: variableCount)
    }

    public func type(of value: LaneValue) -> LaneType { types[Int(value.id)] }

    /// The bits of a constant, nil for other values.
    public func constantBits(_ value: LaneValue) -> LaneBits? { constants[Int(value.id)] }

    private func makeValue(_ type: LaneType, constant: LaneBits? = nil) -> LaneValue {
        types.append(type)
        constants.append(constant)
        return LaneValue(id: Int32(types.count - 1))
    }

    private func append(_ statement: Statement) { open[open.count - 1].append(statement) }

    // MARK: Values

    public func constant(_ type: LaneType, bits: LaneBits) -> LaneValue {
        for value in constantValues[bits] ?? [] where types[Int(value.id)] == type { return value }
        let value = makeValue(type, constant: bits)
        leading.append(.constant(value, bits))
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

    /// The result of an operation; its types must be ones that the operation takes.
    public func emit(_ op: LaneOp, _ a: LaneValue, _ b: LaneValue? = nil, _ c: LaneValue? = nil) -> LaneValue {
        var operands = [type(of: a)]
        if let b { operands.append(type(of: b)) }
        if let c { operands.append(type(of: c)) }
        guard let type = op.resultType(operands) else { preconditionFailure("operands of types that the operation does not take") }
        if let x = constantBits(a), b == nil || constantBits(b!) != nil, c == nil || constantBits(c!) != nil {
            return constant(type, bits: op.evaluate(operands[0], x, b.flatMap(constantBits) ?? 0, c.flatMap(constantBits) ?? 0))
        }
        if op == .select, let holds = constantBits(a) { return holds != 0 ? b! : c! }
        let computation = Computation(op: op.rawValue, type: type.rawValue, a: a.id, b: b?.id ?? -1, c: c?.id ?? -1)
        for block in known.reversed() {
            if let value = block[computation] { return value }
        }
        let value = makeValue(type)
        append(.compute(value, op, a, b, c))
        known[known.count - 1][computation] = value
        return value
    }

    /// The integer that `index`, without clamped terms, stands for.
    public func index(_ type: LaneType, _ index: LoopIndex) -> LaneValue {
        if index.terms.isEmpty { return constant(type, index.constant) }
        let value = makeValue(type)
        append(.index(value, index))
        return value
    }

    public func load(_ buffer: BufferID, _ index: LoopIndex) -> LaneValue {
        let value = makeValue(buffers[Int(buffer.id)].element.lane)
        append(.load(value, buffer, index))
        return value
    }

    public func store(_ value: LaneValue, to buffer: BufferID, _ index: LoopIndex) {
        buffers[Int(buffer.id)].isWritten = true
        append(.store(buffer, index, value))
    }

    // MARK: Blocks

    /// A loop that carries nothing.
    public func loop(_ kind: LoopKind, count: Int, _ body: (LoopVariable) -> Void) {
        _ = loop(kind, count: count, carrying: []) { variable, _ in
            body(variable)
            return []
        }
    }

    /// A loop; the values that it carries start as `initial`, and `body` returns the next ones. What they are behind the loop is returned.
    /// A vector loop that carries needs `combine`: from the values of two sets, those of both together.
    public func loop(_ kind: LoopKind, count: Int, carrying initial: [LaneValue], unroll: Int = 1,
                     combine: (([LaneValue], [LaneValue]) -> [LaneValue])? = nil,
                     _ body: (LoopVariable, [LaneValue]) -> [LaneValue]) -> [LaneValue] {
        let variable = LoopVariable(id: Int32(variableCount))
        variableCount += 1
        let current = initial.map { makeValue(type(of: $0)) }
        var next: [LaneValue] = []
        let statements = block { next = body(variable, current) }
        var combiner: Combiner?
        if let combine, !initial.isEmpty {
            let first = initial.map { makeValue(type(of: $0)) }, second = initial.map { makeValue(type(of: $0)) }
            var results: [LaneValue] = []
            let statements = block { results = combine(first, second) }
            combiner = Combiner(parameters: first + second, body: statements, results: results)
        }
        let carried = carriedValues(initial, current, next)
        append(.loop(Loop(variable, count: count, kind, carried: carried, body: statements, combiner: combiner, unroll: unroll)))
        return carried.map(\.result)
    }

    /// Repeats `body` while `condition` gives true.
    public func whileLoop(carrying initial: [LaneValue], condition: ([LaneValue]) -> LaneValue,
                          _ body: ([LaneValue]) -> [LaneValue]) -> [LaneValue] {
        let current = initial.map { makeValue(type(of: $0)) }
        var holds = initial[0], next: [LaneValue] = []
        let conditions = block { holds = condition(current) }
        let statements = block { next = body(current) }
        let carried = carriedValues(initial, current, next)
        append(.whileLoop(WhileLoop(carried: carried, condition: conditions, holds: holds, body: statements)))
        return carried.map(\.result)
    }

    private func carriedValues(_ initial: [LaneValue], _ current: [LaneValue], _ next: [LaneValue]) -> [Carried] {
        initial.indices.map { Carried(initial: initial[$0], current: current[$0], next: next[$0], result: makeValue(type(of: initial[$0]))) }
    }

    private func block(_ body: () -> Void) -> [Statement] {
        open.append([])
        known.append([:])
        body()
        known.removeLast()
        return open.removeLast()
    }
}

// MARK: Shorthand

extension KernelBuilder {
    public func add(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.add, a, b) }
    public func subtract(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.subtract, a, b) }
    public func multiply(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.multiply, a, b) }
    public func divide(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.divide, a, b) }
    public func multiplyAdd(_ a: LaneValue, _ b: LaneValue, _ c: LaneValue) -> LaneValue { emit(.multiplyAdd, a, b, c) }
    public func select(_ condition: LaneValue, _ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.select, condition, a, b) }
    public func and(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.and, a, b) }
    public func or(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.or, a, b) }
    public func less(_ a: LaneValue, _ b: LaneValue) -> LaneValue { emit(.less, a, b) }
    /// Whether a float is NaN.
    public func isNaN(_ a: LaneValue) -> LaneValue { emit(.notEqual, a, a) }
}
