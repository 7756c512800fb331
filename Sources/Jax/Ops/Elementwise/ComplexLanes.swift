// Complex numbers in kernels: an element is two lanes, its real and its imaginary part, which lie one after the other in memory. The
// rules here compute what those of `Complex` do, operation by operation.
import JaxIR
import Loops

/// What a rule is given where an operand or the result is complex: of each operand's element the lanes, one or two.
public struct PartsContext {
    public let builder: KernelBuilder
    public let x: [[LaneValue]]
    /// The element types of the last operand and of the result.
    public let operand: DType
    public let result: DType
    public let parameters: Parameters

    public init(_ builder: KernelBuilder, _ x: [[LaneValue]], operand: DType, result: DType, _ parameters: Parameters) {
        self.builder = builder
        self.x = x
        self.operand = operand
        self.result = result
        self.parameters = parameters
    }

    /// The same of the parts one by one.
    func partwise(_ op: LaneOp) -> [LaneValue] {
        x[0].indices.map { builder.emit(op, x[0][$0], x.count > 1 ? x[1][$0] : nil) }
    }
}

/// The lanes of the result's element; nil where the loop form has no way to compute them.
public typealias PartsRule = (PartsContext) -> [LaneValue]?

extension DType {
    /// How elements lie in a kernel's buffers, complex ones as their parts; nil for types that kernels do not know.
    public var partElement: ElementType? { real.laneElement }

    /// How many of these an element is.
    public var partCount: Int { isComplex ? 2 : 1 }
}

/// (a.re + a.im i) (b.re + b.im i)
func complexProduct(_ c: PartsContext) -> [LaneValue]? {
    let b = c.builder, x = c.x[0], y = c.x[1]
    return [b.emit(.subtract, b.emit(.multiply, x[0], y[0]), b.emit(.multiply, x[1], y[1])),
            b.emit(.add, b.emit(.multiply, x[0], y[1]), b.emit(.multiply, x[1], y[0]))]
}

/// Equality only: an order of complex numbers is seldom asked for.
func complexComparison(_ c: PartsContext) -> [LaneValue]? {
    let b = c.builder, x = c.x[0], y = c.x[1]
    switch unsafeDowncast(c.parameters, to: CompareParameters.self).comparison.direction {
    case .equal: return [b.and(b.emit(.equal, x[0], y[0]), b.emit(.equal, x[1], y[1]))]
    case .notEqual: return [b.or(b.emit(.notEqual, x[0], y[0]), b.emit(.notEqual, x[1], y[1]))]
    default: return nil
    }
}

/// A real number is one without an imaginary part; a complex number becomes real by its real part.
func complexConversion(_ c: PartsContext) -> [LaneValue]? {
    // The evaluator goes from long integers to floats by way of f64.
    guard c.operand.isComplex || c.operand.bitWidth < 64, let element = c.result.partElement else { return nil }
    var parts: [LaneValue] = []
    for part in c.x[0].prefix(c.result.partCount) {
        guard let lane = c.builder.converted(part, from: c.operand.real, to: c.result.real) else { return nil }
        parts.append(lane)
    }
    if parts.count < c.result.partCount { parts.append(c.builder.constant(element.lane, 0)) }
    return parts
}
