// The LAPACK routines that programs exported for cpu call by name (`lapack_spotrf_ffi` …), with the operands, attributes and
// results of the typed foreign-function interface of jaxlib. Layouts are no matter here: arrays are row-major.
import JaxIR
import JaxPlatform

/// Names, shape rule and evaluation of one routine for s, d, c and z.
private func routine(_ name: String, complex: String? = nil, shape: @escaping (OpView) throws(JaxError) -> [TensorType],
                     evaluate: @escaping (MatrixCall) throws(JaxError) -> Void) -> [CustomCall] {
    var calls: [CustomCall] = []
    for (letter, dtype) in [("s", DType.f32), ("d", .f64), ("c", .c64), ("z", .c128)] {
        let base = dtype.isComplex ? complex ?? name : name
        calls.append(CustomCall("lapack_\(letter)\(base)_ffi", shape: { op throws(JaxError) in
            let operand = try op.tensor(0)
            try op.require(operand.dtype == dtype, "takes arrays of \(dtype.name), given \(operand)")
            return try op.checkResults(try shape(op))
        }, evaluate: { frame, operation, operands throws(JaxError) in
            let call = try MatrixCall(frame, operation, operands)
            try evaluate(call)
            return call.values
        }))
    }
    return calls
}

func lapackCalls() -> [CustomCall] {
    routine("potrf", shape: { op throws(JaxError) in
        let a = try op.matrixStack(0, square: true)
        return [a.type, TensorType(.i32, a.batch)]
    }, evaluate: { call throws(JaxError) in
        let lower = call.isCharacter("uplo", "L")
        if call.isComplex { try cholesky(ComplexDouble.self, call, lower: lower, info: 1) } else { try cholesky(Double.self, call, lower: lower, info: 1) }
    })
    + routine("trsm", shape: { op throws(JaxError) in
        [try triangularSolution(op, left: (op.operation.configuredInteger("side") ?? 76) == 76)]
    }, evaluate: { call throws(JaxError) in
        let form = TriangularForm(left: call.isCharacter("side", "L"), lower: call.isCharacter("uplo", "L"),
                                  unitDiagonal: call.character("diag", "N") == 85, transposed: call.character("trans_x", "N") != 78,
                                  conjugated: call.character("trans_x", "N") == 67)
        if call.isComplex { try solve(ComplexDouble.self, call, form) } else { try solve(Double.self, call, form) }
    })
    + routine("getrf", shape: { op throws(JaxError) in
        let a = try op.matrixStack(0)
        return [a.type, TensorType(.i32, a.batch + [smaller(a.rows, a.columns)]), TensorType(.i32, a.batch)]
    }, evaluate: { call throws(JaxError) in
        if call.isComplex {
            try factorLU(ComplexDouble.self, call, pivotBase: 1, info: 2, permutation: nil)
        } else {
            try factorLU(Double.self, call, pivotBase: 1, info: 2, permutation: nil)
        }
    })
    + routine("geqrf", shape: { op throws(JaxError) in try qrResults(op) }, evaluate: { call throws(JaxError) in
        if call.isComplex { try factorQR(ComplexDouble.self, call) } else { try factorQR(Double.self, call) }
    })
    + routine("orgqr", complex: "ungqr", shape: { op throws(JaxError) in [try reflectorStack(op)] }, evaluate: { call throws(JaxError) in
        if call.isComplex { try formQ(ComplexDouble.self, call) } else { try formQ(Double.self, call) }
    })
    + routine("ormqr", complex: "unmqr", shape: { op throws(JaxError) in
        let a = try op.matrixStack(0), taus = try op.tensor(1), c = try op.matrixStack(2)
        let left = op.operation.configuredBool("left") ?? true
        try op.require(taus.dtype == a.type.dtype && c.type.dtype == a.type.dtype && taus.rank == a.type.rank - 1 && agree(c.batch, a.batch)
                       && agree(Array(taus.shape.dropLast()), a.batch) && agree(left ? c.rows : c.columns, a.rows)
                       && (isDynamic(taus.shape[taus.rank - 1]) || taus.shape[taus.rank - 1] <= smaller(a.rows, a.columns)),
                       "\(a.type), \(taus) and \(c.type) do not go together")
        return [c.type]
    }, evaluate: { call throws(JaxError) in
        if call.isComplex { try multiplyByQ(ComplexDouble.self, call) } else { try multiplyByQ(Double.self, call) }
    })
    + routine("syevd", complex: "heevd", shape: { op throws(JaxError) in
        let a = try op.matrixStack(0, square: true)
        return [a.type, TensorType(a.type.dtype.real, a.batch + [a.rows]), TensorType(.i32, a.batch)]
    }, evaluate: { call throws(JaxError) in
        let lower = call.isCharacter("uplo", "L")
        if call.isComplex { try eigenHermitian(ComplexDouble.self, call, lower: lower, info: 2) } else { try eigenHermitian(Double.self, call, lower: lower, info: 2) }
    })
    + routine("gesdd", shape: { op throws(JaxError) in try singularResults(op) }, evaluate: { call throws(JaxError) in try evaluateSingular(call) })
    + routine("gesvd", shape: { op throws(JaxError) in try singularResults(op) }, evaluate: { call throws(JaxError) in try evaluateSingular(call) })
    + routine("geev", shape: { op throws(JaxError) in try eigenResults(op) }, evaluate: { call throws(JaxError) in try eigenGeneral(call) })
    + routine("gees", shape: { op throws(JaxError) in try schurResults(op) }, evaluate: { call throws(JaxError) in try schurGeneral(call) })
    + routine("gehrd", shape: { op throws(JaxError) in
        let a = try op.matrixStack(0, square: true)
        return [a.type, TensorType(a.type.dtype, a.batch + [isDynamic(a.rows) ? a.rows : max(a.rows - 1, 0)]), TensorType(.i32, a.batch)]
    }, evaluate: { call throws(JaxError) in
        if call.isComplex { try reduceHessenberg(ComplexDouble.self, call) } else { try reduceHessenberg(Double.self, call) }
    })
    + routine("sytrd", complex: "hetrd", shape: { op throws(JaxError) in
        let a = try op.matrixStack(0, square: true)
        let less = isDynamic(a.rows) ? a.rows : max(a.rows - 1, 0)
        return [a.type, TensorType(a.type.dtype.real, a.batch + [a.rows]), TensorType(a.type.dtype.real, a.batch + [less]),
                TensorType(a.type.dtype, a.batch + [less]), TensorType(.i32, a.batch)]
    }, evaluate: { call throws(JaxError) in
        if call.isComplex { try reduceTridiagonal(ComplexDouble.self, call) } else { try reduceTridiagonal(Double.self, call) }
    })
    + routine("gtsv", shape: { op throws(JaxError) in
        let b = try op.matrixStack(3)
        var results: [TensorType] = []
        for k in 0..<3 {
            let diagonal = try op.tensor(k)
            try op.require(diagonal.dtype == b.type.dtype && agree(diagonal.shape, b.batch + [b.rows]), "diagonal \(diagonal) does not go with \(b.type)")
            results.append(diagonal)
        }
        return results + [b.type, TensorType(.i32, b.batch)]
    }, evaluate: { call throws(JaxError) in
        if call.operands[3].dtype.isComplex { try solveTridiagonals(ComplexDouble.self, call) } else { try solveTridiagonals(Double.self, call) }
    })
}

// MARK: - Shapes

/// (R over the reflectors, factors).
func qrResults(_ op: OpView) throws(JaxError) -> [TensorType] {
    let a = try op.matrixStack(0)
    return [a.type, TensorType(a.type.dtype, a.batch + [smaller(a.rows, a.columns)])]
}

/// Reflectors in operand 0 with their factors in operand 1.
func reflectorStack(_ op: OpView) throws(JaxError) -> TensorType {
    let a = try op.matrixStack(0), taus = try op.tensor(1)
    try op.require(taus.dtype == a.type.dtype && taus.rank == a.type.rank - 1 && agree(Array(taus.shape.dropLast()), a.batch)
                   && (isDynamic(taus.shape[taus.rank - 1]) || isDynamic(smaller(a.rows, a.columns)) || taus.shape[taus.rank - 1] <= min(a.rows, a.columns))
                   && (isDynamic(smaller(a.rows, a.columns)) || a.columns <= a.rows),
                   "reflectors \(a.type) and factors \(taus) do not go together")
    return a.type
}

private func singularResults(_ op: OpView) throws(JaxError) -> [TensorType] {
    let a = try op.matrixStack(0)
    let k = smaller(a.rows, a.columns), real = a.type.dtype.real
    // 'A' all vectors, 'S' and 'N' as many as singular values; without vectors the declared arrays are only placeholders.
    let mode = op.operation.configuredInteger("mode") ?? 83
    var left = mode == 65 ? a.rows : k, right = mode == 65 ? a.columns : k
    if mode == 78, let u = try? op.declaredTensor(2), let v = try? op.declaredTensor(3), u.rank == a.type.rank, v.rank == a.type.rank {
        left = u.shape[u.rank - 1] == a.rows ? a.rows : k
        right = v.shape[v.rank - 2] == a.columns ? a.columns : k
    }
    return [a.type, TensorType(real, a.batch + [k]), TensorType(a.type.dtype, a.batch + [a.rows, left]),
            TensorType(a.type.dtype, a.batch + [right, a.columns]), TensorType(.i32, a.batch)]
}

// MARK: - Evaluations

private func evaluateSingular(_ call: MatrixCall) throws(JaxError) {
    let hasVectors = call.character("mode", "S") != 78
    if call.isComplex { try decomposeSingular(ComplexDouble.self, call, hasVectors: hasVectors) } else { try decomposeSingular(Double.self, call, hasVectors: hasVectors) }
}

private func multiplyByQ<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall) throws(JaxError) {
    let left = call.operation.configuredBool("left") ?? true, adjoint = call.operation.configuredBool("transpose") ?? false
    let shape = call.operands[2].shape
    let count = call.operands[1].shape[call.operands[1].type.rank - 1]
    try call.forEach { (index) throws(JaxError) in
        let a = try Matrix<T>(call.rows, call.columns)
        defer { a.free() }
        let taus = try Matrix<T>(1, count)
        defer { taus.free() }
        let c = try Matrix<T>(shape[shape.count - 2], shape[shape.count - 1])
        defer { c.free() }
        a.load(call.operands[0], index)
        call.loadVector(1, index, taus.elements, count)
        c.load(call.operands[2], index)
        try multiplyByQ(a, taus.elements, count, c, left: left, adjoint: adjoint)
        c.store(call.results[0], index)
    }
}

private func reduceHessenberg<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall) throws(JaxError) {
    let n = call.rows
    let low = (call.operation.configuredInteger("low") ?? 1) - 1, high = call.operation.configuredInteger("high") ?? n
    guard low >= 0, high <= n, low <= max(high, 0) else { throw JaxError(.valueError, "gehrd: rows \(low + 1) to \(high) of \(n)") }
    try call.forEach { (index) throws(JaxError) in
        let a = try Matrix<T>(n, n)
        defer { a.free() }
        let taus = try Matrix<T>(1, n)
        defer { taus.free() }
        a.load(call.operands[0], index)
        try reduceToHessenberg(a, taus.elements, low: low, high: high)
        a.store(call.results[0], index)
        call.storeVector(1, index, taus.elements, max(n - 1, 0))
        call.storeInfo(2, index, 0)
    }
}

/// With the reflectors below the subdiagonal; from an upper triangle, LAPACK numbers them the other way round.
private func reduceTridiagonal<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall) throws(JaxError) {
    guard call.isCharacter("uplo", "L") else { throw JaxError(.notImplemented, "tridiagonal form from the upper triangle is not available") }
    let n = call.rows
    try call.forEach { (index) throws(JaxError) in
        let a = try Matrix<T>(n, n)
        defer { a.free() }
        let taus = try Matrix<T>(1, n)
        defer { taus.free() }
        let diagonals = try Matrix<Double>(2, n)
        defer { diagonals.free() }
        a.load(call.operands[0], index)
        fillHermitian(a, lower: true)
        try reduceToTridiagonal(a, diagonals.row(0), diagonals.row(1), taus.elements)
        // The upper triangle stays as it was given; the diagonals stand in both places.
        let given = try Matrix<T>(n, n)
        defer { given.free() }
        given.load(call.operands[0], index)
        for i in 0..<n {
            a[i, i] = T.real(diagonals[0, i])
            for j in (i + 1)..<max(n, i + 1) { a[i, j] = given[i, j] }
        }
        a.store(call.results[0], index)
        call.storeVector(1, index, diagonals.row(0), n)
        call.storeVector(2, index, diagonals.row(1), max(n - 1, 0))
        call.storeVector(3, index, taus.elements, max(n - 1, 0))
        call.storeInfo(4, index, 0)
    }
}

private func solveTridiagonals<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall) throws(JaxError) {
    let shape = call.operands[3].shape
    let n = shape[shape.count - 2], columns = shape[shape.count - 1]
    let batch = try product(Array(shape.dropLast(2)))
    try forEachMatrix(batch, work: batch &* n &* columns &* 8) { (index) throws(JaxError) in
        let diagonals = try Matrix<T>(4, n)
        defer { diagonals.free() }
        let b = try Matrix<T>(n, columns)
        defer { b.free() }
        for k in 0..<3 { call.loadVector(k, index, diagonals.row(k), n) }
        b.load(call.operands[3], index)
        let info = solveTridiagonal(n, diagonals.row(0), diagonals.row(1), diagonals.row(2), diagonals.row(3), b)
        for k in 0..<3 { call.storeVector(k, index, diagonals.row(k), n) }
        b.store(call.results[3], index)
        call.storeInfo(4, index, info)
    }
}
