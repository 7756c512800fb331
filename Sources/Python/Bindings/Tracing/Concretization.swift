// What JAX says where a value is needed that is not known while a function is traced (jax/_src/core.py, errors.py).
import JaxIR
import JaxPlatform

/// What elements are wanted for.
enum ElementUse {
    /// `if x:`, `and`, `not x`.
    case truth
    /// `__index__`: a size, a list's index.
    case index
    /// `int`, `float`, `complex`.
    case conversion(String)
    /// `np.asarray(x)`.
    case array
    /// Anything else; a sentence that says what.
    case value(String)
}

func concretizationError(_ use: ElementUse, _ handle: Handle) -> JaxError {
    let what = "traced array with shape " + typeText(handle.type), place = traceText(handle)
    func see(_ name: String) -> String { "See https://docs.jax.dev/en/latest/errors.html#jax.errors." + name }
    switch use {
    case .truth:
        return JaxError(.tracerBool, "Attempted boolean conversion of \(what).\n" + place + see("TracerBoolConversionError"))
    case .index:
        return JaxError(.tracerInteger, "The __index__() method was called on \(what)\n" + place + see("TracerIntegerConversionError"))
    case .array:
        return JaxError(.tracerArray, "The numpy.ndarray conversion method __array__() was called on \(what)\n" + place
            + see("TracerArrayConversionError"))
    case .conversion(let name):
        return JaxError(.concretization, "Abstract tracer value encountered where concrete value is expected: \(what)\n"
            + "The problem arose with the `\(name)` function. If trying to convert the data type of a value, try using `x.astype(\(name))` "
            + "or `jnp.array(x, \(name))` instead.\n" + place + "\n" + see("ConcretizationTypeError"))
    case .value(let sentence):
        return JaxError(.concretization, "Abstract tracer value encountered where concrete value is expected: \(what)\n"
            + (sentence.isEmpty ? "" : sentence + "\n") + place + "\n" + see("ConcretizationTypeError"))
    }
}

/// Of a boolean index whose elements are not known.
func unknownBooleanIndex(_ type: TensorType) -> JaxError {
    JaxError(.unknownBooleanIndex, "Array boolean indices must be concrete; got \(type)\n\n"
        + "See https://docs.jax.dev/en/latest/errors.html#jax.errors.NonConcreteBooleanIndexError")
}

/// Of a tracer whose trace has ended.
func unexpectedTracer(_ type: TensorType) -> JaxError {
    JaxError(.unexpectedTracer, "Encountered an unexpected tracer. A function transformed by JAX had a side effect, allowing for a reference to "
        + "an intermediate value with type \(typeText(type)) wrapped in a DynamicJaxprTracer to escape the scope of the transformation.\n"
        + "JAX transformations require that functions explicitly return their outputs, and disallow saving intermediate values to global "
        + "state.\nSee https://docs.jax.dev/en/latest/errors.html#jax.errors.UnexpectedTracerError")
}

/// "float32[2,3]", as an aval prints.
func typeText(_ type: TensorType, isWeak: Bool = false) -> String {
    var text = (isWeak ? "~" : "") + type.dtype.name + "["
    for (index, size) in type.shape.enumerated() { text += (index > 0 ? "," : "") + "\(size)" }
    return text + "]"
}

/// The sentence that says which function is traced, and for what.
private func traceText(_ handle: Handle) -> String {
    let traces = Interpreter.current.traces
    var trace = traces.last
    if case .traced(let value) = handle.content { trace = Interpreter.current.trace(value.trace) ?? trace }
    guard let trace else { return "" }
    return "The error occurred while tracing the function \(trace.functionName) for \(trace.kind.name). This concrete value was not available "
        + "in Python because it depends on the values of the arguments.\n"
}

extension ArrayObject {
    /// What a tracer prints as: "JitTracer(float32[3])".
    var tracerText: String {
        var kind = Trace.Kind.jit
        if let traced, let trace = Interpreter.current.trace(traced.trace) { kind = trace.kind }
        let aval = typeText(handle.type, isWeak: isWeak)
        switch kind {
        case .jit: return "JitTracer(\(aval))"
        case .derivative: return "GradTracer(\(aval))"
        case .vmap: return "VmapTracer(aval=\(aval))"
        }
    }
}
