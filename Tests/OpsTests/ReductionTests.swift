import Testing
import JaxIR
@testable import JaxOps

/// A region over scalars of `dtypes`, made by `body` from its parameters.
func scalarRegion(_ builder: ProgramBuilder, _ dtypes: [DType], _ body: ([ValueID], inout [Operation]) -> [ValueID]) -> Region {
    var region = Region()
    for dtype in dtypes { region.parameters.append(builder.function.makeValue(.tensor(TensorType(dtype, [])))) }
    region.results = body(region.parameters, &region.operations)
    return region
}

/// The region `(a, b) -> code(a, b)`.
func reducer(_ builder: ProgramBuilder, _ code: OpCode, _ dtype: DType) -> Region {
    scalarRegion(builder, [dtype, dtype]) { parameters, operations in
        let operation = builder.make(code, parameters, [.tensor(TensorType(dtype, []))])
        operations.append(operation)
        return operation.results
    }
}

@Suite struct ReductionTests {
    private func reduce(_ code: OpCode, _ input: Tensor, _ initial: Tensor, _ axes: [Int]) throws -> Tensor {
        let builder = ProgramBuilder()
        let ids = [builder.parameter(input.type), builder.parameter(initial.type)]
        var shape: [Int] = []
        for axis in 0..<input.type.rank where !axes.contains(axis) { shape.append(input.shape[axis]) }
        let operation = builder.make(.reduce, ids, [.tensor(TensorType(input.dtype, shape))], [NamedAttribute("dimensions", .integers(axes))],
                                     regions: [reducer(builder, code, input.dtype)])
        return try builder.run(builder.add(operation), [input, initial])[0]
    }

    @Test func sumsOverEachChoiceOfDimensions() throws {
        let shape = [3, 4, 5]
        let input = try ints((0..<60).map { Int32($0 * 7 % 31) }, shape)
        let elements = input.list(Int32.self)
        for mask in 0..<8 {
            let axes = (0..<3).filter { mask >> $0 & 1 == 1 }
            let result = try reduce(.add, input, try scalar(100), axes)
            var expected = [Int32](repeating: 100, count: result.elementCount)
            for i in 0..<60 {
                let index = [i / 20, i / 5 % 4, i % 5]
                var target = 0
                for axis in 0..<3 where !axes.contains(axis) { target = target * shape[axis] + index[axis] }
                expected[target] += elements[i]
            }
            #expect(result.list(Int32.self) == expected)
        }
    }

    @Test func integersWrapAndEmptyInputsGiveTheInitialValue() throws {
        let large = try ints([Int32.max, 1, 5])
        #expect(try reduce(.add, large, try scalar(0), [0]).list(Int32.self) == [Int32.min &+ 5])
        #expect(try reduce(.multiply, try ints([], [0]), try scalar(3), [0]).list(Int32.self) == [3])
        #expect(try reduce(.maximum, try ints([], [0, 2]), try scalar(-9), [0]).list(Int32.self) == [-9, -9])
    }

    @Test func longSumsAreExactEnough() throws {
        let count = 100_001
        let input = try floats((0..<count).map { _ in Float(0.1) })
        let sum = try reduce(.add, input, try floats([0], []), [0]).list(Float.self)[0]
        #expect((sum - Float(Double(Float(0.1)) * Double(count))).magnitude <= 0.001)
    }

    @Test func maximumTakesNaN() throws {
        let result = try reduce(.maximum, try floats([1, .nan, 3]), try floats([-.infinity], []), [0]).list(Float.self)
        #expect(result[0].isNaN)
        #expect(try reduce(.minimum, try floats([0, -0.0]), try floats([.infinity], []), [0]).list(Float.self)[0].sign == .minus)
    }

    /// A region of several operations on two operands: the largest element with its index, the first of equals.
    @Test func argmaxPair() throws {
        let builder = ProgramBuilder()
        let values = try floats([1, 7, 3, 7, 2, 2], [2, 3]), indices = try ints([0, 1, 2, 0, 1, 2], [2, 3])
        let ids = [values, indices, try floats([-.infinity], []), try scalar(0)].map { builder.parameter($0.type) }
        let bool = ValueType.tensor(TensorType(.i1, [])), float = ValueType.tensor(TensorType(.f32, [])), int = ValueType.tensor(TensorType(.i32, []))
        let region = scalarRegion(builder, [.f32, .i32, .f32, .i32]) { p, operations in
            func add(_ code: OpCode, _ operands: [ValueID], _ type: ValueType, _ direction: String? = nil) -> ValueID {
                let attributes = direction.map { [NamedAttribute("comparison_direction", .enumeration($0))] } ?? []
                let operation = builder.make(code, operands, [type], attributes)
                operations.append(operation)
                return operation.results[0]
            }
            let greater = add(.compare, [p[0], p[2]], bool, "GT"), equal = add(.compare, [p[0], p[2]], bool, "EQ")
            let before = add(.compare, [p[1], p[3]], bool, "LT")
            let keep = add(.or, [greater, add(.and, [equal, before], bool)], bool)
            return [add(.select, [keep, p[0], p[2]], float), add(.select, [keep, p[1], p[3]], int)]
        }
        let types: [ValueType] = [.tensor(TensorType(.f32, [2])), .tensor(TensorType(.i32, [2]))]
        let operation = builder.make(.reduce, ids, types, [NamedAttribute("dimensions", .integers([1]))], regions: [region])
        let results = try builder.run(builder.add(operation), [values, indices, try floats([-.infinity], []), try scalar(0)])
        #expect(results[0].list(Float.self) == [7, 7])
        #expect(results[1].list(Int32.self) == [1, 0])
    }

    /// Every window, stride, dilation and padding against the definition.
    @Test func windows() throws {
        var generator = SystemRandomNumberGenerator(), tried = 0
        while tried < 60 {
            func any(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
            let shape = [any(1...6), any(1...7)]
            let window = [any(1...3), any(1...3)], stride = [any(1...3), any(1...3)], base = [any(1...2), any(1...2)], dilation = [any(1...2), any(1...2)]
            let padding = [any(-1...2), any(0...2), any(-1...2), any(0...2)]
            let windows = makeWindows(shape, window, stride, base, dilation, padding)
            let output = windows.map { $0.outputSize }
            if output.contains(where: { $0 <= 0 }) { continue }
            tried += 1
            let input = try ints((0..<shape[0] * shape[1]).map { Int32(1 << ($0 % 20)) &+ Int32($0) }, shape)
            let builder = ProgramBuilder()
            let ids = [builder.parameter(input.type), builder.parameter(TensorType(.i32, []))]
            let names = ["window_dimensions", "window_strides", "base_dilations", "window_dilations", "padding"]
            let attributes = zip(names, [window, stride, base, dilation, padding]).map { NamedAttribute($0, .integers($1)) }
            let operation = builder.make(.reduceWindow, ids, [.tensor(TensorType(.i32, output))], attributes, regions: [reducer(builder, .add, .i32)])
            let result = try builder.run(builder.add(operation), [input, try scalar(5)])[0].list(Int32.self)
            var expected: [Int32] = []
            for o in 0..<output[0] {
                for p in 0..<output[1] {
                    var sum: Int32 = 5
                    for v in 0..<window[0] {
                        for w in 0..<window[1] {
                            let i = windows[0].index(o, v), j = windows[1].index(p, w)
                            if i >= 0 && j >= 0 { sum &+= input.list(Int32.self)[i * shape[1] + j] }
                        }
                    }
                    expected.append(sum)
                }
            }
            #expect(result == expected, "\(shape) \(window) \(stride) \(base) \(dilation) \(padding)")
        }
    }

    @Test func malformedReductionsAreRefused() throws {
        let input = try ints([1, 2, 3])
        #expect(throws: (any Error).self) { try reduce(.add, input, try scalar(0), [1]) }
        #expect(throws: (any Error).self) { try reduce(.add, input, try floats([0], []), [0]) }
        #expect(throws: (any Error).self) { try reduce(.add, input, try ints([0, 0]), [0]) }
    }
}
