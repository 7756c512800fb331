// The types of values: tensors, tokens, tuples.

/// Element type and dimensions. A dimension of `TensorType.dynamic` is unknown until a program is specialised.
public struct TensorType: Equatable {
    /// Marks a dimension whose size is not known before specialisation.
    public static let dynamic = -1

    public var dtype: DType
    public var shape: [Int]

    public init(_ dtype: DType, _ shape: [Int]) {
        self.dtype = dtype
        self.shape = shape
    }

    /// The same type in memory of its own: arrays share their buffers, and a buffer may belong to a job or a program that ends.
    public func detached() -> TensorType {
        var dimensions: [Int] = []
        dimensions.reserveCapacity(shape.count)
        for dimension in shape { dimensions.append(dimension) }
        return TensorType(dtype, dimensions)
    }

    public var rank: Int { shape.count }
    public var isStatic: Bool { !shape.contains(TensorType.dynamic) }

    /// The product of the dimensions; the caller has checked that they are static and that the product does not overflow
    /// (`checkedElementCount` does both).
    public var elementCount: Int { shape.reduce(1, &*) }

    /// Elements, or nil where a dimension is dynamic or negative or the size in bytes does not fit 63 bits.
    public var checkedElementCount: Int? {
        // Also an empty array's other dimensions must fit: evaluations multiply them.
        var count = dtype.byteWidth
        if shape.contains(where: { $0 < 0 }) { return nil }
        for dimension in shape where dimension > 0 {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            if overflow { return nil }
            count = product
        }
        return shape.contains(0) ? 0 : count / dtype.byteWidth
    }

    public var byteCount: Int { elementCount &* dtype.byteWidth }

    /// Row-major strides, in elements.
    public var strides: [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        var stride = 1
        for axis in (0..<shape.count).reversed() {
            strides[axis] = stride
            stride &*= shape[axis]
        }
        return strides
    }
}


extension TensorType: CustomStringConvertible {
    /// jaxpr's notation: "f32[2,3]".
    public var description: String {
        var text = dtype.shortName + "["
        for (index, dimension) in shape.enumerated() {
            if index > 0 { text += "," }
            text += dimension == TensorType.dynamic ? "?" : "\(dimension)"
        }
        return text + "]"
    }
}

/// The type of a value.
public enum ValueType: Equatable {
    case tensor(TensorType)
    /// Orders effects; carries no data.
    case token
    case tuple([ValueType])

    /// The tensor type, if it is one.
    public var tensor: TensorType? {
        if case .tensor(let type) = self { return type }
        return nil
    }
}

extension ValueType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tensor(let type): return type.description
        case .token: return "token"
        case .tuple(let types):
            var text = "("
            for (index, type) in types.enumerated() {
                if index > 0 { text += ", " }
                text += type.description
            }
            return text + ")"
        }
    }
}
