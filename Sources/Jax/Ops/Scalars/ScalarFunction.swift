// A region over scalars (reducer, comparator, scatter update) compiled once into a flat program over untagged words and
// executed once an element, without boxing or reference counting.
import JaxIR
import JaxPlatform

/// One step: `destination = code(a, b, c)`. Slots are numbers of two-word registers; values are in wide form.
struct ScalarInstruction {
    var code: OpCode
    /// The type of the operands (of `a` for select: the predicate's type is known).
    var operand: DType
    var result: DType
    var comparison: Comparison
    var destination: Int32
    var a: Int32
    var b: Int32
    var c: Int32
}

/// A comparison's direction and order, decoded from the attributes of `compare`.
struct Comparison: Equatable {
    enum Direction: UInt8 { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }
    var direction: Direction
    /// IEEE-754 totalOrder in place of the usual comparison of floats.
    var total: Bool

    static let equal = Comparison(direction: .equal, total: false)

    init(direction: Direction, total: Bool) {
        self.direction = direction
        self.total = total
    }

    init?(_ attributes: Attributes) {
        switch attributes.enumeration("comparison_direction") {
        case "EQ": direction = .equal
        case "NE": direction = .notEqual
        case "LT": direction = .less
        case "LE": direction = .lessOrEqual
        case "GT": direction = .greater
        case "GE": direction = .greaterOrEqual
        default: return nil
        }
        total = attributes.enumeration("compare_type") == "TOTALORDER"
    }
}

/// The compiled form of a region whose values are all scalars and whose operations have a wide form.
struct ScalarFunction {
    let parameters: [DType]
    let results: [DType]
    fileprivate(set) var instructions: [ScalarInstruction]
    /// The slot of each result.
    fileprivate(set) var resultSlots: [Int32]
    /// The initial registers: constants and captured values stand in their slots, two words each.
    fileprivate(set) var registers: [UInt64]

    var registerWords: Int { registers.count }

    /// Compiles `region` of the running function. Nil where it holds something that only the evaluator can do.
    init?(_ region: Region, in frame: Frame) {
        var compiler = ScalarCompiler(frame)
        guard compiler.compile(region) else { return nil }
        parameters = compiler.parameterTypes
        var types: [DType] = []
        var slots: [Int32] = []
        for id in region.results {
            guard let found = compiler.lookUp(id) else { return nil }
            types.append(found.dtype)
            slots.append(found.slot)
        }
        results = types
        resultSlots = slots
        instructions = compiler.instructions
        registers = compiler.registers
    }

    /// Fills a register file of `registerWords` words before the first `run`.
    func prepare(_ file: Words) {
        for (index, word) in registers.enumerated() { file[index] = word }
    }

    /// Runs once: the parameters stand in the first registers, the results afterwards in `resultSlots`.
    func run(_ file: Words) {
        instructions.withUnsafeBufferPointer { buffer in
            for index in 0..<buffer.count { execute(buffer[index], file) }
        }
    }
}

/// Walks a region and emits instructions.
private struct ScalarCompiler {
    struct Value {
        var id: ValueID
        var slot: Int32
        var dtype: DType
    }

    let frame: Frame
    var values: [Value] = []
    var parameterTypes: [DType] = []
    var instructions: [ScalarInstruction] = []
    var registers: [UInt64] = []

    init(_ frame: Frame) { self.frame = frame }

    mutating func newSlot() -> Int32 {
        registers.append(0)
        registers.append(0)
        return Int32(registers.count / 2 - 1)
    }

    /// The type of a scalar value with a wide form.
    func scalarType(_ id: ValueID) -> DType? {
        guard let type = frame.function.type(of: id).tensor, type.rank == 0, type.dtype.hasWideForm else { return nil }
        return type.dtype
    }

    /// The slot of a value; one from outside the region becomes a constant.
    mutating func lookUp(_ id: ValueID) -> (slot: Int32, dtype: DType)? {
        for value in values where value.id == id { return (value.slot, value.dtype) }
        guard let dtype = scalarType(id), let outer = try? frame.value(id), case .tensor(let tensor) = outer else { return nil }
        return (define(id, dtype, from: UnsafeRawPointer(tensor.bytes)), dtype)
    }

    mutating func define(_ id: ValueID, _ dtype: DType, from bytes: UnsafeRawPointer) -> Int32 {
        let slot = newSlot()
        registers.withUnsafeMutableBufferPointer { buffer in
            loadWide(dtype, bytes, count: 1, into: buffer.baseAddress! + Int(slot) * 2)
        }
        values.append(Value(id: id, slot: slot, dtype: dtype))
        return slot
    }

    mutating func compile(_ region: Region) -> Bool {
        for id in region.parameters {
            guard let dtype = scalarType(id) else { return false }
            values.append(Value(id: id, slot: newSlot(), dtype: dtype))
            parameterTypes.append(dtype)
        }
        for operation in region.operations {
            if !compile(operation) { return false }
        }
        return true
    }

    mutating func compile(_ operation: Operation) -> Bool {
        guard operation.results.count == 1, operation.regions.isEmpty, let result = scalarType(operation.results[0]) else { return false }
        if operation.code == .constant {
            guard let literal = operation.attributes.literal("value"), literal.type.dtype == result else { return false }
            _ = define(operation.results[0], result, from: UnsafeRawPointer(literal.storage.bytes))
            return true
        }
        var operands: [(slot: Int32, dtype: DType)] = []
        for id in operation.operands {
            guard let operand = lookUp(id) else { return false }
            operands.append(operand)
        }
        if operands.isEmpty || operands.count > 3 { return false }
        // A scalar reshaped or broadcast to a scalar is itself.
        if operation.code == .reshape || operation.code == .broadcastInDim || operation.code == .optimizationBarrier {
            values.append(Value(id: operation.results[0], slot: operands[0].slot, dtype: result))
            return true
        }
        let operandType = operation.code == .select && operands.count == 3 ? operands[1].dtype : operands[0].dtype
        var comparison = Comparison.equal
        if operation.code == .compare {
            guard let decoded = Comparison(operation.attributes) else { return false }
            comparison = decoded
        }
        if !isScalarCode(operation.code, operandType, result, operandCount: operands.count) { return false }
        let slot = newSlot()
        instructions.append(ScalarInstruction(
            code: operation.code, operand: operandType, result: result, comparison: comparison, destination: slot,
            a: operands[0].slot, b: operands.count > 1 ? operands[1].slot : operands[0].slot,
            c: operands.count > 2 ? operands[2].slot : operands[0].slot))
        values.append(Value(id: operation.results[0], slot: slot, dtype: result))
        return true
    }
}
