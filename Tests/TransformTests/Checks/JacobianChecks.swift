// Jacobians: forward and reverse mode for all unit vectors at once give the same.
import JaxIR
import JaxOps
import JaxPlatform
import Testing
@testable import JaxTransform

@Suite struct JacobianTests {
    /// Samples of real numbers.
    private static let samples = allSamples.filter { sample in
        guard sample.modes == .both, let module = try? sample.module(), let main = module.function(named: "main") else { return false }
        let types = (main.parameterTypes + main.resultTypes).compactMap { $0.tensor }
        return types.allSatisfy { !$0.dtype.isComplex && $0.elementCount <= 64 && (!$0.dtype.isFloat || $0.dtype == .f64) }
            && main.resultTypes.allSatisfy { $0.tensor?.dtype == .f64 }
    }

    private func floats(_ function: Callable) -> [Int] { function.types.indices.filter { function.types[$0].tensor?.dtype == .f64 } }

    @Test(arguments: samples)
    func bothModesAgree(_ sample: Sample) throws {
        let function = try Callable(try sample.module()), arguments = try sample.arguments(function.types)
        let forward = try function.applying(.jacfwd(argnums: floats(function)))(arguments)
        let reverse = try function.applying(.jacrev(argnums: floats(function)))(arguments)
        let primals = try function(arguments)
        #expect(forward.count == reverse.count && forward.count == primals.count * floats(function).count)
        for (index, (a, b)) in zip(forward, reverse).enumerated() {
            let result = primals[index / floats(function).count], argument = arguments[floats(function)[index % floats(function).count]]
            #expect(a.shape == result.shape + argument.shape && a.type == b.type)
            try #expect(isClose(try a.numbers, try b.numbers, 1e-10), "\(sample.testDescription): the Jacobians differ")
        }
    }

    /// Second derivatives do not depend on the order; forward over reverse is what JAX's hessian is.
    @Test(arguments: ["multiply", "dot_general", "reduce", "scan", "while", "if", "sort", "gather", "logistic", "power", "checkpoint",
                      "custom_jvp_call"])
    func hessiansAreSymmetric(_ operation: String) throws {
        for sample in JacobianTests.samples where sample.operation == operation {
            let function = try Callable(try sample.module()), arguments = try sample.arguments(function.types)
            guard floats(function).reduce(0, { $0 + arguments[$1].elementCount }) <= 16 else { continue }
            let first = floats(function)[0], n = arguments[first].elementCount
            let hessian = try function.applying(.jacrev(argnums: [first])).applying(.jacfwd(argnums: [first]))(arguments)
            let reverse = try function.applying(.jacfwd(argnums: [first])).applying(.jacrev(argnums: [first]))(arguments)
            for (a, b) in zip(hessian, reverse) {
                let rows = try a.numbers
                try #expect(isClose(rows, try b.numbers, 1e-10), "\(sample.testDescription)")
                var turned = rows
                for block in 0..<(rows.count / max(n * n, 1)) {
                    for i in 0..<n { for j in 0..<n { turned[block * n * n + i * n + j] = rows[block * n * n + j * n + i] } }
                }
                #expect(isClose(turned, rows, 1e-10), "\(sample.testDescription)")
            }
        }
    }

    /// Arguments and results that have nothing to do with each other, and integers among them.
    @Test func blocksOfZeros() throws {
        let function = try Callable(try Sample("sine", "", "x:f64[2] n:i32[] z:f64[]", "y = sine x\nw = multiply z z", "y w").module())
        let arguments = try [Numbers.tensor(TensorType(.f64, [2]), [0, 1]), Numbers.tensor(TensorType(.i32, []), [3]),
                             Numbers.tensor(TensorType(.f64, []), [2])]
        for transformation in [Transformation.jacfwd(argnums: [0, 2]), .jacrev(argnums: [0, 2])] {
            let blocks = try function.applying(transformation)(arguments)
            #expect(blocks.map { $0.shape } == [[2, 2], [2], [2], []])
            #expect(try blocks[1].numbers == [0, 0] && blocks[2].numbers == [0, 0] && blocks[3].numbers == [4])
        }
    }
}
