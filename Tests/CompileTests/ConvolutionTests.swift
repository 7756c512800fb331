// Convolutions of every kind, by seeded chance and by example. Both sides sum in f32 or f64, in another order: results may differ by some
// units of the last place of what the products of a sum add up to, which is `scale`.
import CompileSupport
import JaxCompile
import JaxExecute
import JaxIR
import JaxLoad
import JaxOps
import Testing
import X86

/// A convolution as the program's text says it.
struct ConvolutionCase: CustomStringConvertible {
    var batch = 1, features = 1, outputs = 1, featureGroups = 1, batchGroups = 1
    var sizes: [Int] = [], windows: [Int] = [], strides: [Int] = [], padding: [Int] = []
    var inputDilation: [Int] = [], windowDilation: [Int] = []
    var reversal: [Bool] = []
    /// Which dimension of each array is the batch (or the kernel's output features), the features, and the spatial ones.
    var input: [Int] = [], kernel: [Int] = [], output: [Int] = []
    var dtype = "f32"

    var rank: Int { sizes.count }

    private func spatialOutput(_ k: Int) -> Int {
        let padded = (sizes[k] - 1) * inputDilation[k] + 1 + padding[2 * k] + padding[2 * k + 1]
        let extent = (windows[k] - 1) * windowDilation[k] + 1
        return padded < extent ? 0 : (padded - extent) / strides[k] + 1
    }

    var resultSizes: [Int] { (0..<rank).map(spatialOutput) }

    private func shape(_ dimensions: [Int], _ sizes: [Int]) -> String {
        var shape = [Int](repeating: 0, count: sizes.count)
        for (dimension, size) in zip(dimensions, sizes) { shape[dimension] = size }
        return "[" + shape.map { "\($0)" }.joined(separator: ",") + "]"
    }

    private func tuple(_ values: [Int]) -> String { "(" + values.map { "\($0)," }.joined() + ")" }

    var description: String {
        let a = shape(input, [batch * batchGroups, features * featureGroups] + sizes)
        let b = shape(kernel, [outputs * featureGroups * batchGroups, features] + windows)
        let c = shape(output, [batch, outputs * featureGroups * batchGroups] + resultSizes)
        return """
            main = { lambda ; a:\(dtype)\(a) b:\(dtype)\(b). let
                c:\(dtype)\(c) = convolution[input_batch_dimension=\(input[0]) input_feature_dimension=\(input[1]) \
            input_spatial_dimensions=\(tuple(Array(input[2...]))) kernel_output_feature_dimension=\(kernel[0]) \
            kernel_input_feature_dimension=\(kernel[1]) kernel_spatial_dimensions=\(tuple(Array(kernel[2...]))) \
            output_batch_dimension=\(output[0]) output_feature_dimension=\(output[1]) \
            output_spatial_dimensions=\(tuple(Array(output[2...]))) feature_group_count=\(featureGroups) batch_group_count=\(batchGroups) \
            window_strides=\(tuple(strides)) padding=\(tuple(padding)) lhs_dilation=\(tuple(inputDilation)) \
            rhs_dilation=\(tuple(windowDilation)) window_reversal=(\(reversal.map { $0 ? "True," : "False," }.joined())) \
            preferred_element_type=\(dtype)[]] a b
              in (c,) }
            """
    }

    /// About how large the sums of products of numbers below 4 are.
    var scale: Double { Double(4 * features * windows.reduce(1, *)) }

    func check(_ location: SourceLocation = #_sourceLocation) throws {
        try agree(description, units: dtype == "f32" || dtype == "f64" ? 4 : 1, scale: scale, kernels: 1, location)
    }

    /// One with everything by chance, small enough to be evaluated at once.
    init(_ numbers: inout Numbers) {
        func pick(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(numbers.next() >> 33) % range.count }
        func permutation(_ count: Int) -> [Int] {
            var list = Array(0..<count)
            for place in list.indices.dropFirst() { list.swapAt(place, pick(0...place)) }
            return list
        }
        let rank = pick(1...3)
        dtype = ["f32", "f32", "f32", "f64", "bf16", "f16"][pick(0...5)]
        repeat {
            batch = [1, 2, 3, 8, 17][pick(0...4)]
            features = [1, 2, 3, 5, 16][pick(0...4)]
            outputs = [1, 3, 4, 7, 8, 12, 16, 17, 33, 40][pick(0...9)]
            (featureGroups, batchGroups) = [(1, 1), (1, 1), (2, 1), (9, 1), (24, 1), (1, 3), (1, 20)][pick(0...6)]
            let isPlain = pick(0...2) == 0
            sizes = (0..<rank).map { _ in pick(1...[40, 11, 5][rank - 1]) }
            windows = (0..<rank).map { _ in pick(1...[9, 5, 3][rank - 1]) }
            strides = (0..<rank).map { _ in isPlain ? 1 : pick(1...3) }
            inputDilation = (0..<rank).map { _ in pick(0...2) == 0 ? pick(2...3) : 1 }
            windowDilation = (0..<rank).map { _ in isPlain ? 1 : pick(1...2) }
            padding = (0..<2 * rank).map { _ in pick(0...3) == 0 ? pick(0...2) - 2 : pick(0...4) }
            reversal = (0..<rank).map { _ in pick(0...2) == 0 }
        } while (0..<rank).contains(where: { spatialOutput($0) < 1 })
            || batch * batchGroups * featureGroups * features * sizes.reduce(1, *) > 20_000
            || batch * outputs * featureGroups * batchGroups * resultSizes.reduce(1, *) * features * windows.reduce(1, *) > 200_000
        if pick(0...1) == 0 {
            // As JAX has them: features first, or last.
            let last = Array(1...rank)
            input = [0, rank + 1] + last
            output = input
            kernel = [rank + 1, rank] + Array(0..<rank)
        } else {
            (input, kernel, output) = (permutation(rank + 2), permutation(rank + 2), permutation(rank + 2))
        }
    }

    /// With the batch first and features last, or all in the order of their numbers.
    init(batch: Int, features: Int, outputs: Int, sizes: [Int], windows: [Int], stride: Int = 1, padding: Int = 0,
         featuresLast: Bool = true, featureGroups: Int = 1, batchGroups: Int = 1) {
        let rank = sizes.count
        (self.batch, self.features, self.outputs, self.sizes, self.windows) = (batch, features, outputs, sizes, windows)
        (self.featureGroups, self.batchGroups) = (featureGroups, batchGroups)
        strides = sizes.map { _ in stride }
        self.padding = (0..<2 * rank).map { _ in padding }
        (inputDilation, windowDilation, reversal) = (sizes.map { _ in 1 }, sizes.map { _ in 1 }, sizes.map { _ in false })
        input = featuresLast ? [0, rank + 1] + Array(1...rank) : Array(0..<rank + 2)
        output = input
        kernel = featuresLast ? [rank + 1, rank] + Array(0..<rank) : Array(0..<rank + 2)
    }
}

@Suite struct CompiledConvolutionTests {
    @Test(arguments: 0..<10) func byChance(seed: Int) throws {
        var numbers = Numbers(UInt64(seed + 1))
        for _ in 0..<20 { try ConvolutionCase(&numbers).check() }
    }

    @Test(arguments: [true, false]) func layers(featuresLast: Bool) throws {
        try ConvolutionCase(batch: 2, features: 16, outputs: 40, sizes: [9, 7], windows: [3, 3], padding: 1,
                            featuresLast: featuresLast).check()
        try ConvolutionCase(batch: 2, features: 3, outputs: 24, sizes: [23, 25], windows: [7, 7], stride: 2, padding: 3,
                            featuresLast: featuresLast).check()
        try ConvolutionCase(batch: 3, features: 32, outputs: 72, sizes: [9, 7], windows: [1, 1], featuresLast: featuresLast).check()
        try ConvolutionCase(batch: 2, features: 1, outputs: 1, sizes: [15, 18], windows: [3, 3], padding: 1, featuresLast: featuresLast,
                            featureGroups: 40).check()
        try ConvolutionCase(batch: 1, features: 1, outputs: 1, sizes: [31, 40], windows: [3, 3], stride: 2, padding: 1,
                            featuresLast: featuresLast, featureGroups: 3).check()
    }

    /// As the gradient with respect to a kernel has them: the window is as large as the input, features and batch have changed places.
    @Test func longSums() throws {
        for dtype in ["f32", "bf16"] {
            // Enough to be cut.
            var gradient = ConvolutionCase(batch: 8, features: 11, outputs: 40, sizes: [24, 25], windows: [24, 25])
            gradient.input = [3, 0, 1, 2]
            gradient.kernel = [3, 0, 1, 2]
            gradient.output = [2, 3, 0, 1]
            gradient.dtype = dtype
            try gradient.check()
        }
    }

    /// As the gradient with respect to the input of a convolution with strides has them.
    @Test(arguments: [2, 3, 4, 5]) func dilatedInputs(dilation: Int) throws {
        for (window, low) in [(3, 2), (3, 1), (4, 3), (7, 5), (1, 0), (2, -1)] {
            for featuresLast in [true, false] {
                var gradient = ConvolutionCase(batch: 2, features: 5, outputs: 17, sizes: [6, 5], windows: [window, 3],
                                               featuresLast: featuresLast)
                gradient.inputDilation = [dilation, 2]
                gradient.padding = [low, window, 1, 2]
                gradient.reversal = [true, false]
                try gradient.check()
            }
        }
    }

    /// Windows apart in the last dimension, whose elements are written out, and zeros between the input's elements in another.
    @Test(arguments: [2, 3]) func stridedRowsOfDilatedInputs(dilation: Int) throws {
        for window in [2, 3, 4] {
            var rows = ConvolutionCase(batch: 3, features: 3, outputs: 1, sizes: [12, 13], windows: [dilation, window])
            rows.strides = [1, 2]
            rows.padding = [0, 0, -1, 0]
            rows.inputDilation = [dilation, 1]
            rows.reversal = [true, true]
            rows.input = [2, 0, 1, 3]
            rows.kernel = [2, 0, 3, 1]
            rows.output = [1, 3, 2, 0]
            try rows.check()
        }
    }

    /// Windows of one element that lies in front of the input: all of what is copied is zeros.
    @Test func nothingOfTheInput() throws {
        for (groups, features) in [(2, 3), (9, 2), (1, 3)] {
            var beside = ConvolutionCase(batch: 1, features: features, outputs: 4, sizes: [5, 4], windows: [1, 5], featureGroups: groups)
            beside.strides = [4, 2]
            beside.padding = [1, -2, 1, 0]
            beside.input = [0, 2, 3, 1]
            beside.kernel = [0, 3, 1, 2]
            beside.output = [2, 0, 1, 3]
            for dtype in ["f32", "f64"] {
                beside.dtype = dtype
                try beside.check()
            }
        }
    }

    /// Of a large input, the copy with its padding is made and summed in parts of the batch, one in the memory of the other.
    @Test(arguments: [true, false]) func partsOfTheBatch(featuresLast: Bool) throws {
        let layer = ConvolutionCase(batch: 6, features: 16, outputs: 4, sizes: [20, 36], windows: [1, 3], padding: 1,
                                    featuresLast: featuresLast)
        try layer.check()
        let module = try parseProgram(layer.description)
        try verify(module)
        let compiled = try compiled(module, Compiling(X86Features(hasAVX512: false)))
        if featuresLast { #expect(Coverage(compiled).kernels.contains { $0.name.contains("_part1") }) }
        let plan = try ExecutionPlan(compiled), whole = 6 * 22 * 38 * 16 * 4
        if featuresLast { #expect(plan.arenaByteCount < whole * 2 / 3) }
    }
}
