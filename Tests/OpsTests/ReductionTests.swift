import Testing
import JaxIR
import JaxPlatform
@testable import JaxOps

/// The text of a region `(a, b) -> code(a, b)`.
func reducer(_ code: String, _ dtype: DType) -> String {
    "{ lambda ; left:\(dtype.shortName)[] right:\(dtype.shortName)[]. let\n folded = \(code) left right\n in (folded,) }"
}

@Suite struct ReductionTests {
    private func reduce(_ code: OpCode, _ input: Tensor, _ initial: Tensor, _ axes: [Int]) throws -> Tensor {
        let list = axes.map { "\($0)" }.joined(separator: ", ") + (axes.count == 1 ? "," : "")
        return try run("""
            main = { lambda ; a:\(input.type) b:\(initial.type). let
                c = reduce[dimensions=(\(list))] a b
                \(reducer(code.name, input.dtype))
              in (c,) }
            """, [input, initial])[0]
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
        let values = try floats([1, 7, 3, 7, 2, 2], [2, 3]), indices = try ints([0, 1, 2, 0, 1, 2], [2, 3])
        let results = try run("""
            main = { lambda ; values:f32[2,3] indices:i32[2,3] low:f32[] zero:i32[]. let
                best place = reduce[dimensions=(1,)] values indices low zero
                  { lambda ; x:f32[] i:i32[] y:f32[] j:i32[]. let
                        greater = compare[comparison_direction=GT] x y
                        equal = compare[comparison_direction=EQ] x y
                        before = compare[comparison_direction=LT] i j
                        tie = and equal before
                        keep = or greater tie
                        z = select keep x y
                        k = select keep i j
                    in (z, k) }
              in (best, place) }
            """, [values, indices, try floats([-.infinity], []), try scalar(0)])
        #expect(results[0].list(Float.self) == [7, 7])
        #expect(results[1].list(Int32.self) == [1, 0])
    }

    /// Every window, stride, dilation and padding against the definition.
    @Test func windows() throws {
        var generator = SystemRandomNumberGenerator(), tried = 0
        while tried < 60 {
            func any(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
            let shape = [any(1...6), any(1...7)]
            let window = [any(1...3), any(1...3)], stride = [any(1...3), any(1...3)],
                base = [any(1...2), any(1...2)], dilation = [any(1...2), any(1...2)]
            let padding = [any(-1...2), any(0...2), any(-1...2), any(0...2)]
            let parameters = ReduceWindowParameters(dimensions: window,
                                                    strides: stride, baseDilations: base, windowDilations: dilation, padding: padding)
            let windows = parameters.windows(shape)
            let output = windows.map { $0.outputSize }
            if output.contains(where: { $0 <= 0 }) { continue }
            tried += 1
            let input = try ints((0..<shape[0] * shape[1]).map { Int32(1 << ($0 % 20)) &+ Int32($0) }, shape)
            let builder = Builder(Function(name: "main"))
            let operands = [builder.parameter(.tensor(input.type)), builder.parameter(.tensor(TensorType(.i32, [])))]
            let sum = try builder.region([.tensor(TensorType(.i32, [])),
                                          .tensor(TensorType(.i32, []))]) { builder, values throws(JaxError) in
                [try builder.one(.add, values)]
            }
            builder.finish(try builder.emit(.reduceWindow, operands, parameters, regions: [sum]))
            let module = Module()
            try module.add(builder.function)
            let result = try run(module, [input, try scalar(5)])[0].list(Int32.self)
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

    /// A window over the whole of a dimension before (or after) each position, of one row and of many: running folds.
    @Test func cumulativeWindows() throws {
        func running(_ code: String, _ input: Tensor, axis: Int, isReverse: Bool) throws -> Tensor {
            var window = [1, 1], padding = [0, 0, 0, 0]
            window[axis] = input.shape[axis]
            padding[2 * axis + (isReverse ? 1 : 0)] = input.shape[axis] - 1
            return try run("""
                main = { lambda ; a:\(input.type) b:\(input.dtype.shortName)[]. let
                    c = reduce_window[window_dimensions=(\(window[0]), \(window[1])) padding=(\(padding.map { "\($0)" }.joined(separator: ", ")))] a b
                    \(reducer(code, input.dtype))
                  in (c,) }
                """, [input, try scalar(code == "maximum" ? -100 : 0)])[0]
        }
        for shape in [[1, 1000], [700, 3], [3, 5]] {
            let input = try ints((0..<shape[0] * shape[1]).map { Int32($0 * 7919 % 1009) - 500 }, shape)
            for (axis, isReverse) in [(0, false), (0, true), (1, false), (1, true)] {
                var sums = input.list(Int32.self)
                let stride = axis == 0 ? shape[1] : 1
                for start in 0..<sums.count where start / stride % shape[axis] == 0 {
                    for step in 1..<max(shape[axis], 1) {
                        let place = isReverse ? shape[axis] - 1 - step : step
                        sums[start + place * stride] &+= sums[start + (place + (isReverse ? 1 : -1)) * stride]
                    }
                }
                #expect(try running("add", input, axis: axis, isReverse: isReverse).list(Int32.self) == sums)
            }
        }
        #expect(try running("maximum", try ints([3, 1, 4, 1, 5], [1, 5]), axis: 1, isReverse: false).list(Int32.self) == [3, 3, 4, 4, 5])
    }

    @Test func malformedReductionsAreRefused() throws {
        let input = try ints([1, 2, 3])
        #expect(throws: (any Error).self) { try reduce(.add, input, try scalar(0), [1]) }
        #expect(throws: (any Error).self) { try reduce(.add, input, try floats([0], []), [0]) }
        #expect(throws: (any Error).self) { try reduce(.add, input, try ints([0, 0]), [0]) }
    }
}
