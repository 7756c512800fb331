// What the functions of the prompt compute with: an array that is there, or one that a program under construction will have.
//
// The seam of tracing: a function's body does not know which of the two it has. It computes by `Lax`, which evaluates or records.
// Whoever needs to look into elements asks for them, and gets JAX's error where there are none.
import JaxIR
import JaxPlatform

/// A value of a trace, by numbers: traces end, and what Python still has of them must not keep their memory.
struct TracedValue: Equatable {
    /// The trace's number, which no other trace has.
    let trace: Int
    let value: ValueID
}

/// An array as a function sees it.
struct Handle {
    enum Content {
        /// Elements; with the array of Python's that they belong to, if they do.
        case elements(Tensor, of: ArrayObject?)
        case traced(TracedValue)
        /// A value of the operations that the running call records.
        case staged(ValueID)
    }

    let type: TensorType
    let content: Content

    init(_ tensor: Tensor, of array: ArrayObject? = nil) {
        type = tensor.type
        content = .elements(tensor, of: array)
    }

    init(_ type: TensorType, _ value: TracedValue) {
        self.type = type
        content = .traced(value)
    }

    /// A value that the running call records.
    init(_ type: TensorType, staged value: ValueID) {
        self.type = type
        content = .staged(value)
    }

    var dtype: DType { type.dtype }
    var shape: [Int] { type.shape }
    var elementCount: Int { type.elementCount }

    /// Whether the elements are there.
    var isConcrete: Bool {
        if case .elements = content { return true }
        return false
    }

    /// The elements: where a trace knows its arguments, also those of its values. Throws `purpose`'s error where there are none.
    func elements(_ purpose: ElementUse = .value("")) throws(JaxError) -> Tensor {
        switch content {
        case .elements(let tensor, _): return tensor
        case .traced(let value):
            guard let trace = Interpreter.current.trace(value.trace) else { throw unexpectedTracer(type) }
            guard let tensor = try trace.known(value.value) else { throw concretizationError(purpose, self) }
            return tensor
        case .staged: throw concretizationError(purpose, self)
        }
    }
}
