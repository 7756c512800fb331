// The same samples in other types: derivatives and batches are well typed there, and near those of double precision.
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import Testing
@testable import JaxTransform

@Suite struct DTypeTests {
    /// What converts, or is for one type, stays.
    private static let samples = allSamples.filter { sample in
        sample.modes != .none && !sample.operation.hasPrefix("lapack_")
            && !["convert", "reduce_precision", "bitcast_convert"].contains(sample.operation)
            && (try? sample.module()) != nil
    }

    private static let wideOnly = ["complex", "cholesky", "triangular_solve", "fft", "Qr", "LuDecomposition", "Eigh",
                                   "ProductOfElementaryHouseholderReflectors"]

    private func replacing(_ text: String, _ name: String, _ other: String) -> String {
        text.split(separator: name, omittingEmptySubsequences: false).joined(separator: other)
    }

    @Test(arguments: samples)
    func singlePrecision(_ sample: Sample) throws {
        try check(sample, "f32", complex: "c64", tolerance: 2e-3)
    }

    /// Narrow floats have too few bits to compare with, but all types must fit.
    @Test(arguments: samples.filter { !$0.text.contains("c128") && !wideOnly.contains($0.operation) })
    func narrowFloats(_ sample: Sample) throws {
        for name in ["bf16", "f16"] { try check(sample, name, complex: "c64", tolerance: nil) }
    }

    private func check(_ sample: Sample, _ name: String, complex: String, tolerance: Double?) throws {
        let wide = try Callable(try sample.module())
        let module = try parseProgram(replacing(replacing(sample.text, "f64", name), "c128", complex))
        try verify(module)
        let function = try Callable(module), transformation = sample.modes == .forward ? Transformation.jvp() : .vjp()
        let derivative = try Callable(try function.applying(transformation).program.module)
        let wideDerivative = try Callable(try wide.applying(transformation).program.module)
        var numbers = Numbers(sample.testDescription), arguments = try sample.arguments(wide.types)
        for type in wideDerivative.types.dropFirst(arguments.count) { arguments.append(try numbers.direction(type.tensor!)) }
        let narrow = try zip(arguments, derivative.types).map { argument, type in try Numbers.tensor(type.tensor!, try argument.numbers) }
        let results = try derivative(narrow), expected = try wideDerivative(arguments)
        #expect(results.count == expected.count)
        if let tolerance {
            for (result, value) in zip(results, expected) {
                try #expect(isNear(try result.numbers, try value.numbers, tolerance), "\(sample.testDescription) in \(name)")
            }
        }
        var options = BatchOptions()
        options.axisSize = 2
        _ = try derivative.applying(.vmap(options))
    }

    private func isNear(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
        let scale = 1 + b.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
        return a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= tolerance * scale }
    }
}
