// Batches are compared with their rows one by one: each operand batched alone, then all together.
import JaxIR
import JaxOps
import JaxPlatform
import Testing
@testable import JaxTransform

struct BatchCheck {
    static let size = 3
    let sample: Sample

    func check(_ function: Callable, rows: [[Tensor]], _ path: String = "", together: Bool = false) throws {
        let operands = Array(rows[0].indices)
        var choices: [[Int]] = together ? [] : operands.map { [$0] }
        if operands.count > 1 || together { choices.append(operands) }
        for choice in choices where !choice.isEmpty { try check(function, rows, batched: choice, path) }
    }

    /// Operands in `batched` have rows, at dimension `axis` of those (negative: from the end); the results have theirs at `outAxis`.
    func check(_ function: Callable, _ rows: [[Tensor]], batched: [Int], _ path: String = "", axis: Int = 0, outAxis: Int = 0) throws {
        var options = BatchOptions()
        options.axisSize = BatchCheck.size
        options.inAxes = rows[0].indices.map { batched.contains($0) ? axis : nil }
        options.outAxes = outAxis
        let what = "\(sample.testDescription): \(path)vmap over operands \(batched)"
        let mapped: Callable
        do { mapped = try function.applying(.vmap(options)) } catch {
            Issue.record("\(what): \(error)")
            return
        }
        var arguments: [Tensor] = [], singles: [[Tensor]] = []
        for index in rows[0].indices {
            arguments.append(batched.contains(index) ? try stacked(rows.map { $0[index] }, at: axis) : rows[0][index])
        }
        for row in rows { singles.append(try function(rows[0].indices.map { batched.contains($0) ? row[$0] : rows[0][$0] })) }
        let results = try mapped(arguments)
        for (index, result) in results.enumerated() {
            let expected = try stacked(singles.map { $0[index] }, at: outAxis)
            guard result.type == expected.type else {
                Issue.record("\(what): result \(index) is \(result.type), expected \(expected.type)")
                continue
            }
            let isExact = sample.isExact && path.isEmpty || !result.hasTangent
            if !sample.isRandom {
                try #expect(isClose(try result.numbers, try expected.numbers, isExact ? 0 : 1e-12), "\(what): result \(index) is another")
            }
        }
    }

    /// Arrays of one type along a new dimension.
    private func stacked(_ rows: [Tensor], at axis: Int) throws -> Tensor {
        let type = rows[0].type, place = axis < 0 ? axis + type.rank + 1 : axis, width = type.dtype.byteWidth
        var shape = type.shape
        shape.insert(rows.count, at: place)
        let stack = try Tensor(TensorType(type.dtype, shape))
        let inner = type.shape[place...].reduce(width, *), outer = type.shape[..<place].reduce(1, *)
        for o in 0..<outer {
            for (k, row) in rows.enumerated() {
                (stack.bytes + (o * rows.count + k) * inner).copyMemory(from: row.bytes + o * inner, byteCount: inner)
            }
        }
        return stack
    }
}

@Suite struct BatchTests {
    private func rows(_ sample: Sample, _ function: Callable) throws -> [[Tensor]] {
        var rows: [[Tensor]] = []
        for row in 0..<BatchCheck.size { rows.append(try sample.arguments(function.types, row: row)) }
        return rows
    }

    @Test(arguments: allSamples)
    func batchesAreTheirRows(_ sample: Sample) throws {
        let function = try Callable(try sample.module())
        try BatchCheck(sample: sample).check(function, rows: try rows(sample, function))
    }

    /// The derivatives of each operation are batched too: per-example gradients.
    @Test(arguments: allSamples.filter { $0.modes != .none })
    func batchesOfDerivatives(_ sample: Sample) throws {
        let function = try Callable(try sample.module())
        let derivative = try Callable(try function.applying(sample.modes == .forward ? .jvp() : .vjp()).program.module)
        var rows = try rows(sample, function)
        for row in rows.indices {
            var numbers = Numbers("\(sample.testDescription) \(row) batch")
            for type in derivative.types.dropFirst(rows[row].count) { rows[row].append(try numbers.direction(type.tensor!)) }
        }
        try BatchCheck(sample: sample).check(derivative, rows: rows, "derivative's ", together: true)
    }

    /// The last dimension of all arguments, the second one of the results.
    @Test(arguments: ["multiply", "dot_general", "convolution", "gather", "scatter", "reduce", "sort", "scan", "transpose"])
    func otherDimensions(_ operation: String) throws {
        for sample in allSamples where sample.operation == operation {
            let function = try Callable(try sample.module())
            let rows = try rows(sample, function)
            guard try function(rows[0]).allSatisfy({ $0.type.rank > 0 }) else { continue }
            try BatchCheck(sample: sample).check(function, rows, batched: Array(rows[0].indices), axis: -1, outAxis: 1)
        }
    }
}

/// What vmap does of itself.
extension BatchTests {
    private func options(_ axes: [Int?], size: Int? = 3, out: Int = 0) -> Transformation {
        var options = BatchOptions()
        (options.inAxes, options.axisSize, options.outAxes) = (axes, size, out)
        return .vmap(options)
    }

    /// A result that depends on nothing batched is repeated; a batch may have one row or none.
    @Test func resultsWithoutRows() throws {
        let function = try Callable(try Sample("sine", "", "x:f64[2] z:f64[2]", "y = sine x\nw = cosine z", "y w").module())
        for size in [3, 1, 0] {
            let mapped = try function.applying(options([0, nil], size: size, out: 1))
            let x = try Numbers.tensor(TensorType(.f64, [size, 2]), (0..<(2 * size)).map { Double($0) }),
                z = try Numbers.tensor(TensorType(.f64, [2]), [0.5, 1])
            let results = try mapped([x, z]), single = try function([try Numbers.tensor(TensorType(.f64, [2]), [0, 1]), z])
            #expect(results.map { $0.shape } == [[2, size], [2, size]])
            let expected = try single[1].numbers.flatMap { [Double](repeating: $0, count: size) }
            #expect(try results[1].numbers == expected)
        }
    }

    /// Rows of rows, along different dimensions, are the function on each element.
    @Test func batchesOfBatches() throws {
        let function = try Callable(try Sample("dot_general", "", "a:f64[2] b:f64[2]", """
            y = dot_general[lhs_contracting_dimensions=(0,) rhs_contracting_dimensions=(0,) preferred_element_type=f64[]] a b
            """).module())
        var numbers = Numbers("batches of batches")
        let a = try numbers.direction(TensorType(.f64, [3, 2])), b = try numbers.direction(TensorType(.f64, [2, 4]))
        let inner = try function.applying(options([nil, 1], size: 4)), outer = try inner.applying(options([0, nil], size: 3))
        let product = try outer([a, b])[0]
        #expect(product.shape == [3, 4])
        let x = try a.numbers, z = try b.numbers, made = try product.numbers
        for i in 0..<3 { for j in 0..<4 { #expect(made[4 * i + j] == x[2 * i] * z[j] + x[2 * i + 1] * z[4 + j]) } }
    }
}
