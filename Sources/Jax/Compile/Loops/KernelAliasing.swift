// Whether two buffers of a kernel may be the same memory.

extension Kernel {
    /// Whether the buffer that is written may lie where the one that is read does: every element is read in no other iteration than the
    /// one that writes its place, and before that.
    public func mayShareMemory(_ read: BufferID, _ written: BufferID) -> Bool {
        let source = buffers[Int(read.id)], target = buffers[Int(written.id)]
        guard source.count == target.count, source.element.byteCount == target.element.byteCount else { return false }
        var stores: Set<LoopIndex> = []
        collect(body) { if case .store(written, let index, _) = $0 { stores.insert(index) } }
        guard stores.count == 1, let place = stores.first, place.clamped.isEmpty else { return false }
        var isSafe = true, hasStored = false
        // Loads stand in front of the store in the order of the statements, or in front of the loop that has it.
        collect(body) { statement in
            if case .store(written, _, _) = statement { hasStored = true }
            if case .load(_, read, let index) = statement, hasStored || index != place { isSafe = false }
        }
        return isSafe && isInjective(place)
    }

    private func collect(_ statements: [Statement], _ visit: (Statement) -> Void) {
        for statement in statements {
            visit(statement)
            switch statement {
            case .loop(let loop):
                collect(loop.body, visit)
                if let combiner = loop.combiner { collect(combiner.body, visit) }
            case .whileLoop(let loop):
                collect(loop.condition, visit)
                collect(loop.body, visit)
            default: break
            }
        }
    }

    /// Whether no two iterations of the loops, all nested in each other, have the same index.
    private func isInjective(_ index: LoopIndex) -> Bool {
        var factors: [(stride: Int, count: Int)] = []
        var statements = body
        while true {
            var loops: [Loop] = []
            for statement in statements {
                if case .loop(let loop) = statement { loops.append(loop) }
                if case .whileLoop = statement { return false }
            }
            guard let loop = loops.first else { break }
            if loops.count > 1 { return false }
            if loop.count > 1 { factors.append((abs(index.stride(of: loop.variable)), loop.count)) }
            statements = loop.body
        }
        factors.sort { $0.stride < $1.stride }
        var reach = 0
        for factor in factors {
            guard factor.stride > reach else { return false }
            reach += factor.stride * (factor.count - 1)
        }
        return true
    }
}
