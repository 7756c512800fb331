// A region over scalars (reducer, comparator, update) compiled once into a list of loops, and run over blocks of lanes: each
// instruction is an elementwise operation's own loop over as many elements as there are lanes, so that a region computes what
// the operations compute, and choosing what to do is paid once a block.
import JaxIR
import JaxPlatform

/// One step: `slots[result] = kernel(slots[a], slots[b], slots[c])`, for all lanes.
private struct ScalarInstruction {
    let kernel: BlockKernel
    let a: Int, b: Int, c: Int
    let result: Int
}

/// The compiled form of a region whose values are all scalars and whose operations all work element by element.
final class ScalarFunction {
    /// The element types of the parameters, which stand in the first slots.
    let parameters: [DType]
    let results: [DType]
    /// The slot of each result.
    let resultSlots: [Int]
    fileprivate let slots: [DType]
    fileprivate let instructions: [ScalarInstruction]
    fileprivate let constants: [(slot: Int, literal: Literal)]
    /// Values from outside the region that it uses.
    fileprivate let captures: [(slot: Int, value: ValueID)]

    /// Compiles `region` of `function`. Nil where it holds something that only the evaluator can do.
    init?(_ region: Region, of function: Function) {
        var compiler = ScalarCompiler(function)
        guard compiler.compile(region) else { return nil }
        var resultSlots: [Int] = [], results: [DType] = []
        for id in region.results {
            guard let slot = compiler.slot(of: id) else { return nil }
            resultSlots.append(slot)
            results.append(compiler.slots[slot])
        }
        self.resultSlots = resultSlots
        self.results = results
        parameters = Array(compiler.slots[..<region.parameters.count])
        slots = compiler.slots
        instructions = compiler.instructions
        constants = compiler.constants
        captures = compiler.captures
    }

    /// The name of the one operation that combines both parameters, or nil: the form of most reducers.
    static func singleOperation(_ region: Region) -> Operation? {
        guard region.parameters.count == 2, region.results.count == 1, region.operations.count == 1,
              region.operations[0].results == region.results,
              region.operations[0].operands == region.parameters
                || region.operations[0].operands == [region.parameters[1], region.parameters[0]] else { return nil }
        return region.operations[0]
    }
}

/// Memory in which a function runs: a block of `lanes` elements for each slot. Parameters may be pointed at other memory.
struct ScalarRegisters {
    let function: ScalarFunction
    let lanes: Int
    private let scratch: Scratch
    /// Where each slot's block lies.
    let blocks: UnsafeMutablePointer<UnsafeMutableRawPointer>

    /// Constants and values captured from `frame` are filled in. The caller frees it.
    init(_ function: ScalarFunction, lanes: Int, in frame: Frame) throws(JaxError) {
        self.function = function
        self.lanes = lanes
        var size = function.slots.count * MemoryLayout<UnsafeMutableRawPointer>.stride
        for dtype in function.slots { size = (size + 15) & ~15 + lanes * dtype.byteWidth }
        scratch = try Scratch(byteCount: size + 16)
        blocks = scratch.bytes.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        var offset = function.slots.count * MemoryLayout<UnsafeMutableRawPointer>.stride
        for (slot, dtype) in function.slots.enumerated() {
            offset = (offset + 15) & ~15
            blocks[slot] = scratch.bytes + offset
            offset += lanes * dtype.byteWidth
        }
        for constant in function.constants { fill(constant.slot, constant.literal.storage.bytes) }
        for capture in function.captures {
            guard case .tensor(let tensor) = try frame.value(capture.value) else {
                throw JaxError(.internalError, "a scalar function captures a value that is no array")
            }
            fill(capture.slot, tensor.bytes)
        }
    }

    func free() { scratch.free() }

    private func fill(_ slot: Int, _ element: UnsafeRawPointer) {
        let width = function.slots[slot].byteWidth
        for lane in 0..<lanes { (blocks[slot] + lane * width).copyMemory(from: element, byteCount: width) }
    }

    /// Runs the first `count` lanes.
    func run(_ count: Int) {
        let blocks = self.blocks
        function.instructions.withUnsafeBufferPointer { instructions in
            for index in 0..<instructions.count {
                let step = instructions[index]
                step.kernel(blocks[step.a], blocks[step.b], blocks[step.c], blocks[step.result], count)
            }
        }
    }

    /// The block of result `index` after a run.
    @inline(__always) func result(_ index: Int) -> UnsafeMutableRawPointer { blocks[function.resultSlots[index]] }
}

/// Walks a region and emits instructions.
private struct ScalarCompiler {
    let function: Function
    private var slotOf: [Int: Int] = [:]
    var slots: [DType] = []
    var instructions: [ScalarInstruction] = []
    var constants: [(slot: Int, literal: Literal)] = []
    var captures: [(slot: Int, value: ValueID)] = []

    init(_ function: Function) { self.function = function }

    private mutating func define(_ id: ValueID, _ dtype: DType) -> Int {
        slots.append(dtype)
        slotOf[id.index] = slots.count - 1
        return slots.count - 1
    }

    private func scalarType(_ id: ValueID) -> DType? {
        guard let type = function.type(of: id).tensor, type.rank == 0 else { return nil }
        return type.dtype
    }

    /// The slot of a value; one from outside the region is captured.
    mutating func slot(of id: ValueID) -> Int? {
        if let slot = slotOf[id.index] { return slot }
        guard let dtype = scalarType(id) else { return nil }
        let slot = define(id, dtype)
        captures.append((slot, id))
        return slot
    }

    mutating func compile(_ region: Region) -> Bool {
        for id in region.parameters {
            guard let dtype = scalarType(id) else { return false }
            _ = define(id, dtype)
        }
        for operation in region.operations where !compile(operation) { return false }
        return true
    }

    private mutating func compile(_ operation: Operation) -> Bool {
        if operation.code == .constant {
            let literal = operation.parameters(ConstantParameters.self).value
            guard literal.type.rank == 0 else { return false }
            constants.append((define(operation.results[0], literal.type.dtype), literal))
            return true
        }
        guard operation.results.count == 1, operation.regions.isEmpty, (1...3).contains(operation.operands.count),
              let result = scalarType(operation.results[0]) else { return false }
        var operands: [Int] = []
        for id in operation.operands {
            guard let slot = slot(of: id) else { return false }
            operands.append(slot)
        }
        // A scalar reshaped or broadcast to a scalar is itself.
        if operation.code == .reshape || operation.code == .broadcastInDim || operation.code == .optimizationBarrier {
            slotOf[operation.results[0].index] = operands[0]
            return true
        }
        guard let kernel = opDefinition(operation.code)?.scalar?(slots[operands[operands.count - 1]], result, operation.parameters) else {
            return false
        }
        instructions.append(ScalarInstruction(kernel: kernel, a: operands[0], b: operands.count > 1 ? operands[1] : operands[0],
                                              c: operands.count > 2 ? operands[2] : operands[0],
                                              result: define(operation.results[0], result)))
        return true
    }
}
