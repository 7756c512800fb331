// sort: orders one dimension of several operands together by an arbitrary comparator; always stable (`docs/spec.md`, sort).
import JaxIR
import JaxPlatform

func sortFamily() -> [OpDefinition] {
    [OpDefinition(.sort, SortParameters.self, .scalarRegions, infer: sortTypes,
                  evaluate: { activation, parameters, operands throws(JaxError) in
        var inputs: [Tensor] = []
        for operand in operands { inputs.append(try operand.asTensor()) }
        let axis = parameters.dimension < 0 ? parameters.dimension + inputs[0].type.rank : parameters.dimension
        return try sort(inputs, axis: axis, SortOrder(activation, inputs)).map { .tensor($0) }
    }).augmented(sortWithPlaces).jvp(sortTangent).batched(batchedSort)]
}

public final class SortParameters: Parameters {
    /// Counted from the end where it is negative.
    public private(set) var dimension = -1
    public private(set) var isStable = false

    public convenience init(dimension: Int, isStable: Bool = true) {
        self.init()
        self.dimension = dimension
        self.isStable = isStable
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integer("dimension", &dimension, missing: -1)
        try coder.bool("is_stable", &isStable, missing: false)
    }
}

private func sortTypes(_ op: OpView, _ parameters: SortParameters) throws(JaxError) -> [ValueType] {
    try op.require(op.operandCount >= 1, "takes at least one operand")
    try op.requireRegions(1)
    let (types, shape) = try op.alikeOperands(op.operandCount)
    let dimension = parameters.dimension < 0 ? parameters.dimension + shape.count : parameters.dimension
    try op.require(dimension >= 0 && dimension < shape.count, "dimension \(parameters.dimension) is not a dimension of \(types[0])")
    let (takes, returns) = op.regionTypes(0)
    try op.require(takes.count == 2 * types.count, "its comparator must take \(2 * types.count) scalars, takes \(takes.count)")
    for (index, parameter) in takes.enumerated() {
        try op.require(parameter == .tensor(scalarType(types[index / 2])),
                       "its comparator takes a \(parameter) where operand \(index / 2) is \(types[index / 2])")
    }
    try op.require(returns == [.tensor(TensorType(.i1, []))], "its comparator must return one bool")
    return types.map { .tensor(TensorType($0.dtype, shape)) }
}

/// Sorts tensors of one shape together along `axis`, as results of the order's operation. With `keeping`, only that many leading elements of each row are kept.
func sort(_ inputs: [Tensor], axis: Int, keeping kept: Int? = nil, _ order: SortOrder) throws(JaxError) -> [Tensor] {
    let shape = inputs[0].shape
    let length = shape[axis], keptLength = min(kept ?? length, length)
    var results: [Tensor] = []
    for index in inputs.indices { results.append(try order.activation.makeResult(index)) }
    if results[0].elementCount == 0 { return results }
    var inner = 1
    for k in (axis + 1)..<max(shape.count, axis + 1) { inner *= shape[k] }
    let rows = inputs[0].elementCount / length

    let parts = order.isParallel ? partCount(rows, work: inputs[0].elementCount) : 1
    var workspaces: [SortWorkspace] = []
    defer { for workspace in workspaces { workspace.free() } }
    for _ in 0..<parts { workspaces.append(try SortWorkspace(order, length: length)) }
    try inParallel(rows, parts: parts) { (part, range) throws(JaxError) in
        let workspace = workspaces[part]
        for row in range {
            let base = row / inner * length * inner + row % inner
            for (k, operand) in order.used.enumerated() {
                let input = inputs[operand]
                let source = input.bytes + base * input.dtype.byteWidth
                if case .keys(let keys) = order.form {
                    let words = workspace.columns[k].assumingMemoryBound(to: UInt64.self)
                    loadWide(input.dtype, source, stride: inner, count: length, into: words)
                    keys[k].makeKeys(input.dtype, words, length)
                } else {
                    copyRow(input.dtype, source, inner, workspace.columns[k], 1, length)
                }
            }
            let permutation = try sortIndices(order, workspace, length, keeping: keptLength)
            let target = row / inner * keptLength * inner + row % inner
            for k in 0..<inputs.count {
                permute(inputs[k].dtype.byteWidth, inputs[k].bytes, base, results[k].bytes, target, inner, permutation, keptLength)
            }
        }
    }
    return results
}

/// Writes the elements `from + permutation[i] * stride` of the source to `to + i * stride` of the target.
private func permute(_ width: Int, _ source: UnsafeRawPointer, _ from: Int, _ target: UnsafeMutableRawPointer, _ to: Int, _ stride: Int,
                     _ permutation: UnsafePointer<Int32>, _ count: Int) {
    func run<T>(_ type: T.Type) {
        let from = source.assumingMemoryBound(to: T.self) + from, to = target.assumingMemoryBound(to: T.self) + to
        for i in 0..<count { to[i &* stride] = from[Int(permutation[i]) &* stride] }
    }
    switch width {
    case 1: run(UInt8.self)
    case 2: run(UInt16.self)
    case 4: run(UInt32.self)
    case 8: run(UInt64.self)
    default: run(Bytes16.self)
    }
}

/// How two elements compare.
struct SortOrder {
    enum Form {
        /// Integer keys, the first the most significant.
        case keys([SortKey])
        case program(ScalarFunction)
        case region
    }

    let form: Form
    fileprivate let activation: Activation
    let dtypes: [DType]
    /// The operands that the comparison reads: as keys in wide form, else as they are.
    let used: [Int]

    var isParallel: Bool {
        if case .region = form { return false }
        return true
    }

    /// The order of an operation's comparator: its region, or the function that its parameters name.
    init(_ activation: Activation, _ inputs: [Tensor]) throws(JaxError) {
        try SortOrder.checkSize(inputs)
        self.activation = activation
        dtypes = inputs.map { $0.dtype }
        let region = activation.operation.regions.first ?? activation.step.callees[0].function.body
        let function = activation.operation.regions.isEmpty ? activation.step.callees[0].function : activation.frame.function
        if let keys = recogniseKeys(region, in: function), !keys.contains(where: { $0.isPartial }) {
            form = .keys(keys)
            used = keys.map { $0.operand }
        } else {
            if let function = activation.step.scalars[0] { form = .program(function) } else { form = .region }
            used = Array(0..<inputs.count)
        }
    }

    /// The order of the first tensor's elements alone, floats in total order.
    init(_ activation: Activation, _ inputs: [Tensor], isDescending: Bool) throws(JaxError) {
        try SortOrder.checkSize(inputs)
        self.activation = activation
        dtypes = inputs.map { $0.dtype }
        form = .keys([SortKey(operand: 0, isDescending: isDescending, mergesZeros: false, mergesNaNs: false, isPartial: false)])
        used = [0]
    }

    private static func checkSize(_ inputs: [Tensor]) throws(JaxError) {
        guard inputs[0].elementCount <= Int(Int32.max) else { throw JaxError(.resourceExhausted, "sort: more than \(Int32.max) elements") }
    }

    /// Bytes of an element of a used operand in the workspace.
    fileprivate func width(_ operand: Int) -> Int {
        if case .keys = form { return 8 }
        return dtypes[operand].byteWidth
    }
}

/// One processor's memory while it sorts rows.
struct SortWorkspace {
    private let scratch: Scratch
    /// The row's elements (or keys) of each used operand.
    let columns: [UnsafeMutableRawPointer]
    fileprivate let registers: ScalarRegisters?
    fileprivate let indices: UnsafeMutablePointer<Int32>
    fileprivate let other: UnsafeMutablePointer<Int32>

    init(_ order: SortOrder, length: Int) throws(JaxError) {
        var bytes = 0
        for operand in order.used { bytes += (length * order.width(operand) + 15) & ~15 }
        scratch = try Scratch(byteCount: bytes + 8 * length + 8)
        var next = scratch.bytes, columns: [UnsafeMutableRawPointer] = []
        for operand in order.used {
            columns.append(next)
            next += (length * order.width(operand) + 15) & ~15
        }
        self.columns = columns
        indices = next.assumingMemoryBound(to: Int32.self)
        other = indices + length
        if case .program(let function) = order.form {
            registers = try ScalarRegisters(function, lanes: 1, in: order.activation.frame)
        } else {
            registers = nil
        }
    }

    func free() {
        registers?.free()
        scratch.free()
    }
}

/// The stable permutation that sorts the workspace's row; of it `kept` elements are wanted.
private func sortIndices(_ order: SortOrder, _ workspace: SortWorkspace, _ length: Int,
                         keeping kept: Int) throws(JaxError) -> UnsafePointer<Int32> {
    switch order.form {
    case .keys:
        var columns: [UnsafePointer<Int64>] = []
        for column in workspace.columns { columns.append(UnsafePointer(column.assumingMemoryBound(to: Int64.self))) }
        let keys = RowKeys(columns: columns, length: length)
        if kept < length / 8 { return try keys.first(kept, workspace.indices) }
        return try keys.sorted(workspace.indices, workspace.other)
    case .program:
        let registers = workspace.registers!
        return try mergeSort(workspace, length) { a, b throws(JaxError) in
            for (k, operand) in order.used.enumerated() {
                let width = order.dtypes[operand].byteWidth
                registers.blocks[2 * k] = workspace.columns[k] + Int(a) * width
                registers.blocks[2 * k + 1] = workspace.columns[k] + Int(b) * width
            }
            registers.run(1)
            return registers.result(0).load(as: UInt8.self) != 0
        }
    case .region:
        return try mergeSort(workspace, length) { a, b throws(JaxError) in
            var arguments: [RuntimeValue] = []
            for (k, operand) in order.used.enumerated() {
                let dtype = order.dtypes[operand]
                arguments.append(.tensor(try scalarTensor(dtype, workspace.columns[k] + Int(a) * dtype.byteWidth)))
                arguments.append(.tensor(try scalarTensor(dtype, workspace.columns[k] + Int(b) * dtype.byteWidth)))
            }
            let activation = order.activation
            let results = activation.operation.regions.isEmpty ? try activation.call(0, arguments) : try activation.run(0, arguments)
            return try results[0].asTruth()
        }
    }
}

/// Bottom-up merge sort of the indices `0..<count`: insertion into runs of 16, then merges between two buffers.
@inline(__always)
private func mergeSort(_ workspace: SortWorkspace, _ count: Int,
                       _ less: (Int32, Int32) throws(JaxError) -> Bool) throws(JaxError) -> UnsafePointer<Int32> {
    var from = workspace.indices, to = workspace.other
    for i in 0..<count { from[i] = Int32(truncatingIfNeeded: i) }
    let run = 16
    var start = 0
    while start < count {
        let end = min(start + run, count)
        for i in start..<end {
            let index = from[i]
            var j = i
            while j > start {
                if try !less(index, from[j - 1]) { break }
                from[j] = from[j - 1]
                j -= 1
            }
            from[j] = index
        }
        start = end
    }
    var width = run
    while width < count {
        try checkpoint()
        start = 0
        while start < count {
            let middle = min(start + width, count), end = min(start + 2 * width, count)
            var a = start, b = middle, k = start
            while a < middle && b < end {
                if try less(from[b], from[a]) {
                    to[k] = from[b]
                    b += 1
                } else {
                    to[k] = from[a]
                    a += 1
                }
                k += 1
            }
            while a < middle {
                to[k] = from[a]
                a += 1
                k += 1
            }
            while b < end {
                to[k] = from[b]
                b += 1
                k += 1
            }
            start = end
        }
        swap(&from, &to)
        width *= 2
    }
    return UnsafePointer(from)
}
