// What invocations do together: barriers, atomic updates, and operations across a subgroup.

/// How a subgroup's values are combined.
public enum GroupOperation {
    case add, multiply, min, max
}

/// An update of one place that cannot be interrupted.
public enum AtomicOperation {
    case add, min, max, and, or, xor, exchange
}

extension ShaderBuilder {
    /// Waits for all invocations of the workgroup; what they stored in shared memory and buffers is visible afterwards.
    public func workgroupBarrier() {
        let semantics: MemorySemantics = [.acquireRelease, .workgroupMemory, .bufferMemory]
        emit(.controlBarrier,
             [constant(Scope.workgroup.rawValue).id, constant(Scope.workgroup.rawValue).id, constant(semantics.rawValue).id])
    }

    /// Updates an integer and returns what was there before.
    @discardableResult
    public func atomic(_ operation: AtomicOperation, _ pointer: Pointer, _ value: Value, scope: Scope = .device) -> Value {
        if pointer.type.scalar.bitWidth == 64 { module.require(.int64Atomics) }
        let signed = pointer.type.scalar.isSigned
        let opcode: Opcode
        switch operation {
        case .add: opcode = .atomicIAdd
        case .min: opcode = signed ? .atomicSMin : .atomicUMin
        case .max: opcode = signed ? .atomicSMax : .atomicUMax
        case .and: opcode = .atomicAnd
        case .or: opcode = .atomicOr
        case .xor: opcode = .atomicXor
        case .exchange: opcode = .atomicExchange
        }
        return result(opcode, pointer.type,
                      [pointer.id, constant(scope.rawValue).id, constant(MemorySemantics.relaxed.rawValue).id, value.id])
    }

    /// Combines the values of all invocations of the subgroup; each gets the result.
    public func subgroupReduce(_ operation: GroupOperation, _ value: Value) -> Value {
        module.require(.groupNonUniform)
        module.require(.groupNonUniformArithmetic)
        let scalar = value.type.scalar
        func choose(_ float: Opcode, _ signed: Opcode, _ unsigned: Opcode) -> Opcode {
            scalar.isFloat ? float : scalar.isSigned ? signed : unsigned
        }
        let opcode: Opcode
        switch operation {
        case .add: opcode = choose(.groupNonUniformFAdd, .groupNonUniformIAdd, .groupNonUniformIAdd)
        case .multiply: opcode = choose(.groupNonUniformFMul, .groupNonUniformIMul, .groupNonUniformIMul)
        case .min: opcode = choose(.groupNonUniformFMin, .groupNonUniformSMin, .groupNonUniformUMin)
        case .max: opcode = choose(.groupNonUniformFMax, .groupNonUniformSMax, .groupNonUniformUMax)
        }
        return result(opcode, value.type, [constant(Scope.subgroup.rawValue).id, 0, value.id])
    }

    /// Whether this invocation is the one that the subgroup chose among its active ones.
    public func subgroupElect() -> Value {
        module.require(.groupNonUniform)
        return result(.groupNonUniformElect, ShaderType(.bool), [constant(Scope.subgroup.rawValue).id])
    }

    /// The value of the invocation whose number in the subgroup differs by `mask`.
    public func subgroupShuffleXor(_ value: Value, _ mask: Value) -> Value {
        module.require(.groupNonUniform)
        module.require(.groupNonUniformShuffle)
        return result(.groupNonUniformShuffleXor, value.type, [constant(Scope.subgroup.rawValue).id, value.id, mask.id])
    }
}
