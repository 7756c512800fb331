// Which operations of a block are executed together. Groups are found backwards: an operation joins the group of its users where it can
// be computed as they go along; else it is the root of a group of its own. A group stands where its root stood, so no order changes.
import JaxIR
import JaxOps
import JaxPlatform

/// Operations that are executed together.
final class FusionGroup {
    /// The place of the root in the block.
    let position: Int
    /// The shapes that the group's loops run over: one, the results' or what a reduction reduces; or those of each operand whose elements
    /// the root puts somewhere.
    let shapes: [[Int]]
    /// For each operand of the root which of the loops it belongs to; nil: it is no part of any.
    let loops: [Int?]
    /// By place in the block, descending.
    private(set) var members: [Int]
    private var loopOf: [Int: Int] = [:]

    /// A group with one set of loops.
    init(_ root: Int, _ shape: [Int], operandCount: Int) {
        position = root
        shapes = [shape]
        loops = [Int?](repeating: 0, count: operandCount)
        members = [root]
    }

    /// A group with loops over each operand that has a shape here.
    init(_ root: Int, pieces: [[Int]?]) {
        position = root
        members = [root]
        var shapes: [[Int]] = [], loops: [Int?] = []
        for piece in pieces {
            loops.append(piece == nil ? nil : shapes.count)
            if let piece { shapes.append(piece) }
        }
        self.shapes = shapes
        self.loops = loops
    }

    /// Whether all is computed in the same loops, so that they can store more than the root's results.
    var isUniform: Bool { !loops.contains { $0 != 0 } }

    /// The loops in which a member asks for an operand.
    func loop(of member: Int, operand: Int) -> Int? { member == position ? loops[operand] : loopOf[member] }

    /// The operation is computed in these loops.
    func join(_ place: Int, loop: Int) {
        members.append(place)
        loopOf[place] = loop
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
        guard let type = function.type(of: value).tensor, type.dtype.partElement != nil, type.elementCount > 0 else { return nil }
        return type
    }

    private func isAlias(_ operation: Operation) -> Bool { operation.code == .reshape }

    private func hasLanes(_ operation: Operation) -> Bool {
        !excluded.contains(ObjectIdentifier(operation)) && operation.operands.allSatisfy { type($0) != nil }
            && operation.results.allSatisfy { type($0) != nil } && (takesComplex(operation) || !isComplex(operation))
    }

    private func isComplex(_ operation: Operation) -> Bool {
        (operation.operands + operation.results).contains { type($0)?.dtype.isComplex ?? false }
    }

    /// Whether elements may be complex numbers: they are moved as they are, or there is a rule for them.
    private func takesComplex(_ operation: Operation) -> Bool {
        switch operation.code {
        case .constant, .broadcastInDim, .transpose, .reverse, .slice, .reshape, .dynamicSlice, .gather, .concatenate, .pad,
             .dynamicUpdateSlice:
            return true
        default: return opDefinition(operation)?.parts != nil
        }
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
        if operation.code == .gather { return hasLanes(operation) }
        // Element by element: what makes one element of several, as a bitcast may, is no such operation.
        guard definition.lanes != nil || definition.parts != nil, hasLanes(operation), let shape = type(operation.results[0])?.shape else { return false }
        return operation.operands.allSatisfy { type($0).map { $0.rank == 0 || $0.shape == shape } ?? false }
    }

    /// Whether a value is needed as an array by something that is no kernel.
    private func isNeededAsArray(_ value: ValueID) -> Bool {
        (users[value] ?? []).contains { place in
            if place == end { return true }
            let user = region.operations[place]
            if groupOf[place] != nil { return false }
            return !isView(user) || isAlias(user) && isNeededAsArray(user.results[0])
        }
    }

    /// Whether a view has to become an array: it is needed as one, and is more than another name for one.
    private func isStored(_ operation: Operation) -> Bool {
        operation.code != .constant && isNeededAsArray(operation.results[0]) && movesElements(operation)
    }

    /// Whether a view, or one that it is another name of, brings elements elsewhere.
    private func movesElements(_ operation: Operation) -> Bool {
        guard isAlias(operation) else { return true }
        return definition(of: operation.operands[0]).map { isView($0) && $0.code != .constant && movesElements($0) } ?? false
    }

    /// The operation of the block that defines a value; nil for values from outside.
    func definition(of value: ValueID) -> Operation? { definer[value].map { region.operations[$0] } }

    /// Whether anything but the group's members uses a value; a view that another group repeats is such a use, too.
    func isNeeded(_ value: ValueID, outside group: FusionGroup) -> Bool {
        (users[value] ?? []).contains { place in
            if place == end { return true }
            let user = region.operations[place]
            if isView(user) && groupOf[place] == nil { return isNeeded(user.results[0], outside: group) }
            return groupOf[place] !== group
        }
    }

    /// The group that alone uses a value, and uses it as it is; nil where there is none.
    func soleUser(_ value: ValueID) -> FusionGroup? {
        var found: FusionGroup?
        for place in users[value] ?? [] {
            guard place != end, !isView(region.operations[place]), let group = groupOf[place], found == nil || found === group else {
                return nil
            }
            found = group
        }
        return found
    }

    private mutating func assign(_ place: Int) {
        let operation = region.operations[place]
        if operation.code == .reduce, hasLanes(operation), let shape = type(operation.operands[0])?.shape {
            assignReduction(place, operation, shape)
            return
        }
        if GroupRoot.isRoot(operation), hasLanes(operation) {
            let pieces = zip(operation.operands, GroupRoot.pieces(operation, function)).map { $1 ? type($0)?.shape : nil }
            start(FusionGroup(place, pieces: pieces))
            return
        }
        guard let result = operation.results.first.flatMap(type) else { return }
        if isView(operation) {
            if isStored(operation) { start(FusionGroup(place, result.shape, operandCount: operation.operands.count)) }
        } else if computes(operation) {
            if let (group, loop) = group(for: operation.results[0], result) {
                group.join(place, loop: loop)
                groupOf[place] = group
            } else {
                start(FusionGroup(place, result.shape, operandCount: operation.operands.count))
            }
        }
    }

    private mutating func start(_ group: FusionGroup) {
        groups.append(group)
        groupOf[group.position] = group
    }

    /// The group that may compute `value`, and in which of its loops: the earliest of its users', if all others come later and can be
    /// given a result.
    private func group(for value: ValueID, _ type: TensorType) -> (group: FusionGroup, loop: Int)? {
        var found: FusionGroup?
        var isSeenElsewhere = false, isSeenAsItIs = true
        var others: [Int] = []
        visitUsers(value, type) { place, operand, isDirect, group in
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
        var loops: Set<Int?> = []
        visitUsers(value, type) { place, operand, _, user in
            if user === group { loops.insert(group.loop(of: place, operand: operand)) }
        }
        if type.elementCount == 1 && others.isEmpty && !isSeenElsewhere { return (group, (loops.first ?? nil) ?? 0) }
        // A root may have no loops that others could join; a scalar that it needs is asked for in front of its own.
        guard loops.count == 1, let first = loops.first, let loop = first, loop < group.shapes.count else { return nil }
        guard type.elementCount == 1 || type.elementCount == group.shapes[loop].reduce(1, *) else { return nil }
        if others.isEmpty && !isSeenElsewhere { return (group, loop) }
        // A further result is stored as the loops go: it must have their shape and lie where they are.
        guard group.isUniform, isSeenAsItIs, type.shape == group.shapes[loop],
              others.allSatisfy({ $0 > group.position }) else { return nil }
        return (group, loop)
    }

    /// Visits who uses a value, and as which operand, by way of views too; a view that somebody else needs as an array is such a user
    /// itself, at its own place: `view` is the first on the way.
    private func visitUsers(_ value: ValueID, _ type: TensorType, view: Int? = nil, _ visit: (Int, Int, Bool, FusionGroup?) -> Void) {
        for place in users[value] ?? [] {
            if place == end {
                visit(view ?? end, 0, view == nil, nil)
                continue
            }
            let user = region.operations[place]
            // A view that is stored is itself the root of a group, beside all that go through it.
            if let group = groupOf[place], isView(user) { visit(place, 0, false, group) }
            if isView(user), let inner = self.type(user.results[0]) {
                visitUsers(user.results[0], inner, view: view ?? place, visit)
            } else {
                let group = groupOf[place], seen = group == nil ? view ?? place : place
                // An initial value of a reduction is asked for outside of its loops.
                for (operand, used) in user.operands.enumerated() where used == value {
                    visit(seen, operand, view == nil && user.code != .gather, group)
                }
                if !user.operands.contains(value) { visit(seen, 0, view == nil, nil) }
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
                group.join(place, loop: 0)
                groupOf[place] = group
                return
            }
        }
        let group = FusionGroup(place, shape, operandCount: operation.operands.count)
        reductions[kind] = group
        start(group)
    }
}
