// Operations between devices where each device is a row of a batch (StableHLO, section Collective ops; all groups have one size).
import JaxIR
import JaxOps
import JaxPlatform

enum DeviceBatching {
    /// The values of a body that differ between devices though nothing says so of their operands.
    static func communicating(_ region: Region) -> [ValueID] {
        var values: [ValueID] = []
        for operation in region.operations {
            if isBetweenDevices(operation.code) { values += operation.results }
            for inner in operation.regions { values += communicating(inner) }
        }
        return values
    }

    static func isBetweenDevices(_ code: OpCode) -> Bool {
        switch code {
        case .allGather, .allReduce, .allToAll, .collectiveBroadcast, .collectivePermute, .reduceScatter, .partitionId, .replicaId: return true
        default: return false
        }
    }
}

extension Batching {
    /// The results of an operation between devices. Throws `notImplemented` for a form that is not known.
    func betweenDevices(_ operation: Operation, _ operands: [ValueID], _ regions: [Region]) throws(JaxError) -> [ValueID] {
        switch operation.code {
        case .partitionId: return [try builder.iota(TensorType(.u32, [size]), dimension: 0)]
        case .replicaId: return [try builder.constant(0, TensorType(.u32, [size]))]
        case .collectivePermute:
            var results: [ValueID] = []
            for operand in operands { results.append(try permuted(operand, operation.parameters(CollectivePermuteParameters.self).pairs)) }
            return results
        case .manualComputation: throw JaxError(.notImplemented, "a manual_computation within another one")
        default: break
        }
        let parameters = operation.parameters(CollectiveParameters.self)
        let groups = try DeviceGroups(parameters.groups, deviceCount: size)
        var results: [ValueID] = []
        for operand in operands { results.append(try collective(operation, operand, groups, regions)) }
        return results
    }

    private func collective(_ operation: Operation, _ operand: ValueID, _ groups: DeviceGroups, _ regions: [Region]) throws(JaxError) -> ValueID {
        let local = Array(try builder.tensorType(operand).shape.dropFirst()), members = groups.size
        // (groups, members, the part of each).
        let rows = try builder.reshape(try reordered(operand, groups.order), [groups.count, members] + local)
        let made: ValueID
        switch operation.code {
        case .allReduce: made = try builder.repeatedRows(try reduced(rows, regions), members)
        case .collectiveBroadcast:
            let first = try builder.slice(rows, axis: 1, from: 0, to: 1)
            made = try builder.repeatedRows(try builder.reshape(first, [groups.count] + local), members)
        case .allGather:
            let axis = operation.parameters(AllGatherParameters.self).dimension
            made = try builder.repeatedRows(try joined(rows, axis: axis), members)
        case .reduceScatter:
            let axis = operation.parameters(ReduceScatterParameters.self).dimension
            made = try split(try reduced(rows, regions), axis: axis, members)
        case .allToAll:
            let p = operation.parameters(AllToAllParameters.self)
            guard p.splitCount == members else { throw JaxError(.notImplemented, "all_to_all into \(p.splitCount) parts among \(members) devices") }
            // (groups, from, to, part), then (groups, to, from, part), of which the parts are joined.
            let parts = try split(rows, axis: p.splitDimension, members, leading: 2)
            let exchanged = try builder.transpose(parts, [0, 2, 1] + Array(3..<(local.count + 3)))
            made = try joined(exchanged, axis: p.concatDimension, leading: 2)
        default: throw JaxError(.notImplemented, "\(operation.code.name) between devices")
        }
        let shape = Array(try builder.tensorType(made).shape.dropFirst(2))
        return try reordered(try builder.reshape(made, [size] + shape), groups.inverse)
    }

    /// Rows in another order.
    private func reordered(_ value: ValueID, _ order: [Int]) throws(JaxError) -> ValueID {
        if order == Array(order.indices) { return value }
        var parts: [ValueID] = []
        var start = 0
        // Rows that stay side by side move together.
        while start < order.count {
            var end = start + 1
            while end < order.count && order[end] == order[end - 1] + 1 { end += 1 }
            parts.append(try builder.slice(value, axis: 0, from: order[start], to: order[end - 1] + 1))
            start = end
        }
        return try builder.concatenate(parts, axis: 0)
    }

    /// (groups, members, …) folded over the members by the operation's computation.
    private func reduced(_ rows: ValueID, _ regions: [Region]) throws(JaxError) -> ValueID {
        let shape = try builder.tensorType(rows).shape
        func member(_ index: Int) throws(JaxError) -> ValueID {
            try builder.reshape(try builder.slice(rows, axis: 1, from: index, to: index + 1), [shape[0]] + shape.dropFirst(2))
        }
        guard let region = regions.first else { throw JaxError(.malformed, "an operation between devices has no computation") }
        var sum = try member(0)
        for index in 1..<max(shape[1], 1) {
            sum = try builder.mapped(region, over: [sum, try member(index)], [shape[0]] + shape.dropFirst(2))[0]
        }
        return sum
    }

    /// (groups, members, …): the members' parts one after the other in dimension `axis` of what is behind them; (groups, …).
    private func joined(_ rows: ValueID, axis: Int, leading: Int = 1) throws(JaxError) -> ValueID {
        let shape = try builder.tensorType(rows).shape, place = leading + axis
        var permutation = Array(shape.indices)
        permutation.remove(at: leading)
        permutation.insert(leading, at: place)
        var joined = Array(shape[..<leading]) + Array(shape[(leading + 1)...])
        joined[place] *= shape[leading]
        return try builder.reshape(try builder.transpose(rows, permutation), joined)
    }

    /// The dimension `axis` of what is behind `leading` dimensions, divided among the members, whose number comes behind the leading ones.
    private func split(_ rows: ValueID, axis: Int, _ members: Int, leading: Int = 1) throws(JaxError) -> ValueID {
        let place = leading + axis
        var parts = try builder.tensorType(rows).shape
        parts[place] /= members
        parts.insert(members, at: place)
        var permutation = Array(parts.indices)
        permutation.remove(at: place)
        permutation.insert(place, at: leading)
        return try builder.transpose(try builder.reshape(rows, parts), permutation)
    }

    /// Each device has what its source sends, or zeros.
    private func permuted(_ value: ValueID, _ pairs: [Int]) throws(JaxError) -> ValueID {
        var source = [Int?](repeating: nil, count: size)
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            guard pairs[index] >= 0, pairs[index] < size, pairs[index + 1] >= 0, pairs[index + 1] < size else {
                throw JaxError(.valueError, "collective_permute from \(pairs[index]) to \(pairs[index + 1]), of \(size) devices")
            }
            source[pairs[index + 1]] = pairs[index]
        }
        let type = try builder.tensorType(value)
        let nothing = try builder.constant(0, TensorType(type.dtype, [1] + type.shape.dropFirst()))
        return try reordered(try builder.concatenate([value, nothing], axis: 0), source.map { $0 ?? size })
    }
}

/// Groups of equally many devices, which together are all of them.
private struct DeviceGroups {
    let count: Int, size: Int
    /// The devices, group after group; and the place of each device in that order.
    let order: [Int], inverse: [Int]

    init(_ groups: [[Int]], deviceCount: Int) throws(JaxError) {
        let lists = groups.isEmpty ? [Array(0..<deviceCount)] : groups
        let order = lists.flatMap { $0 }
        guard Set(order) == Set(0..<deviceCount), order.count == deviceCount, !lists.contains(where: { $0.count != lists[0].count }) else {
            throw JaxError(.notImplemented, "groups of devices must be of one size and have each of the \(deviceCount) devices once")
        }
        count = lists.count
        size = lists[0].count
        self.order = order
        var inverse = [Int](repeating: 0, count: deviceCount)
        for (place, device) in order.enumerated() { inverse[device] = place }
        self.inverse = inverse
    }
}

extension Builder {
    /// (groups, …) the same for each member: (groups, members, …).
    fileprivate func repeatedRows(_ rows: ValueID, _ members: Int) throws(JaxError) -> ValueID {
        let shape = try tensorType(rows).shape
        return try broadcast(rows, to: [shape[0], members] + shape.dropFirst(), dimensions: [0] + Array(2..<(shape.count + 1)))
    }
}
