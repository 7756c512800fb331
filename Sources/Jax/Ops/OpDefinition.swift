// What an operation is: its parameters, its shape rule, its evaluation and its rules for transformations, in one place.
import JaxIR
import JaxPlatform
import Synchronization

/// A value while a program runs.
public enum RuntimeValue {
    case tensor(Tensor)
    case token
    case tuple([RuntimeValue])

    /// The tensor. Throws `internalError` for other values: the verifier has ruled them out.
    public func asTensor() throws(JaxError) -> Tensor {
        if case .tensor(let tensor) = self { return tensor }
        throw JaxError(.internalError, "expected a tensor value")
    }

    /// A boolean scalar's value. The tensor is kept until it has been read: a pointer alone does not do that.
    public func asTruth() throws(JaxError) -> Bool {
        let tensor = try asTensor()
        return withExtendedLifetime(tensor) { tensor.bytes.load(as: UInt8.self) != 0 }
    }

    /// The tensor, of which nothing is left here: if this was the only reference, the caller may overwrite its storage.
    public mutating func takeTensor() throws(JaxError) -> Tensor {
        let tensor = try asTensor()
        self = .token
        return tensor
    }
}

/// What passes may rely on.
public struct Traits: OptionSet {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Element i of the result depends on element i of each operand alone; a scalar operand may stand for all elements.
    public static let elementwise = Traits(rawValue: 1)
    /// The order of the two operands does not matter.
    public static let commutative = Traits(rawValue: 2)
    /// Does something beside computing its results: must not be dropped, doubled or moved across its like.
    public static let effects = Traits(rawValue: 4)
    /// Its regions compute on scalars: reducers, comparators, updates.
    public static let scalarRegions = Traits(rawValue: 8)
    /// Stands only in programs whose shapes are not known yet; specialisation replaces it.
    public static let dynamic = Traits(rawValue: 16)
    /// Read and printed, but not executed by this machine.
    public static let unavailable = Traits(rawValue: 32)
    /// Computed to some accuracy, which a program may ask for (`result_accuracy`): the functions that StableHLO gives this attribute.
    public static let approximate = Traits(rawValue: 64)
    /// Computes nothing itself: runs its regions or functions, passes values on, or is a value that is there already.
    public static let structural = Traits(rawValue: 128)
}

/// In which operands an operation is linear, which is what its transposition needs.
public enum Linearity: Equatable {
    case none
    /// In the given operands together: f(a + a', b + b') = f(a, b) + f(a', b').
    case jointly([Int])
    /// In each of the given operands while the others stay.
    case separately([Int])
}

/// Computes result types from everything but the results, and checks it on the way. Dimensions may be dynamic
/// (`TensorType.dynamic`) at load.
public typealias ShapeRule = (OpView) throws(JaxError) -> [ValueType]

/// Evaluates the operation on values whose types the verifier has checked; all types are static by then. It takes out of the
/// list what it wants to overwrite or must not keep alive while it runs.
typealias Evaluation = (Activation, inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue]

/// The same for operations with one result, an array: most of them, and those that programs execute most.
typealias TensorEvaluation = (Activation, inout [RuntimeValue]) throws(JaxError) -> Tensor

/// The tangents of the results, from an operation of `builder`'s function and the tangents of its operands (nil: zero). Nil for a form of
/// the operation that is differentiated through its decomposition.
public typealias JVPRule = (_ builder: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?]?

/// Emits the operation, which is not emitted yet, with further results that the rule for its tangent needs; the operation that it emits last is the
/// one that the rule is given.
public typealias Augmentation = (_ builder: Builder, _ operation: Operation) throws(JaxError) -> Void

/// The cotangents of the operands that `linear` marks, from those of the results (nil: zero); the other operands are values.
public typealias TransposeRule = (_ builder: Builder, _ operation: Operation, _ cotangents: [ValueID?],
                                  _ linear: [Bool]) throws(JaxError) -> [ValueID?]

/// What computes an operation's results otherwise.
public typealias Decomposition = (_ builder: Builder, _ operation: Operation) throws(JaxError) -> [ValueID]

/// The operation on operands with a further leading dimension where `batched` says so; each result with whether it has one. Nil for a form
/// of the operation that is batched through its decomposition.
public typealias BatchRule = (_ builder: Builder, _ operation: Operation, _ operands: [ValueID], _ batched: [Bool],
                              _ size: Int) throws(JaxError) -> (results: [ValueID], batched: [Bool])?

/// All that the machine knows of one operation, or of one target of custom_call.
public final class OpDefinition {
    /// How an operation is evaluated.
    enum Form {
        case values(Evaluation)
        case tensor(TensorEvaluation)
        case none
    }

    public let code: OpCode
    /// The operation's name; the target of a custom call.
    public let name: String
    public let traits: Traits
    public private(set) var linearity = Linearity.none
    let infer: ShapeRule
    let form: Form
    private let make: (() -> Parameters)?
    private let accepts: (Parameters) -> Bool
    /// The loops of an operation that works element by element, by the types of an operand and the result.
    let scalar: ((_ operand: DType, _ result: DType, _ parameters: Parameters) -> BlockKernel?)?
    /// How an elementwise operation is lowered to the loop form.
    public private(set) var lanes: LaneRule?
    /// The same where complex numbers are among its operands and result.
    public private(set) var parts: PartsRule?
    public private(set) var jvp: JVPRule?
    public private(set) var augmentation: Augmentation?
    public private(set) var transpose: TransposeRule?
    public private(set) var batch: BatchRule?
    /// The same by other operations, which differentiation goes through where there is no rule.
    public private(set) var decomposition: Decomposition?
    /// Whether the results are constant but for steps, so that their tangents are zero.
    public private(set) var hasZeroDerivative = false
    /// How often the evaluator has executed it in programs that the compiler has been over, since start.
    var fallbackCount: Int { fallbacks.load(ordering: .relaxed) }
    private let fallbacks = Atomic<Int>(0)

    /// An operation whose parameters are a `Record`; `isBare` says that there are none.
    init<Record: Parameters>(_ code: OpCode, target: String? = nil, _ record: Record.Type, _ traits: Traits = [],
                             infer: @escaping (OpView, Record) throws(JaxError) -> [ValueType], _ form: Form,
                             scalar: ((DType, DType, Parameters) -> BlockKernel?)? = nil, isBare: Bool = false) {
        self.code = code
        name = target ?? code.name
        self.traits = traits
        self.infer = { view throws(JaxError) in try infer(view, unsafeDowncast(view.parameters, to: Record.self)) }
        self.form = form
        make = isBare ? nil : { Record() }
        accepts = { $0 is Record }
        self.scalar = scalar
    }

    /// The parameters that a coder reads.
    public func parameters(_ coder: ParameterCoder) throws(JaxError) -> Parameters {
        guard let parameters = make?() else { return Parameters.none }
        try parameters.code(coder)
        return parameters
    }

    func countFallback() { fallbacks.add(1, ordering: .relaxed) }

    /// Whether `parameters` are of this operation's class.
    func takes(_ parameters: Parameters) -> Bool { accepts(parameters) }

    // MARK: Rules, given where the operation is defined

    func linear(_ linearity: Linearity) -> OpDefinition {
        self.linearity = linearity
        return self
    }

    /// The lowering of an operation whose results are in their type as they come.
    func exactLanes(_ rule: @escaping LaneRule) -> OpDefinition {
        lanes = rule
        return self
    }

    /// The lowering of an operation on complex numbers.
    func complexLanes(_ rule: @escaping PartsRule) -> OpDefinition {
        parts = rule
        return self
    }

    /// Of a step function.
    func zeroDerivative() -> OpDefinition {
        hasZeroDerivative = true
        return self
    }

    func decomposition(_ rule: @escaping Decomposition) -> OpDefinition {
        decomposition = rule
        return self
    }

    func augmented(_ rule: @escaping Augmentation) -> OpDefinition {
        augmentation = rule
        return self
    }

    func jvp(_ rule: @escaping JVPRule) -> OpDefinition {
        jvp = rule
        return self
    }

    func transpose(_ rule: @escaping TransposeRule) -> OpDefinition {
        transpose = rule
        return self
    }

    func batch(_ rule: @escaping BatchRule) -> OpDefinition {
        batch = rule
        return self
    }
}

// MARK: Forms of definitions

extension OpDefinition {
    /// With parameters, and one array as the result.
    convenience init<Record: Parameters>(
        _ code: OpCode, _ record: Record.Type, _ traits: Traits = [], infer: @escaping (OpView, Record) throws(JaxError) -> [ValueType],
        tensor evaluate: @escaping (Activation, Record, inout [RuntimeValue]) throws(JaxError) -> Tensor) {
        self.init(code, record, traits, infer: infer, .tensor { activation, operands throws(JaxError) in
            try evaluate(activation, unsafeDowncast(activation.parameters, to: Record.self), &operands)
        })
    }

    /// With parameters.
    convenience init<Record: Parameters>(
        _ code: OpCode, target: String? = nil, _ record: Record.Type, _ traits: Traits = [],
        infer: @escaping (OpView, Record) throws(JaxError) -> [ValueType],
        evaluate: @escaping (Activation, Record, inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue]) {
        self.init(code, target: target, record, traits, infer: infer, .values { activation, operands throws(JaxError) in
            try evaluate(activation, unsafeDowncast(activation.parameters, to: Record.self), &operands)
        })
    }

    /// Without parameters, and one array as the result.
    convenience init(_ code: OpCode, _ traits: Traits = [], infer: @escaping ShapeRule, tensor evaluate: @escaping TensorEvaluation) {
        self.init(code, Parameters.self, traits, infer: { view, _ throws(JaxError) in try infer(view) }, .tensor(evaluate), isBare: true)
    }

    /// Without parameters.
    convenience init(_ code: OpCode, _ traits: Traits = [], infer: @escaping ShapeRule, evaluate: @escaping Evaluation) {
        self.init(code, Parameters.self, traits, infer: { view, _ throws(JaxError) in try infer(view) }, .values(evaluate), isBare: true)
    }
}
