// How a nest is executed: by one dispatch, or, where few invocations would each fold long rows, by two. Then the first folds parts of the
// rows into scratch memory, and the second folds what the parts have given. No invocation waits for another one.
import Loops

/// A dispatch before it is rendered.
struct ShaderStage {
    /// What a stage does with the loop that is split.
    enum Part {
        /// Folds a part of the iterations, and ends with its carried values in scratch memory.
        case partial
        /// Takes those in place of the iterations.
        case final
    }

    var nest: GridNest
    /// Iterations of the innermost loop of the grid that one invocation does side by side.
    var width = 1
    /// A loop whose iterations are shared out among `count` invocations.
    var split: (loop: Loop, count: Int, part: Part)?

    /// Iterations of the grid's loops together, `width` at a time.
    private var iterations: Int { nest.loops.reduce(1) { $0 * $1.count } / width }

    /// The parts of a partial fold are the innermost digit of an invocation's number.
    var invocations: Int {
        if let split, split.part == .partial { return iterations * split.count }
        return iterations
    }

    /// Each carried value takes 8 bytes.
    var scratchByteCount: Int {
        guard let split else { return 0 }
        return 8 * iterations * split.count * split.loop.carried.count
    }
}

extension GridNest {
    private static let shortestSplit = 256, largestWidth = 8

    func stages(_ kernel: Kernel, _ target: ShaderTarget) -> [ShaderStage] {
        let iterations = loops.reduce(1) { $0 * $1.count }
        if let loop = foldedLoop, iterations < target.parallelism, loop.count >= GridNest.shortestSplit {
            let parts = min(target.parallelism / iterations, loop.count / 32)
            if parts > 1 {
                return [ShaderStage(nest: self, split: (loop, parts, .partial)), ShaderStage(nest: self, split: (loop, parts, .final))]
            }
        }
        return [ShaderStage(nest: self, width: width(iterations, target))]
    }

    /// The only effect before the last stores: a loop that folds vectors, whose parts may be put together in any order.
    private var foldedLoop: Loop? {
        var found: Loop?
        for statement in statements {
            switch statement {
            case .loop(let loop):
                guard found == nil, loop.combiner != nil, !loop.carried.isEmpty else { return nil }
                for inner in loop.body { if case .store = inner { return nil } else if case .loop = inner { return nil } }
                found = loop
            case .whileLoop: return nil
            case .store: if found == nil { return nil }
            case .constant, .index, .compute, .load: break
            }
        }
        return found
    }

    /// As many vectors side by side as the loop asks for, as long as there are enough invocations.
    private func width(_ iterations: Int, _ target: ShaderTarget) -> Int {
        guard let last = loops.last, last.kind == .vector, last.unroll > 1 else { return 1 }
        var width = GridNest.largestWidth
        while width > 1, last.count % width != 0 || width > 2 * last.unroll || iterations / width < target.parallelism { width /= 2 }
        return width
    }
}
