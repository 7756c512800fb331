// The types of values in a module. Scalars and vectors are what instructions work on; the builder keeps pointers,
// arrays and structures to itself.

/// A number or truth value.
public enum Scalar: Equatable {
    case bool
    case int(UInt32)
    case uint(UInt32)
    case float(UInt32)

    public static let i32 = Scalar.int(32), u32 = Scalar.uint(32), f32 = Scalar.float(32), f16 = Scalar.float(16), f64 = Scalar.float(64)

    public var bitWidth: UInt32 {
        switch self {
        case .bool: return 1
        case .int(let width), .uint(let width), .float(let width): return width
        }
    }

    public var isFloat: Bool {
        if case .float = self { return true }
        return false
    }

    public var isSigned: Bool {
        if case .int = self { return true }
        return false
    }
}

/// A scalar, or a vector of 2 to 4 of them.
public struct ShaderType: Equatable {
    public let scalar: Scalar
    public let count: Int

    public init(_ scalar: Scalar, _ count: Int = 1) {
        self.scalar = scalar
        self.count = count
    }

    public var byteCount: Int { Int(scalar.bitWidth) / 8 * count }
}

/// The result of an instruction, or a constant.
public struct Value {
    public let id: UInt32
    public let type: ShaderType
}

/// A place that holds a value.
public struct Pointer {
    public let id: UInt32
    public let type: ShaderType
    public let storage: StorageClass
}

/// An array of values: a storage buffer's elements, or memory shared by a workgroup.
public struct ArrayPointer {
    let id: UInt32
    public let type: ShaderType
    public let storage: StorageClass
    /// In a storage buffer the array is the only member of a structure.
    let isMember: Bool
}
