// The linear algebra that programs exported for other platforms than cpu call by name: Qr, LuDecomposition, Eigh and
// ProductOfElementaryHouseholderReflectors.
import JaxIR
import JaxPlatform

private func deviceCall<Record: Parameters>(_ name: String, _ record: Record.Type,
                                            infer: @escaping (OpView) throws(JaxError) -> [TensorType],
                                            evaluate: @escaping (MatrixCall, Record) throws(JaxError) -> Void) -> OpDefinition {
    OpDefinition(.customCall, target: name, record, infer: { view, _ throws(JaxError) in
        try view.checkResults(try infer(view))
    }, evaluate: { activation, parameters, operands throws(JaxError) in
        let call = try MatrixCall(activation, operands)
        try evaluate(call, parameters)
        return call.values
    }).batch(batchedStackCall)
}

func deviceLinearAlgebraCalls() -> [OpDefinition] {
    [
        deviceCall("Qr", Parameters.self, infer: { op throws(JaxError) in try qrResults(op) }, evaluate: { call, _ throws(JaxError) in
            if call.isComplex { try factorQR(Complex128.self, call) } else { try factorQR(Double.self, call) }
        }).jvp(factorQRTangent),
        deviceCall("ProductOfElementaryHouseholderReflectors", Parameters.self, infer: { op throws(JaxError) in [try reflectorStack(op)] },
                   evaluate: { call, _ throws(JaxError) in
            if call.isComplex { try formQ(Complex128.self, call) } else { try formQ(Double.self, call) }
        }).decomposition(composedQ),
        // (factors, pivots from 0, the permutation that they amount to).
        deviceCall("LuDecomposition", Parameters.self, infer: { op throws(JaxError) in
            let a = try op.matrixStack(0)
            return [a.type, TensorType(.i32, a.batch + [smaller(a.rows, a.columns)]), TensorType(.i32, a.batch + [a.rows])]
        }, evaluate: { call, _ throws(JaxError) in
            if call.isComplex {
                try factorLU(Complex128.self, call, pivotBase: 0, info: nil, permutation: 2)
            } else {
                try factorLU(Double.self, call, pivotBase: 0, info: nil, permutation: 2)
            }
        }).jvp { b, op, tangents throws(JaxError) in
            [try tangents[0].map { (t) throws(JaxError) in try luTangent(b, op.results[0], order: op.results[2], t) }, nil, nil]
        },
        deviceCall("Eigh", DeviceEighParameters.self, infer: { op throws(JaxError) in
            let a = try op.matrixStack(0, square: true)
            return [a.type, TensorType(a.type.dtype.real, a.batch + [a.rows])]
        }, evaluate: { call, parameters throws(JaxError) in
            if call.isComplex {
                try eigenHermitian(Complex128.self, call, lower: parameters.lower, info: nil)
            } else {
                try eigenHermitian(Double.self, call, lower: parameters.lower, info: nil)
            }
        }).jvp(hermitianCallTangent),
    ]
}

/// A text "lower, sort, iterations, tolerance"; eigenvalues are sorted always.
final class DeviceEighParameters: Parameters {
    private(set) var lower = true

    override func code(_ coder: ParameterCoder) throws(JaxError) {
        var text = "1"
        try coder.string("backend_config", &text, missing: "1")
        lower = !text.hasPrefix("0")
    }
}
