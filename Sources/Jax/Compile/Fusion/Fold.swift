// A reduction's region as operations on lanes.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

/// One reduce operation as it is folded lane by lane.
struct Fold {
    let operation: Operation
    let operands: [ValueID]
    let initials: [ValueID]
    let results: [ValueID]
    /// The types that the region works in.
    let dtypes: [DType]
    private let function: Function
    private let region: Region
    /// The operation that the region consists of, where it is a single one.
    private let single: OpCode?

    /// Nil where the region is more than scalars.
    init?(_ operation: Operation, _ function: Function) {
        let count = operation.operands.count / 2
        self.operation = operation
        self.function = function
        operands = Array(operation.operands[..<count])
        initials = Array(operation.operands[count...])
        results = operation.results
        region = operation.regions[0]
        var dtypes: [DType] = []
        for result in region.results {
            guard let type = function.type(of: result).tensor, type.dtype.laneElement != nil else { return nil }
            dtypes.append(type.dtype)
        }
        self.dtypes = dtypes
        if region.operations.count == 1, region.results == region.operations[0].results, Set(region.operations[0].operands).count == 2,
           Set(region.operations[0].operands) == Set(region.parameters) {
            single = region.operations[0].code
        } else {
            single = nil
        }
    }

    /// Whether lanes may start from a neutral element, which the initial value joins at the end.
    var hasNeutral: Bool { neutralBits != nil }

    func neutral(_ position: Int, _ builder: KernelBuilder) -> LaneValue? {
        guard let bits = neutralBits, let lane = dtypes[0].laneElement?.lane else { return nil }
        return builder.constant(lane, bits: bits)
    }

    /// The neutral element of the region's operation. Without one the initial value itself starts every lane: it is neutral by the
    /// specification of reduce.
    private var neutralBits: LaneBits? {
        guard let single, let lane = dtypes[0].laneElement?.lane else { return nil }
        let dtype = dtypes[0], isFloat = dtype.isFloat
        switch single {
        case .add: return dtype == .i1 ? 0 : lane == .f32 ? 0x8000_0000 : lane == .f64 ? 1 << 63 : 0
        case .multiply: return lane == .f32 ? LaneBits(Float(1).bitPattern) : lane == .f64 ? Double(1).bitPattern : 1
        case .or, .xor: return 0
        case .and:
            return dtype == .i1 ? 1 : dtype.kind == .signed || dtype.bitWidth >= 32 ? ones(lane) : (1 << LaneBits(dtype.bitWidth)) - 1
        case .maximum: return isFloat ? infinity(lane, isNegative: true) : least(dtype, lane)
        case .minimum: return isFloat ? infinity(lane, isNegative: false) : greatest(dtype, lane)
        default: return nil
        }
    }

    private func ones(_ lane: LaneType) -> LaneBits { lane == .i64 ? ~0 : 0xFFFF_FFFF }

    private func infinity(_ lane: LaneType, isNegative: Bool) -> LaneBits {
        lane == .f64 ? (isNegative ? -Double.infinity : .infinity).bitPattern
            : LaneBits((isNegative ? -Float.infinity : .infinity).bitPattern)
    }

    private func least(_ dtype: DType, _ lane: LaneType) -> LaneBits {
        if dtype.kind != .signed { return 0 }
        return (~0 << LaneBits(dtype.bitWidth - 1)) & ones(lane)
    }

    private func greatest(_ dtype: DType, _ lane: LaneType) -> LaneBits {
        if dtype == .i1 { return 1 }
        return (1 << LaneBits(dtype.bitWidth - 1) - 1) | (dtype.kind == .signed ? 0 : 1 << LaneBits(dtype.bitWidth - 1))
    }

    /// What the region gives for what has been folded and one more.
    func combine(_ a: [LaneValue], _ b: [LaneValue], _ builder: KernelBuilder) -> [LaneValue]? {
        ScalarLowering.results(region, function, a + b, builder)
    }
}

/// Operations on scalars as lanes.
enum ScalarLowering {
    /// What a region of scalars gives for its parameters.
    static func results(_ region: Region, _ function: Function, _ parameters: [LaneValue], _ builder: KernelBuilder) -> [LaneValue]? {
        var lanes: [ValueID: LaneValue] = [:]
        for (parameter, lane) in zip(region.parameters, parameters) { lanes[parameter] = lane }
        for operation in region.operations {
            guard let lane = lane(operation, function, lanes, builder) else { return nil }
            lanes[operation.results[0]] = lane
        }
        var results: [LaneValue] = []
        for result in region.results {
            guard let lane = lanes[result] else { return nil }
            results.append(lane)
        }
        return results
    }

    /// The lane of an operation with one scalar result; nil where it has none or an operand is not known.
    static func lane(_ operation: Operation, _ function: Function, _ lanes: [ValueID: LaneValue], _ builder: KernelBuilder) -> LaneValue? {
        guard operation.results.count == 1, let result = function.type(of: operation.results[0]).tensor, result.rank == 0,
              let element = result.dtype.laneElement else { return nil }
        if operation.code == .constant {
            return builder.constant(element.lane, bits: element.load(operation.parameters(ConstantParameters.self).value.storage.bytes))
        }
        var operands: [LaneValue] = [], dtype = result.dtype
        for operand in operation.operands {
            guard let lane = lanes[operand], let type = function.type(of: operand).tensor, type.rank == 0 else { return nil }
            operands.append(lane)
            dtype = type.dtype
        }
        if [.reshape, .broadcastInDim].contains(operation.code) { return operands.first }
        guard !operands.isEmpty, let rule = opDefinition(operation)?.lanes else { return nil }
        return rule(LaneContext(builder, operands, operand: dtype, result: result.dtype, operation.parameters))
    }
}
