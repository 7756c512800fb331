// Arrays as Python holds them.
import JaxIR
import JaxPlatform

/// A `jax.Array`.
final class ArrayObject: NativeObject {
    let tensor: Tensor
    /// Made of Python scalars only: it takes on the dtype of what it meets (jax.readthedocs.io, Type promotion semantics).
    let isWeak: Bool
    /// The object that this one stands for inside a job.
    let origin: ArrayObject?

    init(_ tensor: Tensor, isWeak: Bool = false, origin: ArrayObject? = nil) {
        self.tensor = tensor
        self.isWeak = isWeak
        self.origin = origin
    }

    override var className: StaticString { "Array" }
    override var byteCount: Int { tensor.type.byteCount }

    var dtype: DType { tensor.dtype }
    var shape: [Int] { tensor.shape }

    /// The same array without its memory's ownership, for the time of a job.
    func lent() -> ArrayObject { ArrayObject(tensor.borrowed(), isWeak: isWeak, origin: origin ?? self) }
}

extension Value {
    static func array(_ tensor: Tensor, isWeak: Bool = false) -> Value { .object(ArrayObject(tensor, isWeak: isWeak)) }

    /// The array object, if it is one.
    var arrayObject: ArrayObject? {
        if case .object(let object) = self { return object as? ArrayObject }
        return nil
    }

    /// An integer: an int, or an integer array without dimensions. nil for everything else.
    func asIndex() throws(JaxError) -> Int? {
        switch self {
        case .int(let number): return number
        case .bool(let flag): return flag ? 1 : 0
        case .bigInteger: throw JaxError(.indexError, "the integer is too large for an index")
        default:
            guard let array = arrayObject, array.dtype.isInteger, array.tensor.elementCount == 1 else { return nil }
            return elementAsInt(array.tensor, 0)
        }
    }

    /// A shape: an integer or a sequence of them. Throws `typeError` in JAX's words.
    func asShape() throws(JaxError) -> [Int] {
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
}
