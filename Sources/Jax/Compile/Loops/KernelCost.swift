// What a kernel costs: for the choice of how many processors share it, and for profiles.

/// What one run of a kernel moves and computes, as far as its loops say: a loop that repeats while a condition holds counts as one trip.
public struct KernelCost: Equatable {
    /// Bytes of the buffers, each once however often its elements are read and written.
    public var bytes: Int
    /// Operations on floats: add, subtract, multiply, divide, remainder and square root are one, multiplyAdd two; nothing else counts.
    public var flops: Int
}

extension Kernel {
    /// The iterations of its parallel loop; 1 where it has none.
    public var parallelCount: Int {
        for statement in body {
            if case .loop(let loop) = statement, loop.isParallel { return loop.count }
        }
        return 1
    }

    /// Of how many iterations a processor's share should be a multiple: of a vector's, where the parallel loop is one of vectors.
    public var parallelGranule: Int {
        for statement in body {
            if case .loop(let loop) = statement, loop.isParallel { return loop.kind == .vector ? 64 : 1 }
        }
        return 1
    }

    /// About how many lanes it computes, loads and stores in all.
    public var work: Int { work(body) }

    public var cost: KernelCost {
        KernelCost(bytes: buffers.reduce(0) { $0 &+ $1.count &* $1.element.byteCount }, flops: flops(body))
    }

    private func flops(_ statements: [Statement]) -> Int {
        var sum = 0
        for statement in statements {
            switch statement {
            case .loop(let loop): sum = sum &+ loop.count &* flops(loop.body)
            case .whileLoop(let loop): sum = sum &+ flops(loop.condition) &+ flops(loop.body)
            case .compute(let value, let op, _, _, _): if type(of: value).isFloat { sum = sum &+ op.flops }
            default: break
            }
        }
        return sum
    }

    private func work(_ statements: [Statement]) -> Int {
        var sum = 0
        for statement in statements {
            switch statement {
            case .loop(let loop): sum = sum &+ loop.count &* work(loop.body)
            case .whileLoop(let loop): sum = sum &+ work(loop.condition) &+ work(loop.body)
            case .constant: break
            default: sum = sum &+ 1
            }
        }
        return sum
    }
}

extension LaneOp {
    fileprivate var flops: Int {
        switch self {
        case .multiplyAdd, .accumulate: return 2
        case .add, .subtract, .multiply, .divide, .remainder, .squareRoot: return 1
        default: return 0
        }
    }
}
