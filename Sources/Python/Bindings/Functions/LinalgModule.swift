// Matrix routines, by the calls that exports for cpu make of LAPACK; what jax.numpy.linalg makes of them is Python
// (frozen/jax/numpy/linalg.py).
import JaxIR
import JaxOps
import JaxPlatform

/// A stack of matrices in a type that the routines compute in.
private func matrices(_ call: Call, _ index: Int = 0, isSquare: Bool = false) throws(JaxError) -> Handle {
    let a = try operand(call[index], call.functionName, index)
    guard a.shape.count >= 2 else {
        throw JaxError(.valueError, "\(call.functionName.drop { $0 == "_" }): expected an array of at least two dimensions, got shape \(shapeText(a.shape))")
    }
    let rank = a.shape.count
    if isSquare && a.shape[rank - 1] != a.shape[rank - 2] {
        throw JaxError(.valueError, "Argument to \(call.functionName.drop { $0 == "_" }) must have shape [..., n, n], got shape \(shapeText(a.shape))")
    }
    return try Lax.convert(a.handle, to: a.dtype.inexact)
}

private func routine(_ name: String, complex: String? = nil, _ operands: [Handle], _ options: [NamedAttribute] = [],
                     _ results: [TensorType]) throws(JaxError) -> Value {
    let dtype = operands[0].dtype, target = lapackTarget(dtype.isComplex ? complex ?? name : name, dtype)
    let made = try Lax.run(operands) { builder, values throws(JaxError) in try builder.matrixCall(target, values, options, results: results) }
    return .list(made.map { .array($0) })
}

func linalgModule() -> NativeModule {
    NativeModule(name: "jax.numpy.linalg", functions: [
        NativeFunction("_cholesky", "a") { call throws(JaxError) in
            .array(try Lax.apply(.cholesky, [try matrices(call, isSquare: true)], CholeskyParameters(lower: true)))
        },
        NativeFunction("_triangular_solve", "a b left lower transpose conjugate unit_diagonal") { call throws(JaxError) in
            let transposition: TriangularSolveParameters.Transposition =
                try call.bool(4, default: false) ? (try call.bool(5, default: false) ? .adjoint : .transpose) : .none
            let parameters = TriangularSolveParameters(left: try call.bool(2, default: true), lower: try call.bool(3, default: false),
                                                       unitDiagonal: try call.bool(6, default: false), transposition)
            return .array(try Lax.apply(.triangularSolve, [try matrices(call, isSquare: true), try matrices(call, 1)], parameters))
        },
        // LU, pivots from 1, info.
        NativeFunction("_lu", "a") { call throws(JaxError) in
            let a = try matrices(call), batch = Array(a.shape.dropLast(2)), count = min(a.shape[batch.count], a.shape[batch.count + 1])
            return try routine("getrf", [a], [], [a.type, TensorType(.i32, batch + [count]), TensorType(.i32, batch)])
        },
        // R with the reflectors below it, and their factors.
        NativeFunction("_geqrf", "a") { call throws(JaxError) in
            let a = try matrices(call), batch = Array(a.shape.dropLast(2)), count = min(a.shape[batch.count], a.shape[batch.count + 1])
            return try routine("geqrf", [a], [], [a.type, TensorType(a.dtype, batch + [count])])
        },
        NativeFunction("_orgqr", "a taus") { call throws(JaxError) in
            let a = try matrices(call)
            return try routine("orgqr", complex: "ungqr", [a, try operand(call[1], "orgqr", 1).handle], [], [a.type])
        },
        // Vectors, values ascending, info.
        NativeFunction("_eigh", "a") { call throws(JaxError) in
            let a = try matrices(call, isSquare: true), batch = Array(a.shape.dropLast(2))
            return try routine("syevd", complex: "heevd", [a], [characterAttribute("mode", UInt8(ascii: "V")), characterAttribute("uplo", UInt8(ascii: "L"))],
                               [a.type, TensorType(a.dtype.real, batch + [a.shape[batch.count]]), TensorType(.i32, batch)])
        },
        // The matrix itself, singular values, left and right vectors, info.
        NativeFunction("_svd", "a full_matrices") { call throws(JaxError) in
            let a = try matrices(call), batch = Array(a.shape.dropLast(2)), rows = a.shape[batch.count], columns = a.shape[batch.count + 1]
            let isFull = try call.bool(1, default: true), count = min(rows, columns)
            return try routine("gesdd", [a], [characterAttribute("mode", UInt8(ascii: isFull ? "A" : "S"))],
                               [a.type, TensorType(a.dtype.real, batch + [count]), TensorType(a.dtype, batch + [rows, isFull ? rows : count]),
                                TensorType(a.dtype, batch + [isFull ? columns : count, columns]), TensorType(.i32, batch)])
        },
        // Values, left vectors, right vectors, info; of a complex matrix.
        NativeFunction("_eig", "a") { call throws(JaxError) in
            let a = try matrices(call, isSquare: true), batch = Array(a.shape.dropLast(2))
            let complex = try Lax.convert(a, to: a.dtype == .f64 || a.dtype == .c128 ? .c128 : .c64)
            return try routine("geev", [complex], [characterAttribute("compute_left", UInt8(ascii: "N")), characterAttribute("compute_right", UInt8(ascii: "V"))],
                               [TensorType(complex.dtype, batch + [a.shape[batch.count]]), complex.type, complex.type, TensorType(.i32, batch)])
        },
    ])
}
