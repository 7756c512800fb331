// Which loops of a kernel become a grid: each invocation does one iteration of all of them together. Loops that stand side by side become
// dispatches of their own, one behind the other; what they need of the statements around them each computes for itself.
import Loops

/// Loops whose iterations depend on each other in nothing, and what an iteration of all of them does.
struct GridNest {
    /// From the outermost.
    var loops: [Loop] = []
    /// In the order of execution. Bodies of the grid's loops stand in place of the loops.
    var statements: [Statement] = []
}

extension Kernel {
    /// All that the kernel does, in its order.
    var gridNests: [GridNest] {
        var nests: [GridNest] = []
        distribute(body, within: GridNest(), into: &nests)
        for index in nests.indices { nests[index].statements = needed(nests[index].statements) }
        return nests
    }

    /// Only computes values, from what no kernel's statement changes.
    private func isPure(_ statement: Statement) -> Bool {
        switch statement {
        case .constant, .index, .compute: return true
        case .load(_, let buffer, _): return !buffers[Int(buffer.id)].isWritten
        case .store, .loop, .whileLoop: return false
        }
    }

    private func distribute(_ statements: [Statement], within outer: GridNest, into nests: inout [GridNest]) {
        let pure = statements.filter(isPure), effects = statements.filter { !isPure($0) }
        var loops: [Loop] = []
        for effect in effects { if case .loop(let loop) = effect, loop.carried.isEmpty { loops.append(loop) } }
        var nest = outer
        // A loop that carries values, or a store beside the loops, keeps all of this block in one invocation.
        guard loops.count == effects.count, !loops.isEmpty else {
            nest.statements += statements
            nests.append(nest)
            return
        }
        nest.statements += pure
        for loop in loops {
            var inner = nest
            if loop.isParallel || loop.kind == .vector || IterationProof(of: loop, against: []).holds {
                inner.loops.append(loop)
                distribute(loop.body, within: inner, into: &nests)
            } else {
                if let vector = exchangeable(loop) { inner.loops.append(vector) }
                inner.statements.append(.loop(loop))
                nests.append(inner)
            }
        }
    }

    /// A vector loop, the only effect of a serial loop's iterations, whose own iterations do not meet in any of the serial one's: each
    /// invocation may go through the serial loop for one of them.
    private func exchangeable(_ loop: Loop) -> Loop? {
        let effects = loop.body.filter { !isPure($0) }
        guard effects.count == 1, case .loop(let inner) = effects[0] else { return nil }
        if inner.kind != .vector { return inner.carried.isEmpty ? exchangeable(inner) : nil }
        guard inner.carried.isEmpty, IterationProof(of: inner, against: [loop]).holds else { return nil }
        return inner
    }

    /// Without the pure statements whose values nothing needs.
    private func needed(_ statements: [Statement]) -> [Statement] {
        var used: Set<LaneValue> = [], kept: [Statement] = []
        for statement in statements.reversed() {
            if isPure(statement), let value = statement.defined, !used.contains(value) { continue }
            statement.forEachUse { used.insert($0) }
            kept.append(statement)
        }
        return kept.reversed()
    }
}

extension Statement {
    /// The value of a statement that has one.
    var defined: LaneValue? {
        switch self {
        case .constant(let value, _), .index(let value, _), .compute(let value, _, _, _, _), .load(let value, _, _): return value
        case .store, .loop, .whileLoop: return nil
        }
    }

    /// Every value that the statement reads, those within loops included.
    func forEachUse(_ visit: (LaneValue) -> Void) {
        switch self {
        case .constant, .index: break
        case .compute(_, _, let a, let b, let c):
            visit(a)
            if let b { visit(b) }
            if let c { visit(c) }
        case .load(_, _, let index): for term in index.clamped { visit(term.value) }
        case .store(_, let index, let value):
            for term in index.clamped { visit(term.value) }
            visit(value)
        case .loop(let loop):
            for carried in loop.carried {
                visit(carried.initial)
                visit(carried.next)
            }
            for statement in loop.body { statement.forEachUse(visit) }
            if let combiner = loop.combiner {
                for statement in combiner.body { statement.forEachUse(visit) }
                combiner.results.forEach(visit)
            }
        case .whileLoop(let loop):
            for carried in loop.carried {
                visit(carried.initial)
                visit(carried.next)
            }
            for statement in loop.condition + loop.body { statement.forEachUse(visit) }
            visit(loop.holds)
        }
    }
}
