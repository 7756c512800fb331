// Structured control flow (specification, 2.11): every selection and loop has its merge block.

extension ShaderBuilder {
    private func block(_ id: UInt32) { emit(.label, [id]) }

    /// Executes one of two branches.
    public func `if`(_ condition: Value, _ then: () -> Void, else otherwise: (() -> Void)? = nil) {
        let thenBlock = module.makeID(), merge = module.makeID()
        let elseBlock = otherwise == nil ? merge : module.makeID()
        emit(.selectionMerge, [merge, 0])
        emit(.branchConditional, [condition.id, thenBlock, elseBlock])
        block(thenBlock)
        then()
        emit(.branch, [merge])
        if let otherwise {
            block(elseBlock)
            otherwise()
            emit(.branch, [merge])
        }
        block(merge)
    }

    /// Repeats `body` as long as `condition` holds; the condition is computed anew each time.
    public func loop(while condition: () -> Value, _ body: () -> Void, then step: () -> Void = {}) {
        let header = module.makeID(), test = module.makeID(), bodyBlock = module.makeID(), next = module.makeID(), merge = module.makeID()
        emit(.branch, [header])
        block(header)
        emit(.loopMerge, [merge, next, 0])
        emit(.branch, [test])
        block(test)
        emit(.branchConditional, [condition().id, bodyBlock, merge])
        block(bodyBlock)
        body()
        emit(.branch, [next])
        block(next)
        step()
        emit(.branch, [header])
        block(merge)
    }

    /// Counts from `start` up to, not including, `end`.
    public func loop(from start: Value, to end: Value, by step: Value, _ body: (Value) -> Void) {
        let index = variable(start)
        loop(while: { less(load(index), end) }, { body(load(index)) }, then: { store(add(load(index), step), to: index) })
    }
}
