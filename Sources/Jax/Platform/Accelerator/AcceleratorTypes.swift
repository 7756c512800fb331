// The values that cross the accelerator seam: what a device is, how a kernel is called, what a list is made of.

/// On whose account memory and objects are held.
public struct AcceleratorOwner: Equatable {
    public let id: UInt64
    public let name: String

    public init(id: UInt64, name: String) {
        self.id = id
        self.name = name
    }

    public static func == (a: AcceleratorOwner, b: AcceleratorOwner) -> Bool { a.id == b.id }
}

/// Three counts or sizes, of workgroups or of the invocations in one.
public struct Extent3: Equatable {
    public var x, y, z: UInt32

    public init(_ x: UInt32, _ y: UInt32 = 1, _ z: UInt32 = 1) {
        self.x = x
        self.y = y
        self.z = z
    }

    /// The product, without overflow.
    public var volume: UInt64 {
        let (xy, overflow) = (UInt64(x) * UInt64(y)).multipliedReportingOverflow(by: UInt64(z))
        return overflow ? .max : xy
    }
}

/// What kind of hardware executes the kernels.
public enum AcceleratorKind: UInt8 {
    case none, processor, integrated, discrete, virtual, other

    public var name: String {
        switch self {
        case .none: return "none"
        case .processor: return "processor"
        case .integrated: return "integrated GPU"
        case .discrete: return "discrete GPU"
        case .virtual: return "virtual GPU"
        case .other: return "other"
        }
    }
}

/// What a device is and what a compiler may rely on.
public struct AcceleratorInformation {
    public var name = ""
    public var kind = AcceleratorKind.none
    /// Bytes of the largest memory that kernels reach.
    public var memoryByteCount: UInt64 = 0
    public var limits = AcceleratorLimits()
    public var features: AcceleratorFeatures = []

    public init() {}
}

/// Numbers that a compiler has to stay within.
public struct AcceleratorLimits {
    /// Invocations of one workgroup, along each axis and altogether.
    public var workgroupSize = Extent3(1)
    public var workgroupInvocations: UInt32 = 1
    /// Workgroups of one dispatch.
    public var workgroupCount = Extent3(1)
    /// Bytes that the invocations of a workgroup can share.
    public var sharedByteCount: UInt32 = 0
    /// Invocations that execute together: the usual number, and the range that can be asked for.
    public var subgroupSize: UInt32 = 1
    public var smallestSubgroupSize: UInt32 = 1
    public var largestSubgroupSize: UInt32 = 1
    /// Buffers of one kernel.
    public var bindingCount: UInt32 = 0
    /// Bytes of parameters that travel with a dispatch.
    public var parameterByteCount: UInt32 = 0
    /// What a view's offset must be a multiple of.
    public var viewAlignment: UInt32 = 1
    /// The largest buffer, and the largest part of one that a kernel can see.
    public var bufferByteCount: UInt64 = 0
    public var viewByteCount: UInt64 = 0

    public init() {}
}

/// Types and operations that not every device has.
public struct AcceleratorFeatures: OptionSet {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let float16 = AcceleratorFeatures(rawValue: 1 << 0)
    public static let float64 = AcceleratorFeatures(rawValue: 1 << 1)
    public static let int8 = AcceleratorFeatures(rawValue: 1 << 2)
    public static let int16 = AcceleratorFeatures(rawValue: 1 << 3)
    public static let int64 = AcceleratorFeatures(rawValue: 1 << 4)
    /// Elements of 8 or 16 bits in buffers.
    public static let storage8 = AcceleratorFeatures(rawValue: 1 << 5)
    public static let storage16 = AcceleratorFeatures(rawValue: 1 << 6)
    public static let subgroupArithmetic = AcceleratorFeatures(rawValue: 1 << 7)
    public static let subgroupShuffle = AcceleratorFeatures(rawValue: 1 << 8)
    /// A kernel can ask for a subgroup size.
    public static let subgroupSizeControl = AcceleratorFeatures(rawValue: 1 << 9)
    public static let int64Atomics = AcceleratorFeatures(rawValue: 1 << 10)
    /// Buffers have addresses that kernels can compute with.
    public static let bufferAddresses = AcceleratorFeatures(rawValue: 1 << 11)
    /// The device measures its own time.
    public static let timestamps = AcceleratorFeatures(rawValue: 1 << 12)
    /// A kernel can ask for infinities, NaNs and signs of zero as IEEE 754 has them, in floats of 32 bits and those of 64 that it has.
    public static let specialValues = AcceleratorFeatures(rawValue: 1 << 13)

    /// The names of those in the set, in the order above, with blanks between.
    public var names: String {
        let all: [(AcceleratorFeatures, String)] = [
            (.float16, "f16"), (.float64, "f64"), (.int8, "i8"), (.int16, "i16"), (.int64, "i64"),
            (.storage8, "storage8"), (.storage16, "storage16"), (.subgroupArithmetic, "subgroup-arithmetic"),
            (.subgroupShuffle, "subgroup-shuffle"), (.subgroupSizeControl, "subgroup-size-control"),
            (.int64Atomics, "i64-atomics"), (.bufferAddresses, "buffer-addresses"), (.timestamps, "timestamps"),
            (.specialValues, "special-values"),
        ]
        var text = ""
        for (feature, name) in all where contains(feature) { text += (text.isEmpty ? "" : " ") + name }
        return text
    }
}

/// A constant of a module that is fixed when its kernel is made. Values narrower than 32 bits take 4 bytes.
public struct Specialization {
    public let id: UInt32
    /// The value's bits, and whether it is a 64-bit one.
    public let bits: UInt64
    public let isWide: Bool

    public init(_ id: UInt32, _ value: UInt32) { self.id = id; bits = UInt64(value); isWide = false }
    public init(_ id: UInt32, _ value: Float) { self.id = id; bits = UInt64(value.bitPattern); isWide = false }
    public init(_ id: UInt32, wide value: UInt64) { self.id = id; bits = value; isWide = true }
}

/// How a kernel is called.
public struct KernelLayout {
    public var entry: String
    /// Storage buffers, bound as 0, 1, … of set 0.
    public var bindingCount: Int
    /// Bytes of parameters (push constants), a multiple of 4.
    public var parameterByteCount: Int
    public var specializations: [Specialization]
    /// A subgroup size that the kernel insists on; needs `subgroupSizeControl`.
    public var subgroupSize: UInt32?

    public init(
        entry: String = "main", bindingCount: Int, parameterByteCount: Int = 0,
        specializations: [Specialization] = [], subgroupSize: UInt32? = nil
    ) {
        self.entry = entry
        self.bindingCount = bindingCount
        self.parameterByteCount = parameterByteCount
        self.specializations = specializations
        self.subgroupSize = subgroupSize
    }
}

/// A part of a buffer.
public struct BufferView {
    public let buffer: any AcceleratorBuffer
    public let offset: Int
    public let byteCount: Int

    public init(_ buffer: any AcceleratorBuffer, offset: Int = 0, byteCount: Int? = nil) {
        self.buffer = buffer
        self.offset = offset
        self.byteCount = byteCount ?? max(buffer.byteCount - offset, 0)
    }

    /// Throws `invalidUse` unless the view lies in its buffer at a multiple of `alignment`.
    public func validate(alignment: Int) throws(AcceleratorError) {
        let (end, overflow) = offset.addingReportingOverflow(byteCount)
        guard offset >= 0, byteCount > 0, !overflow, end <= buffer.byteCount else {
            throw AcceleratorError(.invalidUse,
                                   "a view of bytes \(offset)..<\(offset &+ byteCount) does not lie in buffer '\(buffer.name)' of "
                                       + "\(buffer.byteCount) bytes")
        }
        guard offset % alignment == 0 else {
            throw AcceleratorError(.invalidUse,
                                   "a view of buffer '\(buffer.name)' begins at byte \(offset), which is no multiple of \(alignment)")
        }
    }
}

/// One step of a list.
public enum AcceleratorCommand {
    /// Runs a kernel in `groups` workgroups; `bindings[i]` is buffer i of its layout.
    case dispatch(kernel: any AcceleratorKernel, bindings: [BufferView], parameters: [UInt8], groups: Extent3)
    /// Copies between views of equal length that do not overlap.
    case copy(from: BufferView, to: BufferView)
    /// Repeats a 32-bit pattern; offset and length are multiples of 4.
    case fill(BufferView, pattern: UInt32)
    /// What follows sees what came before.
    case barrier
}
