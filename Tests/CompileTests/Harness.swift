// Programs as text, executed by the evaluator, by the loop form's interpreter, and as machine code.
import CompileSupport
import JaxCompile
import JaxExecute
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxTransform
import Testing
import X86

/// Numbers that mean something in every dtype, different for each operand and the same in each run.
struct Numbers {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func tensor(_ type: TensorType) throws -> Tensor {
        let tensor = try Tensor(type)
        for index in 0..<type.elementCount {
            let bits = next(), number = Double(Int64(bitPattern: bits) >> 40) / Double(1 << 21)
            switch type.dtype {
            case .i1: tensor.elements(as: UInt8.self)[index] = UInt8(bits & 1)
            case .i8, .u8: tensor.elements(as: UInt8.self)[index] = UInt8(truncatingIfNeeded: bits)
            case .i16, .u16: tensor.elements(as: UInt16.self)[index] = UInt16(truncatingIfNeeded: bits)
            case .i32, .u32: tensor.elements(as: UInt32.self)[index] = UInt32(truncatingIfNeeded: bits >> (bits & 31))
            case .i64, .u64: tensor.elements(as: UInt64.self)[index] = bits >> (bits & 63)
            case .f32: tensor.elements(as: Float.self)[index] = Float(number)
            case .f64: tensor.elements(as: Double.self)[index] = number
            case .bf16: tensor.elements(as: UInt16.self)[index] = BFloat16(Float(number)).bits
            case .f16: tensor.elements(as: Float16.self)[index] = Float16(number)
            default: Issue.record("no numbers for \(type)")
            }
        }
        return tensor
    }
}

/// The elements as doubles.
func doubles(_ tensor: Tensor) -> [Double] {
    (0..<tensor.elementCount).map { index in
        switch tensor.dtype {
        case .i1, .u8: return Double(tensor.elements(as: UInt8.self)[index])
        case .i8: return Double(tensor.elements(as: Int8.self)[index])
        case .i16: return Double(tensor.elements(as: Int16.self)[index])
        case .u16: return Double(tensor.elements(as: UInt16.self)[index])
        case .i32: return Double(tensor.elements(as: Int32.self)[index])
        case .u32: return Double(tensor.elements(as: UInt32.self)[index])
        case .i64: return Double(tensor.elements(as: Int64.self)[index])
        case .u64: return Double(tensor.elements(as: UInt64.self)[index])
        case .f32: return Double(tensor.elements(as: Float.self)[index])
        case .f64: return tensor.elements(as: Double.self)[index]
        case .bf16: return BFloat16(bits: tensor.elements(as: UInt16.self)[index]).double
        case .f16: return Double(tensor.elements(as: Float16.self)[index])
        default: return .nan
        }
    }
}

/// How far two values of a dtype may be apart, in units of the last place of the larger, or of `scale`: sums may come in another order,
/// and what is large in them may cancel.
private func areClose(_ a: Double, _ b: Double, _ dtype: DType, _ units: Double, _ scale: Double) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
    if a == b { return true }
    let precision: Double = switch dtype {
    case .f32: 0x1p-23
    case .f64: 0x1p-52
    case .bf16: 0x1p-7
    case .f16: 0x1p-10
    default: 0
    }
    return abs(a - b) <= units * precision * max(abs(a), abs(b), scale)
}

/// Executes `main` in every way on the same arguments; the results must agree with the evaluator's within `units`, and `kernels` fusions
/// must have been made.
func agree(_ text: String, units: Double = 4, scale: Double = 0x1p-10, kernels: Int? = nil,
           _ location: SourceLocation = #_sourceLocation) throws {
    let module = try parseProgram(text)
    try verify(module)
    let main = try #require(module.function(named: "main"))
    var numbers = Numbers(UInt64(text.utf8.count))
    let arguments = try main.parameterTypes.map { try numbers.tensor(try #require($0.tensor)) }
    let expected = try EvaluationPlan(module).call(main, arguments.map { .tensor($0.borrowed()) })
    let ways: [(String, any KernelCompiler)] = [
        ("interpreted", Interpreting()), ("AVX2", Compiling(X86Features(hasAVX512: false))), ("this processor", Compiling(.detected)),
    ]
    for (way, compiler) in ways {
        let compiled = try JaxCompile.compiled(module, compiler)
        let entry = try #require(compiled.function(named: "main"))
        if let kernels {
            let made = entry.body.operations.filter { $0.code == .fusion }.count
            #expect(made == kernels, "\(compiled.text())", sourceLocation: location)
        }
        let results = try ExecutionPlan(compiled).execute(arguments, mayOverwrite: arguments.map { _ in false })
        for (result, value) in zip(results, expected) {
            guard case .made(let a) = result else { continue }
            let b = try value.asTensor()
            let x = doubles(a), y = doubles(b)
            let wrong = x.indices.filter { !areClose(x[$0], y[$0], a.dtype, units, scale) }
            if let first = wrong.first {
                Issue.record("\(way): \(wrong.count) of \(x.count) differ; element \(first) is \(x[first]), expected \(y[first])\n\(text)",
                             sourceLocation: location)
            }
        }
    }
}
