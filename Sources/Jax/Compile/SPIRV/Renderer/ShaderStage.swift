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

/// Which workgroups a stage is executed by.
struct GridLayout {
    let workgroupSize: Int
    let groups: Int
    /// Workgroups along the two axes of a dispatch; together at least `groups`.
    let columns, rows: Int
    /// Where each workgroup does iterations of the innermost loop alone: how many workgroups share those. Nil: invocations are numbered
    /// through, whatever loops their iterations belong to.
    let groupsPerRow: Int?

    init(_ stage: ShaderStage, _ target: ShaderTarget) {
        let total = stage.invocations, inner = (stage.nest.loops.last?.count ?? 1) / stage.width
        if stage.nest.loops.count > 1, stage.split == nil, let size = GridLayout.rowSize(inner, target) {
            workgroupSize = size
            groupsPerRow = (inner + size - 1) / size
            groups = total / inner * ((inner + size - 1) / size)
        } else {
            workgroupSize = min(target.workgroupSize, total)
            groupsPerRow = nil
            groups = (total + workgroupSize - 1) / workgroupSize
        }
        columns = min(groups, target.workgroupCount)
        rows = (groups + columns - 1) / columns
    }

    /// The size of workgroups that rows of `inner` iterations fill well; nil where none does.
    private static func rowSize(_ inner: Int, _ target: ShaderTarget) -> Int? {
        if inner <= target.workgroupSize { return inner % target.subgroupSize == 0 ? inner : nil }
        let groups = (inner + target.workgroupSize - 1) / target.workgroupSize
        return groups * target.workgroupSize * 8 <= inner * 9 ? target.workgroupSize : nil
    }
}
