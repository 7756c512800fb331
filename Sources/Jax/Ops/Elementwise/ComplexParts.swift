// real, imag and complex (StableHLO, sections of these names): taking complex numbers apart and joining their parts. The real
// part of a real number is the number, its imaginary part 0.
import JaxIR
import JaxPlatform
import Loops

func complexFamily() -> [OpDefinition] {
    [
        elementwise(.real, 1, .inexact, result: { $0.real },
                    part { (z: Complex<Float>) in z.re } + part { (z: Complex128) in z.re } + ScalarKernels { dtype in
            let width = dtype.byteWidth
            return BlockKernel { a, _, _, r, n in r.copyMemory(from: a, byteCount: n &* width) }
        }).linear(.jointly([0])).complexLanes { [$0.x[0][0]] }.transposed { b, op, cotangent throws(JaxError) in
            guard try b.tensorType(op.operands[0]).dtype.isComplex else { return cotangent }
            return try b.one(.complex, [cotangent, try b.filled(0, like: cotangent)])
        },
        elementwise(.imag, 1, .inexact, result: { $0.real },
                    part { (z: Complex<Float>) in z.im } + part { (z: Complex128) in z.im } + ScalarKernels { dtype in
            let width = dtype.byteWidth
            return BlockKernel { _, _, _, r, n in r.initializeMemory(as: UInt8.self, repeating: 0, count: n &* width) }
        }).linear(.jointly([0])).complexLanes { [$0.x[0][1]] }.transposed { b, op, cotangent throws(JaxError) in
            // The imaginary part is Re(-i z).
            guard try b.tensorType(op.operands[0]).dtype.isComplex else { return try b.filled(0, like: cotangent) }
            return try b.one(.complex, [try b.filled(0, like: cotangent), try b.negate(cotangent)])
        },
        elementwise(.complex, Parameters.self, isBare: true, infer: { view, _ throws(JaxError) in
            let type = try view.elementwiseType(2, .float)
            try view.require(type.dtype == .f32 || type.dtype == .f64, "the parts must be float32 or float64, are \(type)")
            return TensorType(type.dtype == .f32 ? .c64 : .c128, type.shape)
        }, kernel: { operand, _, _ in
            switch operand {
            case .f32: return BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: Float, y: Float) in Complex(x, y) } }
            case .f64: return BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: Double, y: Double) in Complex(x, y) } }
            default: return nil
            }
        }).linear(.jointly([0, 1])).complexLanes { [$0.x[0][0], $0.x[1][0]] }.transposedEach { b, _, cotangent, index throws(JaxError) in
            index == 0 ? try b.one(.real, [cotangent]) : try b.negate(try b.one(.imag, [cotangent]))
        },
    ]
}

private func part(_ part: @escaping (Complex<Float>) -> Float) -> ScalarKernels {
    ScalarKernels { $0 == .c64 ? BlockKernel { a, _, _, r, n in loop(a, r, n) { (z: Complex<Float>) in part(z) } } : nil }
}

private func part(_ part: @escaping (Complex128) -> Double) -> ScalarKernels {
    ScalarKernels { $0 == .c128 ? BlockKernel { a, _, _, r, n in loop(a, r, n) { (z: Complex128) in part(z) } } : nil }
}
