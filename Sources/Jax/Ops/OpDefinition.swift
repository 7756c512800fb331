// What an operation is: its shape rule and its evaluation, in one place. Differentiation, batching and lowering will be
// further members of `OpDefinition`, beside these two.
import JaxIR
import JaxPlatform

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

    /// The tensor, of which nothing is left here: if this was the only reference, the caller may overwrite its storage.
    public mutating func takeTensor() throws(JaxError) -> Tensor {
        let tensor = try asTensor()
        self = .token
        return tensor
    }
}

/// An operation as its shape rule sees it.
public struct OpView {
    public let operation: Operation
    public let function: Function
    public let module: Module

    public init(_ operation: Operation, in function: Function, module: Module) {
        self.operation = operation
        self.function = function
        self.module = module
    }

    public var attributes: Attributes { operation.attributes }
    public var operandCount: Int { operation.operands.count }

    public func operandType(_ index: Int) -> ValueType { function.type(of: operation.operands[index]) }

    /// The result type that the program declares.
    public func declaredType(_ index: Int) -> ValueType { function.type(of: operation.results[index]) }
}

/// Computes result types from operand types, attributes and regions, and checks them on the way; operations whose
/// result type is a choice (constant, reshape, convert, …) check the declared one and return it.
/// Dimensions may be dynamic (`TensorType.dynamic`) at load.
public typealias ShapeRule = (OpView) throws(JaxError) -> [ValueType]

/// Evaluates the operation on values whose types the verifier has checked; all types are static by then.
public typealias Evaluation = (Frame, Operation, [RuntimeValue]) throws(JaxError) -> [RuntimeValue]

/// The same for operations that may overwrite an operand's storage, or must not keep operands alive while they run: they
/// take what they want out of the list.
public typealias ConsumingEvaluation = (Frame, Operation, inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue]

/// The same for operations with one result, an array: most of them, and those that programs execute most.
public typealias TensorEvaluation = (Frame, Operation, inout [RuntimeValue]) throws(JaxError) -> Tensor

/// All that the machine knows of one operation.
public final class OpDefinition {
    /// How an operation is evaluated.
    enum Form {
        case values(ConsumingEvaluation)
        case tensor(TensorEvaluation)
    }

    public let code: OpCode
    public let shapeRule: ShapeRule
    let form: Form

    public init(_ code: OpCode, shape: @escaping ShapeRule, evaluate: @escaping Evaluation) {
        self.code = code
        self.shapeRule = shape
        form = .values { frame, operation, operands throws(JaxError) in try evaluate(frame, operation, operands) }
    }

    public init(_ code: OpCode, shape: @escaping ShapeRule, consuming evaluate: @escaping ConsumingEvaluation) {
        self.code = code
        self.shapeRule = shape
        form = .values(evaluate)
    }

    public init(_ code: OpCode, shape: @escaping ShapeRule, tensor evaluate: @escaping TensorEvaluation) {
        self.code = code
        self.shapeRule = shape
        form = .tensor(evaluate)
    }
}
