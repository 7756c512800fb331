import Testing
import JaxIR
@testable import JaxOps

@Suite struct ContractionTests {
    private func list(_ name: String, _ value: [Int]) -> NamedAttribute { NamedAttribute(name, .integers(value)) }

    @Test func matrixProductsOfAllSizes() throws {
        // Sizes on both sides of the blocks' edges: 6 rows, 16 columns, 48 rows a block, 256 of depth.
        for (m, k, n) in [(1, 1, 1), (5, 3, 7), (6, 256, 16), (7, 257, 17), (49, 300, 33), (2, 0, 3)] {
            let a = (0..<(m * k)).map { Float(($0 * 37) % 19) - 9 }, b = (0..<(k * n)).map { Float(($0 * 53) % 23) - 11 }
            let result = try evaluate(.dotGeneral, [try floats(a, [m, k]), try floats(b, [k, n])], TensorType(.f32, [m, n]), [
                list("lhs_batching_dimensions", []), list("rhs_batching_dimensions", []),
                list("lhs_contracting_dimensions", [1]), list("rhs_contracting_dimensions", [0]),
            ]).list(Float.self)
            for i in 0..<m {
                for j in 0..<n {
                    var sum: Float = 0
                    for l in 0..<k { sum += a[i * k + l] * b[l * n + j] }
                    #expect(result[i * n + j] == sum)  // Small integers: exact in any order.
                }
            }
        }
    }

    @Test func batchesAnyDimensionOrderAndWrappingIntegers() throws {
        // lhs [k, b, m], rhs [n, k, b].
        let (b, k, m, n) = (2, 3, 2, 4)
        let lhs = try tensor(.i8, [k, b, m], (0..<12).map { Int8($0 * 11 % 100) }),
            rhs = try tensor(.i8, [n, k, b], (0..<24).map { Int8(127 - $0 * 9 % 120) })
        let result = try evaluate(.dotGeneral, [lhs, rhs], TensorType(.i8, [b, m, n]), [
            list("lhs_batching_dimensions", [1]), list("rhs_batching_dimensions", [2]),
            list("lhs_contracting_dimensions", [0]), list("rhs_contracting_dimensions", [1]),
        ]).list(Int8.self)
        let l = lhs.list(Int8.self), r = rhs.list(Int8.self)
        for x in 0..<b {
            for i in 0..<m {
                for j in 0..<n {
                    var sum: Int8 = 0
                    for y in 0..<k { sum &+= l[(y * b + x) * m + i] &* r[(j * k + y) * b + x] }
                    #expect(result[(x * m + i) * n + j] == sum)
                }
            }
        }
    }

    @Test func complexProducts() throws {
        let a = [Complex128(1, 2), Complex128(3, -1)], b = [Complex128(0, 1), Complex128(-2, 5)]
        let result = try evaluate(.dotGeneral, [try tensor(.c128, [2], a), try tensor(.c128, [2], b)], TensorType(.c128, []), [
            list("lhs_batching_dimensions", []), list("rhs_batching_dimensions", []),
            list("lhs_contracting_dimensions", [0]), list("rhs_contracting_dimensions", [0]),
        ]).list(Complex128.self)[0]
        let expected = a[0] * b[0] + a[1] * b[1]
        #expect(result.re == expected.re && result.im == expected.im)
    }

    /// Random geometries against the definition, with groups, dilations, negative padding and reversal.
    @Test func convolutions() throws {
        var generator = SystemRandomNumberGenerator(), tried = 0
        while tried < 60 {
            func any(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
            let featureGroups = any(1...2), batchGroups = featureGroups == 1 ? any(1...2) : 1, groups = featureGroups * batchGroups
            let batch = any(1...2) * batchGroups, inputs = any(1...3) * featureGroups, outputs = any(1...3) * groups
            let size = [any(1...6), any(1...6)], kernel = [any(1...3), any(1...3)]
            let strides = [any(1...2), any(1...2)], base = [any(1...2), any(1...2)], dilation = [any(1...2), any(1...2)]
            let padding = [any(-1...2), any(-1...2), any(0...2), any(0...2)], reversal = [Bool.random(), Bool.random()]
            let windows = ReduceWindowParameters(dimensions: kernel, strides: strides,
                                                 baseDilations: base, windowDilations: dilation, padding: padding).windows(size)
            let out = windows.map { $0.outputSize }
            if out.contains(where: { $0 <= 0 }) { continue }
            tried += 1
            let group = inputs / featureGroups
            // Input NHWC, kernel OIHW, output HNWC.
            let x = (0..<(batch * size[0] * size[1] * inputs)).map { Float($0 * 29 % 17) - 8 }
            let w = (0..<(outputs * group * kernel[0] * kernel[1])).map { Float($0 * 31 % 13) - 6 }
            let result = try evaluate(.convolution, [try floats(x, [batch, size[0], size[1], inputs]),
                                                     try floats(w, [outputs, group, kernel[0], kernel[1]])],
                                      TensorType(.f32, [out[0], batch / batchGroups, out[1], outputs]), [
                list("window_strides", strides), list("padding", padding), list("lhs_dilation", base), list("rhs_dilation", dilation),
                NamedAttribute("window_reversal", .bools(reversal)),
                NamedAttribute("input_batch_dimension", .integer(0, .i64)),
                NamedAttribute("input_feature_dimension", .integer(3, .i64)), list("input_spatial_dimensions", [1, 2]),
                NamedAttribute("kernel_output_feature_dimension", .integer(0, .i64)),
                NamedAttribute("kernel_input_feature_dimension", .integer(1, .i64)), list("kernel_spatial_dimensions", [2, 3]),
                NamedAttribute("output_batch_dimension", .integer(1, .i64)),
                NamedAttribute("output_feature_dimension", .integer(3, .i64)), list("output_spatial_dimensions", [0, 2]),
                NamedAttribute("feature_group_count", .integer(featureGroups, .i64)),
                NamedAttribute("batch_group_count", .integer(batchGroups, .i64)),
            ]).list(Float.self)
            let batches = batch / batchGroups, perGroup = outputs / groups
            for (n, o) in (0..<batches).flatMap({ n in (0..<outputs).map { (n, $0) } }) {
                let g = o / perGroup
                for p in 0..<out[0] {
                    for q in 0..<out[1] {
                        var sum: Float = 0
                        for i in 0..<kernel[0] {
                            for j in 0..<kernel[1] {
                                let y = windows[0].index(p, i), z = windows[1].index(q, j)
                                if y < 0 || z < 0 { continue }
                                let ki = reversal[0] ? kernel[0] - 1 - i : i, kj = reversal[1] ? kernel[1] - 1 - j : j
                                let image = batchGroups > 1 ? g * batches + n : n, first = featureGroups > 1 ? g * group : 0
                                for c in 0..<group {
                                    sum += x[((image * size[0] + y) * size[1] + z) * inputs
                                             + first + c] * w[((o * group + c) * kernel[0] + ki) * kernel[1] + kj]
                                }
                            }
                        }
                        #expect(result[((p * batches + n) * out[1] + q) * outputs + o] == sum)
                    }
                }
            }
        }
    }

    @Test func wrongShapesAreRefused() throws {
        #expect(throws: (any Error).self) {
            try evaluate(.dotGeneral, [try floats([1, 2]), try floats([1, 2, 3])], TensorType(.f32, []), [
                list("lhs_batching_dimensions", []), list("rhs_batching_dimensions", []),
                list("lhs_contracting_dimensions", [0]), list("rhs_contracting_dimensions", [0]),
            ])
        }
    }
}
