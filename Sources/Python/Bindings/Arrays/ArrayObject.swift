// Arrays as Python holds them.
import JaxIR
import JaxPlatform

/// A `jax.Array`, or a tracer: an array that a trace computes with.
final class ArrayObject: NativeObject {
    let handle: Handle
    /// Made of Python scalars only: it takes on the dtype of what it meets (jax.readthedocs.io, Type promotion semantics).
    let isWeak: Bool
    /// The object that this one stands for inside a job.
    let origin: ArrayObject?

    init(_ handle: Handle, isWeak: Bool = false, origin: ArrayObject? = nil) {
        self.handle = handle
        self.isWeak = isWeak
        self.origin = origin
    }

    convenience init(_ tensor: Tensor, isWeak: Bool = false) { self.init(Handle(tensor), isWeak: isWeak) }

    override var className: StaticString { "Array" }
    override var byteCount: Int { handle.isConcrete ? handle.type.byteCount : 0 }

    var dtype: DType { handle.dtype }
    var shape: [Int] { handle.shape }

    /// The value of a trace that this is, if it is one.
    var traced: TracedValue? {
        if case .traced(let value) = handle.content { return value }
        return nil
    }

    /// The same array without its memory's ownership, for the time of a job.
    func lent() -> ArrayObject {
        let origin = origin ?? self
        switch handle.content {
        case .elements(let tensor, _): return ArrayObject(Handle(tensor.borrowed(), of: origin), isWeak: isWeak, origin: origin)
        case .traced(let value): return ArrayObject(Handle(handle.type.detached(), value), isWeak: isWeak, origin: origin)
        case .staged: return self
        }
    }
}

extension Value {
    static func array(_ handle: Handle, isWeak: Bool = false) -> Value { .object(ArrayObject(handle, isWeak: isWeak)) }

    static func array(_ tensor: Tensor, isWeak: Bool = false) -> Value { .object(ArrayObject(tensor, isWeak: isWeak)) }

    /// The array object, if it is one.
    var arrayObject: ArrayObject? {
        if case .object(let object) = self { return object as? ArrayObject }
        return nil
    }

    /// An integer: an int, or an integer array without dimensions. nil for everything else. Throws TracerIntegerConversionError for one
    /// that is not known.
    func asIndex() throws(JaxError) -> Int? {
        switch self {
        case .int(let number): return number
        case .bool(let flag): return flag ? 1 : 0
        case .bigInteger: throw JaxError(.indexError, "the integer is too large for an index")
        default:
            guard let array = arrayObject, array.dtype.isInteger, array.handle.elementCount == 1 else { return nil }
            return elementAsInt(try array.handle.elements(.index), 0)
        }
    }

    /// A shape: an integer or a sequence of them. Throws `typeError` in JAX's words.
    func asShape() throws(JaxError) -> [Int] {
        if let unknown = unknownSize { throw unknown }
        if let size = try asIndex() { return [size] }
        guard let items else {
            throw JaxError(.typeError, "Shapes must be 1D sequences of concrete values of integer type, got \(typeName).")
        }
        var shape: [Int] = []
        for item in items {
            guard let size = try item.asIndex() else {
                throw JaxError(.typeError,
                               "Shapes must be 1D sequences of concrete values of integer type, got an entry of type \(item.typeName).")
            }
            shape.append(size)
        }
        return shape
    }

    /// What JAX says of a shape with a size that is not known.
    private var unknownSize: JaxError? {
        let parts = items ?? [self]
        guard parts.contains(where: { $0.isUnknownArray }) else { return nil }
        var text = ""
        for (index, part) in parts.enumerated() {
            if index > 0 { text += ", " }
            if let array = part.arrayObject { text += array.tracerText } else if case .int(let size) = part { text += "\(size)" } else { text += part.typeName }
        }
        return JaxError(.typeError, "Shapes must be 1D sequences of concrete values of integer type, got (\(text)\(parts.count == 1 ? "," : "")).\n"
            + "If using `jit`, try using `static_argnums` or applying `jit` to smaller subfunctions.")
    }

    private var isUnknownArray: Bool {
        guard let array = arrayObject, !array.handle.isConcrete else { return false }
        do throws(JaxError) { _ = try array.handle.elements() } catch { return true }
        return false
    }
}
