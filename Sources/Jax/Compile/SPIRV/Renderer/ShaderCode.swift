// A kernel as SPIR-V: what a device runs in its place. All dispatches of a kernel find their buffers in one way: two addresses travel with
// a dispatch, that of a table with the addresses of the kernel's buffers, and that of scratch memory. A list that was recorded once serves
// any buffers, since what it needs is read from the table when it runs.
import JaxOps
import JaxPlatform
import Loops

/// One dispatch: a module with the entry point "main", and its workgroups.
public struct ShaderDispatch {
    public let words: [UInt32]
    public let groups: Extent3
    /// Iterations of loops that its invocations share out.
    public let invocations: Int
}

/// A kernel as dispatches that follow each other, each of which sees what the one before has written.
public final class ShaderCode: CompiledKernel {
    /// Bytes of the parameters: the address of the table, that of the scratch memory.
    public static let parameterByteCount = 16

    public let dispatches: [ShaderDispatch]
    public let bufferCount: Int
    /// Bytes of memory that its dispatches use between them.
    public let scratchByteCount: Int

    init(_ kernel: Kernel, _ dispatches: [ShaderDispatch], scratchByteCount: Int, source: String?) {
        self.dispatches = dispatches
        self.scratchByteCount = scratchByteCount
        bufferCount = kernel.buffers.count
        super.init(name: kernel.name, source: source, cost: kernel.cost)
    }
}

/// What a renderer has to know of a device.
public struct ShaderTarget {
    /// Invocations of a workgroup, and how many of them execute together.
    public var workgroupSize = 64, subgroupSize = 8
    /// Workgroups along one axis of a dispatch.
    public var workgroupCount = 65535
    /// About how many invocations keep the device busy.
    public var parallelism = 1024
    public var features: AcceleratorFeatures
    /// Whether a × b + c is rounded once (`probing` finds out).
    public var fusesMultiplyAdd = false
    /// The shape of loops over contractions.
    public var loops = LoopTarget(lanes: 16, registers: 29)

    /// What suits a device; nil where it lacks what every kernel needs: buffers with addresses, and 64-bit integers to compute them.
    public init?(_ information: AcceleratorInformation) {
        guard information.features.contains([.bufferAddresses, .int64]),
              information.limits.parameterByteCount >= UInt32(ShaderCode.parameterByteCount) else { return nil }
        features = information.features
        let limits = information.limits
        workgroupSize = Int(min(64, limits.workgroupInvocations, limits.workgroupSize.x))
        subgroupSize = Int(max(1, limits.subgroupSize))
        workgroupCount = Int(min(limits.workgroupCount.x, limits.workgroupCount.y, 65535))
        // A software device has as many invocations at once as its processors have lanes.
        parallelism = information.kind == .processor ? 256 : 16384
    }
}

extension ShaderCode {
    /// The code of a verified kernel; nil where the device lacks a type that it needs, or where buffers are so large that distances
    /// within them do not fit 32 bits.
    public static func render(_ kernel: Kernel, for target: ShaderTarget, source: String?) -> ShaderCode? {
        guard kernel.buffers.allSatisfy({ $0.count <= Int(Int32.max) / $0.element.byteCount }),
              kernel.neededFeatures.isSubset(of: target.features) else { return nil }
        var dispatches: [ShaderDispatch] = [], scratchByteCount = 0
        for nest in kernel.gridNests {
            for stage in nest.stages(kernel, target) {
                guard stage.invocations <= Int(Int32.max), GridLayout(stage, target).rows <= target.workgroupCount else { return nil }
                dispatches.append(ShaderRendering.dispatch(kernel, stage, target))
                scratchByteCount = max(scratchByteCount, stage.scratchByteCount)
            }
        }
        return ShaderCode(kernel, dispatches, scratchByteCount: scratchByteCount, source: source)
    }
}

extension Kernel {
    /// What a device must have for the types of its values and buffers.
    fileprivate var neededFeatures: AcceleratorFeatures {
        var features: AcceleratorFeatures = []
        if types.contains(.f64) { features.insert(.float64) }
        for buffer in buffers {
            switch buffer.element {
            case .bool, .i8, .u8: features.formUnion([.int8, .storage8])
            case .i16, .u16, .bf16: features.formUnion([.int16, .storage16])
            case .f16: features.formUnion([.float16, .int16, .storage16])
            case .i32, .i64, .f32, .f64: break
            }
        }
        return features
    }
}
