// The linear algebra that programs exported for other platforms than cpu call by name: Qr, LuDecomposition, Eigh and
// ProductOfElementaryHouseholderReflectors.
import JaxIR
import JaxPlatform

private func deviceCall(_ name: String, shape: @escaping (OpView) throws(JaxError) -> [TensorType],
                        evaluate: @escaping (MatrixCall) throws(JaxError) -> Void) -> CustomCall {
    CustomCall(name, shape: { op throws(JaxError) in
        try op.checkResults(try shape(op))
    }, evaluate: { frame, operation, operands throws(JaxError) in
        let call = try MatrixCall(frame, operation, operands)
        try evaluate(call)
        return call.values
    })
}

func deviceLinearAlgebraCalls() -> [CustomCall] {
    [
        deviceCall("Qr", shape: { op throws(JaxError) in try qrResults(op) }, evaluate: { call throws(JaxError) in
            if call.isComplex { try factorQR(ComplexDouble.self, call) } else { try factorQR(Double.self, call) }
        }),
        deviceCall("ProductOfElementaryHouseholderReflectors", shape: { op throws(JaxError) in [try reflectorStack(op)] },
                   evaluate: { call throws(JaxError) in
            if call.isComplex { try formQ(ComplexDouble.self, call) } else { try formQ(Double.self, call) }
        }),
        // (factors, pivots from 0, the permutation that they amount to).
        deviceCall("LuDecomposition", shape: { op throws(JaxError) in
            let a = try op.matrixStack(0)
            return [a.type, TensorType(.i32, a.batch + [smaller(a.rows, a.columns)]), TensorType(.i32, a.batch + [a.rows])]
        }, evaluate: { call throws(JaxError) in
            if call.isComplex {
                try factorLU(ComplexDouble.self, call, pivotBase: 0, info: nil, permutation: 2)
            } else {
                try factorLU(Double.self, call, pivotBase: 0, info: nil, permutation: 2)
            }
        }),
        // The configuration is "lower, sort, iterations, tolerance"; eigenvalues are sorted always.
        deviceCall("Eigh", shape: { op throws(JaxError) in
            let a = try op.matrixStack(0, square: true)
            return [a.type, TensorType(a.type.dtype.real, a.batch + [a.rows])]
        }, evaluate: { call throws(JaxError) in
            let lower = call.operation.attributes.string("backend_config").map { !$0.hasPrefix("0") } ?? true
            if call.isComplex { try eigenHermitian(ComplexDouble.self, call, lower: lower, info: nil) } else { try eigenHermitian(Double.self, call, lower: lower, info: nil) }
        }),
    ]
}
