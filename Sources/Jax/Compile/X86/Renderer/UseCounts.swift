// How often the values of a kernel are used.
import Loops

extension Kernel {
    /// For each value, the operands, stored values and carried values that name it.
    var useCounts: [Int] {
        var counts = [Int](repeating: 0, count: types.count)
        func use(_ value: LaneValue) { counts[Int(value.id)] += 1 }
        func carry(_ carried: [Carried]) {
            for value in carried {
                use(value.initial)
                use(value.next)
            }
        }
        func count(_ statements: [Statement]) {
            for statement in statements {
                switch statement {
                case .constant: break
                case .index(_, let index), .load(_, _, let index): for term in index.clamped { use(term.value) }
                case .compute(_, _, let a, let b, let c): for value in [a, b, c] { if let value { use(value) } }
                case .store(_, let index, let value):
                    for term in index.clamped { use(term.value) }
                    use(value)
                case .loop(let loop):
                    carry(loop.carried)
                    count(loop.body)
                    if let combiner = loop.combiner {
                        count(combiner.body)
                        for value in combiner.results { use(value) }
                    }
                case .whileLoop(let loop):
                    carry(loop.carried)
                    count(loop.condition)
                    use(loop.holds)
                    count(loop.body)
                }
            }
        }
        count(body)
        return counts
    }
}
