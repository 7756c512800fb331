// Evaluates kernels of one statement after another, and serial loops, by what the operations mean.
import Loops

struct Evaluation {
    let kernel: Kernel
    private var values: [LaneBits]
    private var result: LaneBits = 0

    init(_ kernel: Kernel) {
        self.kernel = kernel
        values = Array(repeating: 0, count: kernel.types.count)
    }

    /// The operations and selections that one evaluation takes; integers and floats of the same bits cost nothing.
    static func operationCount(_ body: [Statement], _ types: [LaneType]) -> (all: Int, wide: Int) {
        var all = 0, wide = 0
        for statement in body {
            if case .compute(let value, let op, let a, _, _) = statement, op != .bits, op != .fromBits {
                all += 1
                if types[Int(value.id)].bitWidth == 64 || types[Int(a.id)].bitWidth == 64 { wide += 1 }
            }
            if case .loop(let loop) = statement {
                let inner = operationCount(loop.body, types)
                all += inner.all * loop.count
                wide += inner.wide * loop.count
            }
        }
        return (all, wide)
    }

    mutating func callAsFunction(_ operands: [LaneBits]) -> LaneBits {
        run(kernel.body, operands)
        return result
    }

    private mutating func run(_ body: [Statement], _ operands: [LaneBits]) {
        for statement in body {
            switch statement {
            case .constant(let value, let bits): values[Int(value.id)] = bits
            case .compute(let value, let op, let a, let b, let c):
                values[Int(value.id)] = op.evaluate(kernel.types[Int(a.id)], values[Int(a.id)], b.map { values[Int($0.id)] } ?? 0,
                                                    c.map { values[Int($0.id)] } ?? 0)
            case .load(let value, let buffer, _): values[Int(value.id)] = operands[Int(buffer.id)]
            case .store(_, _, let value): result = values[Int(value.id)]
            case .loop(let loop):
                for carried in loop.carried { values[Int(carried.current.id)] = values[Int(carried.initial.id)] }
                for _ in 0..<loop.count {
                    run(loop.body, operands)
                    let next = loop.carried.map { values[Int($0.next.id)] }
                    for (carried, bits) in zip(loop.carried, next) { values[Int(carried.current.id)] = bits }
                }
                for carried in loop.carried { values[Int(carried.result.id)] = values[Int(carried.current.id)] }
            case .index, .whileLoop: preconditionFailure("not in a math function")
            }
        }
    }
}
