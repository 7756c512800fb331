// Which operations of a block are executed together. Groups are found backwards: an operation joins the group of its users where it can
// be computed as they go along; else it is the root of a group of its own. A group stands where its root stood, so no order changes.
import JaxIR
import JaxOps
import JaxPlatform

/// Operations that become one kernel.
final class FusionGroup {
    /// The place of the root in the block.
    let position: Int
    /// The shape that the kernel's loops run over: the results', or what a reduction reduces.
    let shape: [Int]
    /// By place in the block, descending.
    var members: [Int]

    init(_ root: Int, _ shape: [Int]) {
        position = root
        self.shape = shape
        members = [root]
    }
}

/// The groups of one block.
struct FusionGroups {
    private let function: Function
    private let region: Region
    private let excluded: Set<ObjectIdentifier>
    /// The operation that defines each value of the block.
    private var definer: [ValueID: Int] = [:]
    /// Who uses a value: places in the block; `end` for the block's results.
    private var users: [ValueID: [Int]] = [:]
    private(set) var groupOf: [Int: FusionGroup] = [:]
    private(set) var groups: [FusionGroup] = []
    /// The reduction seen last of each kind.
    private var reductions: [Reduction: FusionGroup] = [:]

    private struct Reduction: Hashable {
        let shape: [Int]
        let dimensions: [Int]
    }

    private var end: Int { region.operations.count }

    init(_ region: Region, of function: Function, excluding excluded: Set<ObjectIdentifier>) {
        self.function = function
        self.region = region
        self.excluded = excluded
        for (place, operation) in region.operations.enumerated() {
            for result in operation.results { definer[result] = place }
            for operand in operation.operands { users[operand, default: []].append(place) }
            for inner in operation.regions { captures(inner, at: place) }
        }
        for result in region.results { users[result, default: []].append(end) }
        for place in region.operations.indices.reversed() { assign(place) }
    }

    private mutating func captures(_ inner: Region, at place: Int) {
        for operation in inner.operations {
            for operand in operation.operands { users[operand, default: []].append(place) }
            for nested in operation.regions { captures(nested, at: place) }
        }
        for result in inner.results { users[result, default: []].append(place) }
    }

    private func type(_ value: ValueID) -> TensorType? {
        guard let type = function.type(of: value).tensor, type.dtype.laneElement != nil, type.elementCount > 0 else { return nil }
        return type
    }

    private func hasLanes(_ operation: Operation) -> Bool {
        !excluded.contains(ObjectIdentifier(operation)) && operation.operands.allSatisfy { type($0) != nil }
            && operation.results.allSatisfy { type($0) != nil }
    }

    /// Whether an operation only says where elements come from: it is repeated in each group that uses it.
    func isView(_ operation: Operation) -> Bool {
        switch operation.code {
        case .constant:
            let literal = operation.parameters(ConstantParameters.self).value
            return hasLanes(operation) && (literal.isSplat || literal.type.elementCount == 1)
        case .iota, .broadcastInDim, .transpose, .reverse, .slice, .reshape, .dynamicSlice: return hasLanes(operation)
        default: return false
        }
    }

    private func computes(_ operation: Operation) -> Bool {
        guard operation.results.count == 1, !isView(operation), let definition = opDefinition(operation) else { return false }
        return definition.lanes != nil && hasLanes(operation)
    }

    /// The operation of the block that defines a value; nil for values from outside.
    func definition(of value: ValueID) -> Operation? { definer[value].map { region.operations[$0] } }

    /// Whether anything but the group's members uses a value; a view that another group repeats is such a use, too.
    func isNeeded(_ value: ValueID, outside group: FusionGroup) -> Bool {
        (users[value] ?? []).contains { place in
            if place == end { return true }
            let user = region.operations[place]
            if isView(user) { return isNeeded(user.results[0], outside: group) }
            return groupOf[place] !== group
        }
    }

    private mutating func assign(_ place: Int) {
        let operation = region.operations[place]
        if operation.code == .reduce, hasLanes(operation), let shape = type(operation.operands[0])?.shape {
            assignReduction(place, operation, shape)
            return
        }
        guard computes(operation), let result = type(operation.results[0]) else { return }
        if let group = group(for: operation.results[0], result) {
            group.members.append(place)
            groupOf[place] = group
        } else {
            start(FusionGroup(place, result.shape))
        }
    }

    private mutating func start(_ group: FusionGroup) {
        groups.append(group)
        groupOf[group.position] = group
    }

    /// The group that may compute `value`: the earliest of its users', if all others come later and can be given a result.
    private func group(for value: ValueID, _ type: TensorType) -> FusionGroup? {
        var found: FusionGroup?
        var isSeenElsewhere = false, isSeenAsItIs = true
        var others: [Int] = []
        visitUsers(value, type) { place, isDirect, group in
            if let group {
                if found == nil || group.position < found!.position {
                    if let found { others.append(found.position) }
                    found = group
                } else if group !== found {
                    others.append(group.position)
                }
                if !isDirect { isSeenAsItIs = false }
            } else {
                isSeenElsewhere = true
                others.append(place)
            }
        }
        guard let group = found else { return nil }
        let isScalar = type.elementCount == 1
        guard isScalar || type.elementCount == group.shape.reduce(1, *) else { return nil }
        if others.isEmpty && !isSeenElsewhere { return group }
        // A further result is stored as the loops go: it must have their shape and lie where they are.
        guard isSeenAsItIs, type.shape == group.shape, others.allSatisfy({ $0 > group.position }) else { return nil }
        return group
    }

    /// Visits who uses a value, by way of views too. A view that somebody else needs as an array is such a user itself, at its own place:
    /// `view` is the first on the way.
    private func visitUsers(_ value: ValueID, _ type: TensorType, view: Int? = nil, _ visit: (Int, Bool, FusionGroup?) -> Void) {
        for place in users[value] ?? [] {
            if place != end, case let user = region.operations[place], isView(user), let inner = self.type(user.results[0]) {
                visitUsers(user.results[0], inner, view: view ?? place, visit)
            } else if let group = groupOf[place] {
                // An initial value of a reduction is asked for outside of its loops.
                visit(place, view == nil, group)
            } else {
                visit(view ?? place, view == nil, nil)
            }
        }
    }

    /// Reductions of one shape over the same dimensions share their loops, unless one needs the other.
    private mutating func assignReduction(_ place: Int, _ operation: Operation, _ shape: [Int]) {
        let kind = Reduction(shape: shape, dimensions: operation.parameters(DimensionsParameters.self).dimensions.sorted())
        if let group = reductions[kind] {
            var isFree = true
            for result in operation.results {
                for user in users[result] ?? [] where user <= group.position { isFree = false }
            }
            if isFree {
                group.members.append(place)
                groupOf[place] = group
                return
            }
        }
        let group = FusionGroup(place, shape)
        reductions[kind] = group
        start(group)
    }
}
