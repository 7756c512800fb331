// The constants of the MLIR bytecode container (`mlir/docs/BytecodeFormat.md`), for those who read it and those who write it.

/// The features of the container by the version that brought them.
public enum ContainerVersion {
    public static let dialectVersions = 1
    /// Isolated regions lie in sections of their own.
    public static let lazyRegions = 2
    public static let useListOrders = 3
    public static let elidedLocations = 4
    public static let properties = 5
    public static let newest = 6
}

/// "MLïR", little endian.
public let containerMagic: UInt32 = 0x52EF_4C4D

/// The sections by their numbers in the file.
public enum SectionID {
    public static let strings = 0
    public static let dialects = 1
    public static let attributesAndTypes = 2
    public static let offsets = 3
    public static let operations = 4
    public static let resources = 5
    public static let resourceOffsets = 6
    public static let dialectVersions = 7
    public static let properties = 8
    public static let count = 9
}

/// The bits that say which parts of an operation follow its name.
public enum OperationMask {
    public static let attributes: UInt8 = 1, results: UInt8 = 2, operands: UInt8 = 4, successors: UInt8 = 8
    public static let regions: UInt8 = 16, useLists: UInt8 = 32, properties: UInt8 = 64
}

/// What files may hold at most, read and written.
public enum EncodingLimit {
    /// Nesting of regions; each level costs a few hundred bytes of stack.
    public static let regionDepth = 96
    /// Nesting of attributes and types; JAX's programs stay below ten.
    public static let entryDepth = 48
    /// Nesting of an export's trees.
    public static let treeDepth = 96
    /// Orders of stored derivatives.
    public static let vjpOrder = 8
    /// Dimensions of an array; NumPy has 64.
    public static let rank = 64
}

/// MLIR's mark of a dynamic dimension.
public var encodedDynamicDimension: Int { Int.min }

/// The dialects whose operations, attributes or types are known, by their names in the file.
public enum Dialect {
    public static let builtin = "builtin"
    public static let vhlo = "vhlo"
}
