// One program executed in every way on the same arguments, and the comparison of what comes out.
import CompileSupport
import Foundation
import JaxCompile
import JaxExecute
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxTransform
import X86

/// Where a way to execute a program differs from the evaluator.
struct Difference: CustomStringConvertible {
    let way: String
    /// The result that differs, where it is one.
    var result: Int?
    let description: String
}

/// How many elements were compared, and of how many nothing could be said.
struct Coverage {
    var compared = 0, unbounded = 0
}

enum Execution {
    /// What executes the compiled forms, by name.
    private static var compilers: [(name: String, compiler: any KernelCompiler)] {
        let narrow: [(name: String, compiler: any KernelCompiler)] = [
            (name: "interpreted kernels", compiler: Interpreting()),
            (name: "AVX2", compiler: Compiling(X86Features(hasAVX512: false))),
        ]
        let wide = X86Features.detected.hasAVX512 ? narrow + [(name: "AVX-512", compiler: Compiling(.detected))] : narrow
        return shading.map { wide + [(name: "shaders", compiler: $0)] } ?? wide
    }

    /// With BAREJAX_SHADERS in the environment kernels are executed by the host's software Vulkan, too.
    nonisolated(unsafe) private static let shading = ProcessInfo.processInfo.environment["BAREJAX_SHADERS"] == nil ? nil : try! Shading()

    /// The first difference, or nil. Throws what the evaluator throws.
    static func difference(_ module: Module, _ arguments: [Tensor], _ coverage: inout Coverage) throws(JaxError) -> Difference? {
        let flat = try inlined(module)
        let bounded = try ErrorBounds.module(flat)
        let all = try results(bounded.module, arguments)
        let count = all.count - bounded.bounded.count
        let expected = Array(all[..<count])
        var bounds = [Tensor?](repeating: nil, count: count)
        for (place, result) in bounded.bounded.enumerated() { bounds[result] = all[count + place] }

        // The program itself, whose values may overwrite each other's memory, since nothing else uses them.
        let plain = try results(module, arguments)
        for (index, (a, b)) in zip(plain, expected).enumerated() {
            if let text = compare(a, b, nil, &coverage) { return Difference(way: "evaluator", result: index, description: text) }
        }
        if let text = roundTrip(module) { return Difference(way: "text", description: text) }
        var ways: [(name: String, make: () throws(JaxError) -> Module)] = [
            (name: "passes without kernels", make: { () throws(JaxError) in try compiled(module, nil) }),
            (name: "fusion alone", make: { () throws(JaxError) in try fused(flat, Compiling(.detected)) }),
        ]
        for (name, compiler) in compilers {
            ways.append((name: name, make: { () throws(JaxError) in try compiled(module, compiler) }))
        }
        for (name, make) in ways {
            do throws(JaxError) {
                let made = try make()
                try verify(made)
                for (index, a) in try planned(made, arguments).enumerated() {
                    guard let text = compare(a, expected[index], bounds[index], &coverage) else { continue }
                    return Difference(way: name, result: index, description: text)
                }
            } catch {
                return Difference(way: name, description: "\(error)")
            }
        }
        return nil
    }

    /// What `main` returns. The arguments stay as they are.
    static func results(_ module: Module, _ arguments: [Tensor]) throws(JaxError) -> [Tensor] {
        guard let main = module.function(named: "main") else { throw JaxError(.valueError, "there is no function main") }
        var results: [Tensor] = []
        for value in try EvaluationPlan(module).call(main, arguments.map { .tensor($0.borrowed()) }) {
            results.append(try value.asTensor())
        }
        return results
    }

    /// The same by a plan.
    private static func planned(_ module: Module, _ arguments: [Tensor]) throws(JaxError) -> [Tensor] {
        var results: [Tensor] = []
        let borrowed = arguments.map { $0.borrowed() }
        for result in try ExecutionPlan(module).execute(borrowed, mayOverwrite: arguments.map { _ in false }) {
            if case .made(let tensor) = result { results.append(tensor) }
        }
        return results
    }

    /// What is wrong with the program read from its own text.
    private static func roundTrip(_ module: Module) -> String? {
        let text = module.text(.complete)
        do throws(JaxError) {
            let again = try parseProgram(text)
            try verify(again)
            return again.text(.complete) == text ? nil : "the program read from its text is another one"
        } catch {
            return "the program's text cannot be read: \(error)"
        }
    }

    // MARK: Comparison

    /// What differs between two tensors by more than the bounds; without any, all bits count but those of NaNs.
    private static func compare(_ a: Tensor, _ b: Tensor, _ bounds: Tensor?, _ coverage: inout Coverage) -> String? {
        if a.type != b.type { return "a \(a.type) in place of a \(b.type)" }
        let parts = a.dtype.isComplex ? 2 : 1, real = a.dtype.real
        var wrong = 0, first = ""
        for index in 0..<a.elementCount {
            let bound = bounds.map { $0.elements(as: Double.self)[index] } ?? 0
            coverage.compared += 1
            if bound == .infinity {
                coverage.unbounded += 1
                continue
            }
            for part in 0..<parts {
                let place = (index * parts + part) * real.byteWidth
                if agree(a.bytes + place, b.bytes + place, real, bound) { continue }
                wrong += 1
                if wrong == 1 {
                    first = "element \(index) is \(text(a.bytes + place, real)), expected \(text(b.bytes + place, real)) within \(bound)"
                }
            }
        }
        return wrong == 0 ? nil : "\(a.type): \(wrong) of \(a.elementCount) differ; \(first)"
    }

    private static func agree(_ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer, _ dtype: DType, _ bound: Double) -> Bool {
        if (0..<dtype.byteWidth).allSatisfy({ a.load(fromByteOffset: $0, as: UInt8.self) == b.load(fromByteOffset: $0, as: UInt8.self) }) {
            return true
        }
        guard dtype.isFloat, dtype.bitWidth >= 16 else { return bound > 0 && abs(number(a, dtype) - number(b, dtype)) <= bound }
        let x = number(a, dtype), y = number(b, dtype)
        if x.isNaN || y.isNaN { return x.isNaN && y.isNaN }
        return bound > 0 && abs(x - y) <= bound
    }

    private static func number(_ place: UnsafeMutableRawPointer, _ dtype: DType) -> Double {
        switch dtype {
        case .f64: return place.load(as: Double.self)
        case .f32: return Double(place.load(as: Float.self))
        case .f16: return Double(place.load(as: Float16.self))
        case .bf16: return BFloat16(bits: place.load(as: UInt16.self)).double
        case .i16: return Double(place.load(as: Int16.self))
        case .u16: return Double(place.load(as: UInt16.self))
        case .i32: return Double(place.load(as: Int32.self))
        case .u32: return Double(place.load(as: UInt32.self))
        case .i64: return Double(place.load(as: Int64.self))
        case .u64: return Double(place.load(as: UInt64.self))
        case .i8, .i4, .i2: return Double(place.load(as: Int8.self))
        default: return Double(place.load(as: UInt8.self))
        }
    }

    static func text(_ place: UnsafeMutableRawPointer, _ dtype: DType) -> String {
        dtype.bitWidth == 64 && !dtype.isFloat ? "\(Int64(truncatingIfNeeded: place.load(as: UInt64.self)))" : "\(number(place, dtype))"
    }
}
