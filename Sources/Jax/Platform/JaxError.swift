// The one error type of the JAX layer: what was wrong, in JAX's words, and where.

/// An error of the JAX layer. Everything that a user, a file or a peer can get wrong is answered by one of these.
public struct JaxError: Error {
    /// The class of the error; each has the Python exception that JAX raises in the same place.
    public enum Kind: UInt8, CaseIterable {
        case typeError
        case valueError
        /// A Python integer that its dtype cannot hold.
        case overflow
        case indexError
        case keyError
        case notImplemented
        /// A file or program that is not what it claims to be; `offset` says where.
        case malformed
        case resourceExhausted
        case permissionDenied
        case cancelled
        /// A check inside a program did not hold (check.expect_*, shape_assertion).
        case checkFailed
        /// A processor exception or Swift trap, caught by the kernel.
        case fault
        case deviceError
        case fileNotFound
        case internalError
        // A value is needed that is not known while a function is traced (jax.errors).
        case concretization
        case tracerBool
        case tracerInteger
        case tracerArray
        case unknownBooleanIndex
        case unexpectedTracer

        /// The Python exception's name.
        public var exceptionName: String {
            switch self {
            case .typeError: return "TypeError"
            case .valueError, .malformed: return "ValueError"
            case .overflow: return "OverflowError"
            case .indexError: return "IndexError"
            case .keyError: return "KeyError"
            case .notImplemented: return "NotImplementedError"
            case .resourceExhausted: return "MemoryError"
            case .permissionDenied: return "PermissionError"
            case .cancelled: return "KeyboardInterrupt"
            case .checkFailed: return "AssertionError"
            case .fault: return "machine.Fault"
            case .deviceError, .internalError: return "RuntimeError"
            case .fileNotFound: return "FileNotFoundError"
            case .concretization: return "jax.errors.ConcretizationTypeError"
            case .tracerBool: return "jax.errors.TracerBoolConversionError"
            case .tracerInteger: return "jax.errors.TracerIntegerConversionError"
            case .tracerArray: return "jax.errors.TracerArrayConversionError"
            case .unknownBooleanIndex: return "jax.errors.NonConcreteBooleanIndexError"
            case .unexpectedTracer: return "jax.errors.UnexpectedTracerError"
            }
        }
    }

    public var kind: Kind
    /// What was wrong and what was expected, with shapes and dtypes.
    public var message: String
    /// Where in the user's source: the location that the program carries ("model.py:12:4 (jit(f)/dot_general)").
    public var location: String?
    /// Byte offset in the input, for `malformed`.
    public var offset: Int?

    public init(_ kind: Kind, _ message: String, location: String? = nil, offset: Int? = nil) {
        self.kind = kind
        self.message = message
        self.location = location
        self.offset = offset
    }

    /// The same error in memory of its own: its texts may belong to the job or the program that it comes from.
    public func detached() -> JaxError {
        JaxError(kind, String(decoding: Array(message.utf8), as: UTF8.self),
                 location: location.map { String(decoding: Array($0.utf8), as: UTF8.self) }, offset: offset)
    }

    /// The same error with a location, unless it has one already.
    public func located(_ location: String?) -> JaxError {
        var error = self
        if error.location == nil { error.location = location }
        return error
    }
}

extension JaxError: CustomStringConvertible {
    /// "ValueError: …", the offset, and "at …" on the same line.
    public var description: String {
        var text = kind.exceptionName + ": " + message
        if let offset { text += " (byte offset \(offset))" }
        if let location { text += " [at " + location + "]" }
        return text
    }
}
