// What a kernel costs, for the choice of how many processors share it.

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
