// The form of a contraction with many columns: rows of the result are computed a few at a time, a few vectors wide, with the sums in registers; the
// right operand is packed into panels of that width first, where that pays.
import JaxPlatform
import Loops

extension ContractionLowering {
    /// Vectors side by side in a tile, and rows of one: as many sums as there are registers beside those for the operands.
    private var tileVectors: Int { n >= 2 * lanes ? 2 : 1 }
    private var tileRows: Int { max(1, min(m, (target.registers - tileVectors - 2) / tileVectors, 12)) }

    mutating func byPanels() {
        // Elements of less than 32 bits that lie apart have no loads of their own.
        if rhs.free != 1 { rhs = widened(rhs) }
        let width = tileVectors * lanes, rows = tileRows
        let panels = n / width, rest = n % width
        // Packing moves each element once; unpacked, a panel's rows lie apart and fight for the same places of the cache.
        let isPacked = rhs.free != 1 || m >= 4 * rows && k * n > 1 << 14 || rest != 0 || rhs.element != natural
        let edge = rest == 0 ? nil : plan.temporary(natural, batch * m * width)
        let groups = m / rows, last = m % rows
        let unpacked = rhs
        for columns in columnBlocks(panels: panels, hasRest: rest != 0, isPacked: isPacked, width: width) {
            var tiles = Tiles(width: width, rows: rows, groups: groups, last: last, columns: columns, isPacked: isPacked, edge: edge)
            if isPacked { rhs = packPanels(unpacked, columns, width: width) }
            // Rows that are too few for a tile have a kernel of their own, so that processors share the others; batches they share anyway.
            if batches.isEmpty && groups > 0 && last > 0 {
                tiles.last = 0
                sums(name, tiles)
                (tiles.groups, tiles.last) = (0, last)
                sums(name + "_rest", tiles)
            } else {
                sums(name, tiles)
            }
        }
    }

    /// Whole panels, and the part of one behind them.
    private struct ColumnBlock {
        var panels: Range<Int>
        var hasRest: Bool

        var count: Int { panels.count + (hasRest ? 1 : 0) }
    }

    /// What is computed: `groups` times `rows` rows, and the `last` rows of the result, of some columns. `edge` is the buffer for the
    /// columns of a panel that the result has only a part of.
    private struct Tiles {
        var width, rows, groups, last: Int
        var columns: ColumnBlock
        var isPacked: Bool
        var edge: Int?
    }

    /// Packed panels take so many bytes at once, where that makes `mostBlocks` at most: they stay in the cache while all rows go over them,
    /// and the next ones take their place.
    private static let blockBytes = 1 << 17, mostBlocks = 8

    private func columnBlocks(panels: Int, hasRest: Bool, isPacked: Bool, width: Int) -> [ColumnBlock] {
        let panelBytes = k * width * natural.byteCount
        let least = (panels + ContractionLowering.mostBlocks - 1) / ContractionLowering.mostBlocks
        let most = max(1, ContractionLowering.blockBytes / panelBytes, least)
        guard isPacked, batches.isEmpty, panels > most else { return [ColumnBlock(panels: 0..<panels, hasRest: hasRest)] }
        let count = (panels + most - 1) / most
        return (0..<count).map {
            ColumnBlock(panels: $0 * panels / count..<($0 + 1) * panels / count, hasRest: hasRest && $0 == count - 1)
        }
    }

    private mutating func sums(_ name: String, _ tiles: Tiles) {
        let width = tiles.width, rows = tiles.rows, groups = tiles.groups, last = tiles.last, isPacked = tiles.isPacked
        let panels = tiles.columns.panels, rest = tiles.columns.hasRest ? n % width : 0
        let builder = KernelBuilder()
        let a = builder.buffer(lhs.element, count: lhs.count), b = builder.buffer(rhs.element, count: rhs.count)
        var output = ContractionOutput(epilogue, result, count: batch * m * n, builder)
        let edge = rest == 0 ? nil : builder.buffer(natural, count: batch * m * width, isWritten: true)
        let block = result == natural && k > 512 ? 256 : k
        let blocks = [(0, min(block, k))] + (block < k ? [(block, k - block)] : [])

        func tile(_ b0: [LoopIndex], _ row: LoopIndex, _ rowCount: Int, _ panel: LoopIndex, isEdge: Bool, from start: LoopIndex, steps: Int,
                  isFirst: Bool) {
            let outStride = isEdge ? width : n
            builder.loop(.vector, count: width, unroll: tileVectors) { column in
                var outs: [LoopIndex] = []
                for r in 0..<rowCount {
                    var place = LoopIndex(r * outStride)
                    place.add(b0, times: contiguous(m * outStride))
                    place.add(row, times: outStride)
                    if !isEdge {
                        place.constant += panels.lowerBound * width
                        place.add(panel, times: width)
                    }
                    place.add(column, stride: 1)
                    outs.append(place)
                }
                let zero = builder.constant(lane, 0)
                let starts = outs.map { isFirst ? zero : builder.load(isEdge ? edge! : output.buffers[0], $0) }
                let sums = builder.loop(.serial, count: steps, carrying: starts) { step, sums in
                    var right = LoopIndex(isPacked ? 0 : panels.lowerBound * width)
                    right.add(b0, times: rhs.batch)
                    right.add(panel, times: isPacked ? k * width : width)
                    right.add(start, times: isPacked ? width : rhs.contracted)
                    right.add(step, stride: isPacked ? width : rhs.contracted)
                    right.add(column, stride: 1)
                    let y = builder.load(b, right)
                    return sums.indices.map { r in
                        var left = LoopIndex(r * lhs.free)
                        left.add(b0, times: lhs.batch)
                        left.add(row, times: lhs.free)
                        left.add(start, times: lhs.contracted)
                        left.add(step, stride: lhs.contracted)
                        return builder.sumOfProduct(builder.load(a, left), y, sums[r])
                    }
                }
                for (place, sum) in zip(outs, sums) {
                    if isEdge { builder.store(sum, to: edge!, place) } else { output.store(sum, place) }
                }
            }
        }

        /// All panels of some rows, for one block of the sums.
        func rowsOf(_ b0: [LoopIndex], _ row: LoopIndex, _ rowCount: Int, from start: LoopIndex, steps: Int, isFirst: Bool) {
            builder.over(panels.isEmpty ? [] : [panels.count]) { place in
                if !panels.isEmpty {
                    tile(b0, row, rowCount, place[0], isEdge: false, from: start, steps: steps, isFirst: isFirst)
                }
            }
            if rest != 0 {
                tile(b0, row, rowCount, LoopIndex(panels.count), isEdge: true, from: start, steps: steps, isFirst: isFirst)
            }
        }

        /// The columns of the last panel that the result has.
        func copyEdge(_ b0: [LoopIndex], _ row: LoopIndex, _ rowCount: Int) {
            guard let edge else { return }
            builder.over([rowCount, rest], vector: true) { place in
                var from = LoopIndex(), to = LoopIndex(n - rest)
                from.add(b0, times: contiguous(m * width))
                from.add(row, times: width)
                from.add(place[0], times: width)
                from.add(place[1], times: 1)
                to.add(b0, times: contiguous(m * n))
                to.add(row, times: n)
                to.add(place[0], times: n)
                to.add(place[1], times: 1)
                output.store(builder.load(edge, from), to)
            }
        }

        func group(_ b0: [LoopIndex], _ row: LoopIndex, _ rowCount: Int) {
            for (first, count) in blocks {
                let steps = min(block, count)
                let whole = count / steps, left = count % steps
                builder.over([whole]) { place in
                    var start = LoopIndex(first)
                    start.add(place[0], times: steps)
                    rowsOf(b0, row, rowCount, from: start, steps: steps, isFirst: first == 0)
                }
                if left > 0 {
                    rowsOf(b0, row, rowCount, from: LoopIndex(first + whole * steps), steps: left, isFirst: false)
                }
            }
            copyEdge(b0, row, rowCount)
        }

        func batchOf(_ b0: [LoopIndex]) {
            builder.over(groups == 0 ? [] : [groups]) { place in
                guard groups > 0 else { return }
                var row = LoopIndex()
                row.add(place[0], times: rows)
                group(b0, row, rows)
            }
            if last > 0 { group(b0, LoopIndex(m - last), last) }
        }
        builder.over(batches) { batchOf($0) }
        hasFailed = hasFailed || output.hasFailed
        plan.add(builder.finish(name: name), [lhs.buffer, rhs.buffer] + output.numbers + (edge == nil ? [] : tiles.edge.map { [$0] } ?? []))
    }

    /// Some columns of the right operand as panels of `width`, each with its rows one behind the other; what is missing of the last is 0.
    private mutating func packPanels(_ rhs: Operand, _ block: ColumnBlock, width: Int) -> Operand {
        let builder = KernelBuilder(), count = batch * block.count * k * width
        let b = builder.buffer(rhs.element, count: rhs.count), packed = builder.buffer(natural, count: count, isWritten: true)
        let k = k, rest = block.hasRest ? n % width : 0, target = contiguous(block.count * k * width)
        func pack(_ b0: [LoopIndex], _ panel: LoopIndex, columns: Int) {
            builder.over([k, columns], vector: true) { place in
                var from = LoopIndex(block.panels.lowerBound * width * rhs.free), to = LoopIndex()
                from.add(b0, times: rhs.batch)
                from.add(panel, times: width * rhs.free)
                from.add(place[0], times: rhs.contracted)
                from.add(place[1], times: rhs.free)
                to.add(b0, times: target)
                to.add(panel, times: k * width)
                to.add(place[0], times: width)
                to.add(place[1], times: 1)
                builder.store(builder.load(b, from), to: packed, to)
            }
            if columns < width {
                let zero = builder.constant(lane, 0)
                builder.over([k, width - columns], vector: true) { place in
                    var to = LoopIndex(columns)
                    to.add(b0, times: target)
                    to.add(panel, times: k * width)
                    to.add(place[0], times: width)
                    to.add(place[1], times: 1)
                    builder.store(zero, to: packed, to)
                }
            }
        }
        let whole = block.panels.count
        builder.over(batches) { b0 in
            if whole > 0 { builder.over([whole]) { place in pack(b0, place[0], columns: width) } }
            if rest > 0 { pack(b0, LoopIndex(whole), columns: rest) }
        }
        let buffer = plan.temporary(natural, count)
        plan.add(builder.finish(name: name + "_pack"), [rhs.buffer, buffer])
        return Operand(batch: target, free: 1, contracted: width, element: natural, count: count, buffer: buffer)
    }
}
