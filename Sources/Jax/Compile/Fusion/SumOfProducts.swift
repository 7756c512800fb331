// Sums of products, result[…] = Σ left[…]·right[…], over dimensions of which each goes a fixed distance in each of the three arrays.
// Lanes run along one free dimension. A few steps of others are computed side by side, so that what they load is shared, with the sums in
// registers; long sums are cut, so that a part of both operands stays in the cache. Nothing here knows what the dimensions mean.
import Loops

/// One dimension: how many steps, and how far one goes in the left operand, in the right one and in the result.
struct SumAxis {
    var count: Int
    var left = 0, right = 0, result = 0

    /// The dimension in steps of `block`.
    func blocks(_ block: Int) -> SumAxis { SumAxis(count: count / block, left: left * block, right: right * block, result: result * block) }

    /// Both as one, where a step of this one, the outer, goes as far as all of the inner.
    func merged(_ inner: SumAxis) -> SumAxis? {
        guard left == inner.left * inner.count, right == inner.right * inner.count, result == inner.result * inner.count else { return nil }
        return SumAxis(count: count * inner.count, left: inner.left, right: inner.right, result: inner.result)
    }
}

struct SumOfProducts {
    var name: String
    let target: LoopTarget
    var left, right, result: PlanBuffer
    /// Where the first elements are.
    var leftStart = 0, rightStart = 0, resultStart = 0
    /// The dimension along the lanes; it goes by 1 or stays where it is. Its count is a multiple of 4, or else of single lanes too.
    var vector: SumAxis
    /// Vectors side by side.
    var vectors: Int
    /// How far apart panels of so many vectors are in the right operand, where that differs from their width.
    var panelDistance: Int?
    var free: [SumAxis]
    var contracted: [SumAxis]
    /// Whether to make the result 0 where sums are added to it piece by piece.
    var clearsResult = true
    /// Further steps of the sum, where they are: those that are written out.
    var taps: [(left: Int, right: Int)] = [(0, 0)]

    private var lanes: Int { result.element.lane == .f64 ? target.lanes / 2 : target.lanes }
    private var width: Int { vectors * lanes }

    /// How many vectors side by side, where so many steps of other dimensions can share what is loaded.
    static func vectors(_ count: Int, lanes: Int, registers: Int, sharing: Int) -> Int {
        let available = max(1, count / lanes)
        if sharing >= 4 { return min(available, 2) }
        return min(available, max(1, 8 / sharing), max(1, (registers - 2) / 3))
    }

    /// How many steps of other dimensions a tile has at most, where so many vectors are loaded for all of them.
    static func rows(vectors: Int, loaded: Int, registers: Int) -> Int { max(1, min(14, (registers - loaded - 2) / vectors)) }
    /// Sums of more steps may be cut.
    static let longestSum = 1024

    /// Where it is, in the three.
    private struct Place {
        var left = LoopIndex(), right = LoopIndex(), result = LoopIndex()

        func moved(_ axis: SumAxis, _ steps: LoopIndex) -> Place {
            var place = self
            place.left.add(steps, times: axis.left)
            place.right.add(steps, times: axis.right)
            place.result.add(steps, times: axis.result)
            return place
        }
    }

    /// The kernels: one for full tiles, and one more for each kind of rest.
    mutating func lower(into plan: inout KernelPlan) {
        let free = SumOfProducts.merged(self.free.filter { $0.count > 1 })
        let (outer, inner) = cut(SumOfProducts.merged(contracted.filter { $0.count > 1 }))
        if !outer.isEmpty, clearsResult { plan.add(ArrayCopy.clearing(result, name: name + "_clear"), [result.number]) }
        let blocks = rowBlocks(free)
        let whole = vector.count / width, rest = vector.count % width
        let panel = SumAxis(count: whole, left: vector.left * width, right: panelDistance ?? vector.right * width,
                            result: vector.result * width)
        // The dimension whose steps are not a multiple of its block, if any: its last steps are a tile of their own.
        let ragged = free.indices.first { free[$0].count % blocks[$0] != 0 }
        var parts = [(name: "", blocks: blocks, isRest: false)]
        if let ragged {
            var last = blocks
            last[ragged] = free[ragged].count % blocks[ragged]
            parts.append(("_last", last, true))
        }
        for part in parts {
            var start = Place(left: LoopIndex(leftStart), right: LoopIndex(rightStart), result: LoopIndex(resultStart))
            var axes: [SumAxis] = []
            for (place, axis) in free.enumerated() {
                var steps = axis.blocks(blocks[place])
                if part.isRest, place == ragged {
                    start = start.moved(steps, LoopIndex(steps.count))
                    steps.count = 1
                }
                axes.append(steps)
            }
            var rows = [Place()]
            for (place, axis) in free.enumerated() {
                rows = rows.flatMap { row in (0..<part.blocks[place]).map { row.moved(axis, LoopIndex($0)) } }
            }
            if whole > 0 {
                add(&plan, name + part.name, ordered(axes + [panel]), outer, inner, start, rows, width)
            }
            if rest > 0 {
                add(&plan, name + part.name + "_edge", ordered(axes), outer, inner, start.moved(panel, LoopIndex(whole)), rows, rest)
            }
        }
    }

    private static func merged(_ axes: [SumAxis]) -> [SumAxis] {
        var list: [SumAxis] = []
        for axis in axes {
            if let joined = list.last?.merged(axis) { list[list.count - 1] = joined } else { list.append(axis) }
        }
        return list
    }

    // MARK: Shape

    /// How many steps of each free dimension a tile has.
    private func rowBlocks(_ free: [SumAxis]) -> [Int] {
        var blocks = [Int](repeating: 1, count: free.count)
        let loaded = vector.left != 0 && vector.right != 0 ? 2 * vectors : vectors
        var budget = SumOfProducts.rows(vectors: vectors, loaded: loaded, registers: target.registers)
        // What a step shares is the operand that it stays in place of; the nearer the steps are in the other one, the better.
        func distance(_ axis: SumAxis) -> Int { axis.left == 0 ? abs(axis.right) : axis.right == 0 ? abs(axis.left) : Int.max }
        let sharing = free.indices.filter { vector.right != 0 && free[$0].right == 0 || vector.left != 0 && free[$0].left == 0 }
        for place in sharing.sorted(by: { distance(free[$0]) < distance(free[$1]) }) {
            let count = free[place].count
            blocks[place] = SumOfProducts.block(count, atMost: budget)
            budget /= blocks[place]
            if blocks[place] < count || budget < 2 { break }
        }
        return blocks
    }

    /// A good size of blocks: loads that a block shares count as two steps; without a rest if that costs a tenth at most.
    private static func block(_ count: Int, atMost most: Int) -> Int {
        if count <= most { return count }
        func cost(_ block: Int) -> Int { count + 2 * ((count + block - 1) / block) }
        var best = most
        for block in 1...most where cost(block) < cost(best) || cost(block) == cost(best) && count % block == 0 { best = block }
        let exact = (1...most).last { count % $0 == 0 } ?? 1
        return cost(exact) * 10 <= cost(best) * 11 ? exact : best
    }

    /// The dimensions of a sum outside of the tiles, and those within: what all tiles load in an outer step should stay in the cache.
    private func cut(_ axes: [SumAxis]) -> (outer: [SumAxis], inner: [SumAxis]) {
        let steps = axes.reduce(taps.count) { $0 * $1.count }
        let bytes = (left.count + right.count) * left.element.byteCount
        guard steps > SumOfProducts.longestSum, bytes > 1 << 20, result.element == left.element else { return ([], axes) }
        var outer = axes, inner: [SumAxis] = [], count = taps.count
        while let axis = outer.last, count * axis.count <= SumOfProducts.longestSum {
            inner.insert(outer.removeLast(), at: 0)
            count *= axis.count
        }
        if let axis = outer.last, count < 128 {
            let block = (1...max(1, SumOfProducts.longestSum / count)).last { axis.count % $0 == 0 } ?? 1
            if block > 1 {
                outer[outer.count - 1] = axis.blocks(block)
                inner.insert(SumAxis(count: block, left: axis.left, right: axis.right), at: 0)
            }
        }
        return (outer, inner)
    }

    /// The loops around a tile, the outermost first: that over the larger operand is outside, so that the other one is what is read again;
    /// but the outermost must have enough steps to share.
    private func ordered(_ axes: [SumAxis]) -> [SumAxis] {
        let axes = axes.filter { $0.count > 1 }
        let rightFirst = right.count * right.element.byteCount > 1 << 20
        func isOutside(_ axis: SumAxis) -> Bool { rightFirst ? axis.right != 0 : axis.left != 0 }
        var list = axes.filter(isOutside) + axes.filter { !isOutside($0) }
        if let first = list.first, first.count < 8, let longest = list.indices.max(by: { list[$0].count < list[$1].count }),
           list[longest].count >= 2 * first.count {
            list.insert(list.remove(at: longest), at: 0)
        }
        return list
    }

    // MARK: Kernels

    private func add(_ plan: inout KernelPlan, _ name: String, _ axes: [SumAxis], _ outer: [SumAxis], _ inner: [SumAxis], _ start: Place,
                     _ rows: [Place], _ count: Int) {
        let builder = KernelBuilder()
        let tile = SumTile(builder: builder, left: builder.buffer(left.element, count: left.count),
                           right: builder.buffer(right.element, count: right.count),
                           result: builder.buffer(result.element, count: result.count, isWritten: true))
        let loops = axes.isEmpty ? outer : [axes[0]] + outer + axes.dropFirst()
        builder.over(loops.map { $0.count }) { steps in
            var place = start
            for (axis, step) in zip(loops, steps) { place = place.moved(axis, step) }
            builder.loop(.vector, count: count, unroll: vectors) { lane in
                var along = LoopIndex()
                along.add(lane, stride: 1)
                let places = rows.map { row in
                    var moved = place.moved(vector, along)
                    moved.left.add(row.left, times: 1)
                    moved.right.add(row.right, times: 1)
                    moved.result.add(row.result, times: 1)
                    return moved
                }
                let zero = builder.constant(result.element.lane, 0.0)
                let starts = places.map { outer.isEmpty ? zero : builder.load(tile.result, $0.result) }
                let (loops, taps) = unrolled(inner, rows: rows.count)
                let sums = sum(tile, loops[...], taps, places, starts)
                for (place, sum) in zip(places, sums) { builder.store(sum, to: tile.result, place.result) }
            }
        }
        plan.add(builder.finish(name: name), [left.number, right.number, result.number])
    }

    private struct SumTile {
        let builder: KernelBuilder
        let left, right, result: BufferID
    }

    /// Short innermost dimensions of the sum are written out, as long as that is little code.
    private func unrolled(_ axes: [SumAxis], rows: Int) -> (loops: [SumAxis], taps: [(left: Int, right: Int)]) {
        var loops = axes, taps = taps
        while let axis = loops.last, axis.count <= 8, rows * vectors * taps.count * axis.count <= 96 {
            taps = (0..<axis.count).flatMap { step in taps.map { ($0.left + step * axis.left, $0.right + step * axis.right) } }
            loops.removeLast()
        }
        return (loops, taps)
    }

    private func sum(_ tile: SumTile, _ loops: ArraySlice<SumAxis>, _ taps: [(left: Int, right: Int)], _ places: [Place],
                     _ sums: [LaneValue]) -> [LaneValue] {
        if let axis = loops.first {
            return tile.builder.loop(.serial, count: axis.count, carrying: sums) { step, sums in
                var steps = LoopIndex()
                steps.add(step, stride: 1)
                return sum(tile, loops.dropFirst(), taps, places.map { $0.moved(axis, steps) }, sums)
            }
        }
        var sums = sums
        for tap in taps {
            for (row, place) in places.enumerated() {
                var left = place.left, right = place.right
                left.constant += tap.left
                right.constant += tap.right
                sums[row] = tile.builder.accumulate(tile.builder.load(tile.left, left), tile.builder.load(tile.right, right), sums[row])
            }
        }
        return sums
    }
}
