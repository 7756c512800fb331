// A `while` over scalars as one kernel: what it carries stays in registers from trip to trip. A kernel makes so many trips at most and
// says whether it is done; between two runs whoever runs it looks whether the job is to end (`KernelSequence.carried`).
import JaxIR
import JaxOps
import JaxPlatform
import Loops

struct WhileLowering {
    let kernel: Kernel
    /// What the kernel is given: the initial values, then what the regions use from outside. It writes the results, and at last an
    /// integer: 0 when the loop is done.
    let operands: [ValueID]
    private static let trips = 1 << 16

    /// Nil where anything but a scalar takes part.
    init?(_ operation: Operation, _ function: Function, name: String) {
        guard operation.code == .while, !operation.results.isEmpty else { return nil }
        let builder = KernelBuilder()
        // What comes from outside has a buffer of its own even where it is an initial value, too: between two runs that one's changes.
        var captured: [ValueID] = []
        func element(_ value: ValueID) -> ElementType? {
            guard let type = function.type(of: value).tensor, type.rank == 0 else { return nil }
            return type.dtype.laneElement
        }
        var outside: [ValueID: LaneValue] = [:]
        for region in operation.regions {
            var known = Set(region.parameters)
            for inner in region.operations {
                guard inner.regions.isEmpty, inner.results.count == 1 else { return nil }
                for operand in inner.operands where !known.contains(operand) && !captured.contains(operand) { captured.append(operand) }
                known.formUnion(inner.results)
            }
            for result in region.results where !known.contains(result) && !captured.contains(result) { captured.append(result) }
        }
        let operands = operation.operands + captured
        var lanes: [LaneValue] = []
        for operand in operands {
            guard let type = element(operand) else { return nil }
            lanes.append(builder.load(builder.buffer(type, count: 1), LoopIndex()))
            outside[operand] = lanes[lanes.count - 1]
        }
        var outputs: [BufferID] = []
        for result in operation.results {
            guard let type = element(result) else { return nil }
            outputs.append(builder.buffer(type, count: 1, isWritten: true))
        }
        var isPossible = true
        func lower(_ region: Region, _ parameters: [LaneValue]) -> [LaneValue] {
            var known = outside
            for (parameter, lane) in zip(region.parameters, parameters) { known[parameter] = lane }
            for inner in region.operations {
                guard let lane = ScalarLowering.lane(inner, function, known, builder) else {
                    isPossible = false
                    return parameters
                }
                known[inner.results[0]] = lane
            }
            return region.results.map { known[$0] ?? parameters[0] }
        }
        let more = builder.buffer(.i32, count: 1, isWritten: true)
        let never = builder.constant(.bool, 0), zero = builder.constant(.i32, 0), minusOne = builder.constant(.i32, -1)
        let left = builder.constant(.i32, WhileLowering.trips)
        let results = builder.whileLoop(carrying: lanes[..<operation.operands.count] + [left]) { current in
            let holds = lower(operation.regions[0], Array(current.dropLast()))
            return isPossible ? builder.and(holds[0], builder.less(zero, current[current.count - 1])) : never
        } _: { current in
            lower(operation.regions[1], Array(current.dropLast())) + [builder.add(current[current.count - 1], minusOne)]
        }
        if !isPossible { return nil }
        let isLeft = builder.less(zero, results[results.count - 1])
        builder.store(builder.select(isLeft, zero, builder.constant(.i32, 1)), to: more, LoopIndex())
        for (result, output) in zip(results, outputs) { builder.store(result, to: output, LoopIndex()) }
        kernel = builder.finish(name: name)
        self.operands = operands
    }
}
