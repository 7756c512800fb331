// sort: orders one dimension of several operands together by an arbitrary comparator; always stable (`docs/spec.md`, sort).
import JaxIR
import JaxPlatform

func sortFamily() -> [OpDefinition] {
    [OpDefinition(.sort, shape: sortShape, evaluate: evaluateSort)]
}

private func sortShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.require(op.operandCount >= 1, "takes at least one operand")
    try op.requireRegions(1)
    let (types, shape) = try op.alikeOperands(op.operandCount)
    var dimension = op.attributes.integer("dimension") ?? -1
    if dimension < 0 { dimension += shape.count }
    try op.require(dimension >= 0 && dimension < shape.count, "dimension \(dimension) is not a dimension of \(types[0])")
    let (parameters, results) = op.regionTypes(0)
    try op.require(parameters.count == 2 * types.count, "its comparator must take \(2 * types.count) scalars, takes \(parameters.count)")
    for (index, parameter) in parameters.enumerated() {
        try op.require(parameter == .tensor(scalarType(types[index / 2])), "its comparator takes a \(parameter) where operand \(index / 2) is \(types[index / 2])")
    }
    try op.require(results == [.tensor(TensorType(.i1, []))], "its comparator must return one bool")
    var values: [ValueType] = []
    for type in types { values.append(.tensor(TensorType(type.dtype, shape))) }
    return values
}

private func evaluateSort(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    var inputs: [Tensor] = []
    for operand in operands { inputs.append(try operand.asTensor()) }
    let dimension = operation.attributes.integer("dimension") ?? -1
    let order = try SortOrder(operation.regions[0], frame, inputs)
    var values: [RuntimeValue] = []
    for result in try sort(inputs, axis: dimension < 0 ? dimension + inputs[0].type.rank : dimension, order) { values.append(.tensor(result)) }
    return values
}

/// Sorts tensors of one shape together along `axis`. With `keeping`, only that many leading elements of each row are kept.
func sort(_ inputs: [Tensor], axis: Int, keeping kept: Int? = nil, _ order: SortOrder) throws(JaxError) -> [Tensor] {
    let shape = inputs[0].shape
    let length = shape[axis], keptLength = min(kept ?? length, length)
    var resultShape = shape
    resultShape[axis] = keptLength
    var results: [Tensor] = []
    for input in inputs { results.append(try Tensor(TensorType(input.dtype, resultShape))) }
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
                let words = workspace.elements + workspace.starts[k]
                loadWide(input.dtype, input.bytes + base * input.dtype.byteWidth, stride: inner, count: length, into: words)
                if case .keys(let keys) = order.form { keys[k].makeKeys(input.dtype, words, length) }
            }
            let permutation = try sortIndices(order, workspace, length)
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
        case region(Frame, Region)
    }

    let form: Form
    let dtypes: [DType]
    /// The operands that the comparison reads, in wide form.
    let used: [Int]

    var isParallel: Bool {
        if case .region = form { return false }
        return true
    }

    init(_ region: Region, _ frame: Frame, _ inputs: [Tensor]) throws(JaxError) {
        guard inputs[0].elementCount <= Int(Int32.max) else { throw JaxError(.resourceExhausted, "sort: more than \(Int32.max) elements") }
        var dtypes: [DType] = []
        for input in inputs { dtypes.append(input.dtype) }
        self.dtypes = dtypes
        if let keys = recogniseKeys(region, in: frame.function), !keys.contains(where: { $0.isPartial }) {
            form = .keys(keys)
            var used: [Int] = []
            for key in keys { used.append(key.operand) }
            self.used = used
        } else {
            if let function = ScalarFunction(region, in: frame) { form = .program(function) } else { form = .region(frame, region) }
            used = Array(0..<inputs.count)
        }
        for operand in used { try requireWideForm(dtypes[operand]) }
    }

    /// The order of the first tensor's elements alone, floats in total order.
    init(_ inputs: [Tensor], isDescending: Bool) throws(JaxError) {
        guard inputs[0].elementCount <= Int(Int32.max) else { throw JaxError(.resourceExhausted, "sort: more than \(Int32.max) elements") }
        var dtypes: [DType] = []
        for input in inputs { dtypes.append(input.dtype) }
        self.dtypes = dtypes
        form = .keys([SortKey(operand: 0, isDescending: isDescending, mergesZeros: false, mergesNaNs: false, isPartial: false)])
        used = [0]
        try requireWideForm(dtypes[0])
    }
}

/// One processor's memory while it sorts rows.
struct SortWorkspace {
    private let scratch: Scratch
    /// The row's elements (or keys) of the used operands, each from its start.
    let elements: Words
    let starts: [Int]
    fileprivate let registers: Words
    fileprivate let indices: UnsafeMutablePointer<Int32>
    fileprivate let other: UnsafeMutablePointer<Int32>

    init(_ order: SortOrder, length: Int) throws(JaxError) {
        var starts: [Int] = [], words = 0
        for operand in order.used {
            starts.append(words)
            words += length * order.dtypes[operand].wideWords
        }
        self.starts = starts
        var registerWords = 0
        if case .program(let function) = order.form { registerWords = function.registerWords }
        scratch = try Scratch(words: words + registerWords + length + 1)
        elements = scratch.words
        registers = elements + words
        indices = UnsafeMutableRawPointer(registers + registerWords).assumingMemoryBound(to: Int32.self)
        other = indices + length
        if case .program(let function) = order.form { function.prepare(registers) }
    }

    func free() { scratch.free() }
}

/// The stable permutation that sorts the workspace's row.
private func sortIndices(_ order: SortOrder, _ workspace: SortWorkspace, _ length: Int) throws(JaxError) -> UnsafePointer<Int32> {
    let elements = workspace.elements
    switch order.form {
    case .keys(let keys):
        let first = elements.integers
        if keys.count == 1 {
            return try mergeSort(workspace, length) { a, b throws(JaxError) in first[Int(a)] < first[Int(b)] }
        }
        return try mergeSort(workspace, length) { a, b throws(JaxError) in
            for k in 0..<keys.count {
                let column = elements.integers + k * length
                if column[Int(a)] != column[Int(b)] { return column[Int(a)] < column[Int(b)] }
            }
            return false
        }
    case .program(let function):
        return try mergeSort(workspace, length) { a, b throws(JaxError) in
            for (k, operand) in order.used.enumerated() {
                let words = order.dtypes[operand].wideWords
                let column = elements + workspace.starts[k]
                for part in 0..<words {
                    workspace.registers[4 * k + part] = column[Int(a) * words + part]
                    workspace.registers[4 * k + 2 + part] = column[Int(b) * words + part]
                }
            }
            function.run(workspace.registers)
            return workspace.registers[Int(function.resultSlots[0]) * 2] != 0
        }
    case .region(let frame, let region):
        return try mergeSort(workspace, length) { a, b throws(JaxError) in
            var arguments: [RuntimeValue] = []
            for (k, operand) in order.used.enumerated() {
                arguments.append(.tensor(try scalarTensor(order.dtypes[operand], elements + workspace.starts[k], Int(a))))
                arguments.append(.tensor(try scalarTensor(order.dtypes[operand], elements + workspace.starts[k], Int(b))))
            }
            return try frame.run(region, arguments)[0].asTensor().bytes.load(as: UInt8.self) != 0
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
