// Neighbouring loops made into one where memory allows it: what a nest over the dimensions of an array does to contiguous memory, one
// long loop does too, with no ends of rows to stop at. Then the outermost loop is shared among processors.

extension Kernel {
    /// Whether a vector loop starts from what a loop around it carries: each of its lanes would, and what has been folded so far would
    /// count as often as there are lanes.
    public var carriesIntoVectors: Bool {
        func carries(_ statements: [Statement], _ around: Set<LaneValue>) -> Bool {
            statements.contains { statement in
                guard case .loop(let loop) = statement else { return false }
                if loop.kind == .vector && loop.carried.contains(where: { around.contains($0.initial) }) { return true }
                return carries(loop.body, around.union(loop.carried.map { $0.current }))
            }
        }
        return carries(body, [])
    }

    /// The same kernel with as few loops as its indices allow, the outermost of them parallel where it is the only one and `isShared`:
    /// its iterations do not depend on each other.
    public func scheduled(isShared: Bool = true) -> Kernel {
        var statements = collapsed(body)
        let loops = statements.filter { if case .loop = $0 { true } else if case .whileLoop = $0 { true } else { false } }
        let stores = statements.contains { if case .store = $0 { true } else { false } }
        if isShared, loops.count == 1, !stores {
            statements = statements.map { statement in
                guard case .loop(let loop) = statement, loop.carried.isEmpty else { return statement }
                return .loop(Loop(loop.variable, count: loop.count, loop.kind, isParallel: true, carried: [], body: loop.body,
                                  combiner: nil, unroll: loop.unroll))
            }
        }
        return Kernel(name: name, buffers: buffers, body: statements, types: types, variableCount: variableCount)
    }

    private func collapsed(_ statements: [Statement]) -> [Statement] {
        statements.map { statement in
            guard case .loop(let loop) = statement else { return statement }
            let body = collapsed(loop.body)
            if body.count == 1, case .loop(let inner) = body[0], let joined = join(loop, inner) { return .loop(joined) }
            return .loop(Loop(loop.variable, count: loop.count, loop.kind, carried: loop.carried, body: body, combiner: loop.combiner,
                              unroll: loop.unroll))
        }
    }

    /// The two loops as one, which counts by the inner one's variable.
    private func join(_ outer: Loop, _ inner: Loop) -> Loop? {
        guard outer.kind == .serial, outer.carried.count == inner.carried.count else { return nil }
        for (a, b) in zip(outer.carried, inner.carried) where b.initial != a.current || a.next != b.result { return nil }
        guard allIndices(inner.body, { $0.stride(of: outer.variable) == $0.stride(of: inner.variable) * inner.count }) else { return nil }
        let carried = zip(outer.carried, inner.carried).map { a, b in
            Carried(initial: a.initial, current: b.current, next: b.next, result: a.result)
        }
        return Loop(inner.variable, count: outer.count * inner.count, inner.kind, carried: carried,
                    body: forget(outer.variable, inner.body), combiner: inner.combiner, unroll: inner.unroll)
    }

    private func allIndices(_ statements: [Statement], _ holds: (LoopIndex) -> Bool) -> Bool {
        statements.allSatisfy { statement in
            switch statement {
            case .constant, .compute: true
            case .index(_, let index), .load(_, _, let index), .store(_, let index, _): holds(index)
            case .loop(let loop): allIndices(loop.body, holds)
            case .whileLoop(let loop): allIndices(loop.condition, holds) && allIndices(loop.body, holds)
            }
        }
    }

    /// The statements without the variable, whose share another one has taken over.
    private func forget(_ variable: LoopVariable, _ statements: [Statement]) -> [Statement] {
        func without(_ index: LoopIndex) -> LoopIndex {
            var index = index
            index.add(variable, stride: -index.stride(of: variable))
            return index
        }
        return statements.map { statement in
            switch statement {
            case .constant, .compute: return statement
            case .index(let value, let index): return .index(value, without(index))
            case .load(let value, let buffer, let index): return .load(value, buffer, without(index))
            case .store(let buffer, let index, let value): return .store(buffer, without(index), value)
            case .loop(let loop):
                loop.body = forget(variable, loop.body)
                return statement
            case .whileLoop(let loop):
                loop.condition = forget(variable, loop.condition)
                loop.body = forget(variable, loop.body)
                return statement
            }
        }
    }
}
