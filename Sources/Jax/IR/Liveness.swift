// Last uses: when the evaluator may let go of a value. A value lives in the region that defines it; the operation of
// that region which uses it last, itself or by a nested region, is where it ends.

/// Fills `lastUses` and `releases` of every operation and region of `function`. To be called again after a change.
public func markLastUses(_ function: Function) {
    var marker = LastUseMarker(valueCount: function.types.count)
    marker.mark(&function.body)
}

extension Module {
    /// `markLastUses` of every function.
    public func markAllLastUses() {
        for function in functions { markLastUses(function) }
    }
}

private struct LastUseMarker {
    /// Values whose last use, going backwards, has been seen.
    var used: [Bool]
    /// The region that defines each value, as a running number.
    var definer: [Int]
    var regionCount = 0

    init(valueCount: Int) {
        used = [Bool](repeating: false, count: valueCount)
        definer = [Int](repeating: -1, count: valueCount)
    }

    /// Marks a region, from its results back to its parameters.
    mutating func mark(_ region: inout Region) {
        let number = regionCount
        regionCount += 1
        for id in region.parameters { definer[id.index] = number }
        for operation in region.operations {
            for id in operation.results { definer[id.index] = number }
        }
        region.releases = []
        for id in region.results where take(id, in: number) { region.releases.append(id) }
        for operation in region.operations.reversed() { mark(operation, in: number) }
        for id in region.parameters where !used[id.index] {
            if let first = region.operations.first { first.releases.append(id) } else { region.releases.append(id) }
        }
    }

    private mutating func mark(_ operation: Operation, in number: Int) {
        operation.lastUses = 0
        operation.releases = []
        for id in operation.results where !used[id.index] { operation.releases.append(id) }
        for region in operation.regions { takeCaptures(region, of: operation, in: number) }
        for index in operation.operands.indices.reversed() where take(operation.operands[index], in: number) {
            if index < 64 {
                operation.lastUses |= 1 << UInt64(index)
            } else {
                operation.releases.append(operation.operands[index])
            }
        }
        for index in operation.regions.indices { mark(&operation.regions[index]) }
    }

    /// Releases after `operation` what region `number` defines and the nested `region` uses.
    private mutating func takeCaptures(_ region: Region, of operation: Operation, in number: Int) {
        for inner in region.operations {
            for id in inner.operands where take(id, in: number) { operation.releases.append(id) }
            for nested in inner.regions { takeCaptures(nested, of: operation, in: number) }
        }
        for id in region.results where take(id, in: number) { operation.releases.append(id) }
    }

    /// Whether region `number` defines the value and this is the first sight of a use.
    private mutating func take(_ id: ValueID, in number: Int) -> Bool {
        if used[id.index] || definer[id.index] != number { return false }
        used[id.index] = true
        return true
    }
}
