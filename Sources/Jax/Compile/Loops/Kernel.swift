// The loop form: a kernel over buffers, as loops, loads, stores and operations on lanes. All sizes are known. It is what renderers
// turn into a target's code; nothing in it names a target.
//
// A `vector` loop's body is written for one iteration. Its iterations do not depend on each other but for carried values, which its
// combiner puts together; how many are computed at once is the renderer's choice, and so is the order.

/// A value: the result of an operation, a load, a loop's carried value.
public struct LaneValue: Equatable, Hashable {
    public let id: Int32

    public init(id: Int32) { self.id = id }
}

/// A loop's counter, from 0 on.
public struct LoopVariable: Equatable, Hashable {
    public let id: Int32

    public init(id: Int32) { self.id = id }
}

/// One of the kernel's buffers.
public struct BufferID: Equatable, Hashable {
    public let id: Int32

    public init(id: Int32) { self.id = id }
}

/// What a kernel knows of a buffer. Two buffers overlap only where the kernel was made for that (`KernelBuilder.alias`).
public struct KernelBuffer: Equatable {
    public var element: ElementType
    /// Elements.
    public var count: Int
    public var isWritten: Bool
}

/// A place in a buffer, in elements: a constant, multiples of loop variables, and multiples of values that are brought into a range.
public struct LoopIndex: Hashable {
    public struct Term: Hashable {
        public var variable: LoopVariable
        public var stride: Int
    }

    /// `value`, an integer, signed, brought into 0 … `limit`, times `stride`.
    public struct Clamped: Hashable {
        public var value: LaneValue
        public var limit: Int
        public var stride: Int
    }

    public var constant: Int
    /// Each variable at most once, no stride 0, in the order of the variables.
    public private(set) var terms: [Term]
    public var clamped: [Clamped]

    public init(_ constant: Int = 0) {
        self.constant = constant
        terms = []
        clamped = []
    }

    public mutating func add(_ variable: LoopVariable, stride: Int) {
        var place = 0
        while place < terms.count, terms[place].variable.id < variable.id { place += 1 }
        if place < terms.count, terms[place].variable == variable {
            terms[place].stride += stride
            if terms[place].stride == 0 { terms.remove(at: place) }
        } else if stride != 0 {
            terms.insert(Term(variable: variable, stride: stride), at: place)
        }
    }

    public mutating func add(_ value: LaneValue, upTo limit: Int, stride: Int) {
        clamped.append(Clamped(value: value, limit: limit, stride: stride))
    }

    /// Another index, so many times.
    public mutating func add(_ other: LoopIndex, times factor: Int) {
        constant += other.constant * factor
        for term in other.terms { add(term.variable, stride: term.stride * factor) }
        for term in other.clamped { add(term.value, upTo: term.limit, stride: term.stride * factor) }
    }

    /// Other indices, each so many times; the first of `others` as far as there are factors.
    public mutating func add(_ others: [LoopIndex], times factors: [Int]) {
        for (other, factor) in zip(others, factors) { add(other, times: factor) }
    }

    public func stride(of variable: LoopVariable) -> Int {
        for term in terms where term.variable == variable { return term.stride }
        return 0
    }
}

/// How a loop's iterations may be executed.
public enum LoopKind: UInt8 {
    /// One after the other; carries values from one to the next.
    case serial
    /// Many at once. Carries values only with a combiner. Contains no other vector loop.
    case vector
}

/// A value that a loop carries: `initial` before the first iteration, in the body `current`, which `next` replaces; `result` behind the
/// loop.
public struct Carried {
    public var initial, current, next, result: LaneValue
}

/// Puts two sets of carried values together, in any order and grouping: `parameters` are those of one set, then of the other.
public struct Combiner {
    public var parameters: [LaneValue]
    public var body: [Statement]
    public var results: [LaneValue]
}

public final class Loop {
    public let variable: LoopVariable
    public let count: Int
    public let kind: LoopKind
    /// Whether processors may share the iterations. Only of a loop that carries nothing and is the kernel's only one at the outside.
    public let isParallel: Bool
    public internal(set) var carried: [Carried]
    public internal(set) var body: [Statement]
    /// For a vector loop that carries values; each `initial` must then be neutral for it.
    public internal(set) var combiner: Combiner?
    /// How many vectors a renderer should compute side by side, so that the latency of carried values is hidden.
    public let unroll: Int

    init(_ variable: LoopVariable, count: Int, _ kind: LoopKind, isParallel: Bool = false, carried: [Carried], body: [Statement],
         combiner: Combiner?, unroll: Int) {
        self.isParallel = isParallel
        self.variable = variable
        self.count = count
        self.kind = kind
        self.carried = carried
        self.body = body
        self.combiner = combiner
        self.unroll = unroll
    }
}

/// Repeats while a condition holds: `condition` computes `holds` from the `current` values, `body` the `next` ones.
public final class WhileLoop {
    public internal(set) var carried: [Carried]
    public internal(set) var condition: [Statement]
    public internal(set) var holds: LaneValue
    public internal(set) var body: [Statement]

    init(carried: [Carried], condition: [Statement], holds: LaneValue, body: [Statement]) {
        self.carried = carried
        self.condition = condition
        self.holds = holds
        self.body = body
    }
}

/// A step of a kernel.
public enum Statement {
    case constant(LaneValue, LaneBits)
    /// The place of an iteration as an integer: an index without clamped terms.
    case index(LaneValue, LoopIndex)
    case compute(LaneValue, LaneOp, LaneValue, LaneValue?, LaneValue?)
    case load(LaneValue, BufferID, LoopIndex)
    case store(BufferID, LoopIndex, LaneValue)
    case loop(Loop)
    case whileLoop(WhileLoop)
}

/// A kernel, complete.
public final class Kernel {
    public let name: String
    public let buffers: [KernelBuffer]
    public let body: [Statement]
    /// The type of each value.
    public let types: [LaneType]
    public let variableCount: Int

    init(name: String, buffers: [KernelBuffer], body: [Statement], types: [LaneType], variableCount: Int) {
        self.name = name
        self.buffers = buffers
        self.body = body
        self.types = types
        self.variableCount = variableCount
    }

    public func type(of value: LaneValue) -> LaneType { types[Int(value.id)] }
}
