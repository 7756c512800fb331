// The LAPACK routines that programs exported for cpu call by name (`lapack_spotrf_ffi` …), with the operands, attributes and
// results of the typed foreign-function interface of jaxlib. Layouts are no matter here: arrays are row-major.
import JaxIR
import JaxPlatform

/// Names, shape rule, evaluation and derivatives of one routine for s, d, c and z.
private func routine<Record: Parameters>(_ name: String, complex: String? = nil, _ record: Record.Type,
                                         _ rules: (OpDefinition) -> OpDefinition,
                                         infer: @escaping (OpView, Record) throws(JaxError) -> [TensorType],
                                         evaluate: @escaping (MatrixCall, Record) throws(JaxError) -> Void) -> [OpDefinition] {
    var calls: [OpDefinition] = []
    for (letter, dtype) in [("s", DType.f32), ("d", .f64), ("c", .c64), ("z", .c128)] {
        let base = dtype.isComplex ? complex ?? name : name
        calls.append(rules(OpDefinition(.customCall, target: "lapack_\(letter)\(base)_ffi", record, infer: { op, parameters throws(JaxError) in
            let operand = try op.tensor(0)
            try op.require(operand.dtype == dtype, "takes arrays of \(dtype.name), given \(operand)")
            return try op.checkResults(try infer(op, parameters))
        }, evaluate: { activation, parameters, operands throws(JaxError) in
            let call = try MatrixCall(activation, operands)
            try evaluate(call, parameters)
            return call.values
        }).batch(batchedStackCall)))
    }
    return calls
}

func lapackCalls() -> [OpDefinition] {
    routine("potrf", TriangleParameters.self, { $0.jvp { b, op, tangents throws(JaxError) in
        let lower = unsafeDowncast(op.parameters(CustomCallParameters.self).configuration, to: TriangleParameters.self).lower
        return [try tangents[0].map { (t) throws(JaxError) in try choleskyTangent(b, op.results[0], t, lower: lower) }, nil]
    } }, infer: { op, _ throws(JaxError) in
        let a = try op.matrixStack(0, square: true)
        return [a.type, TensorType(.i32, a.batch)]
    }, evaluate: { call, parameters throws(JaxError) in
        let lower = parameters.lower
        if call.isComplex {
            try cholesky(Complex128.self, call, lower: lower, info: 1)
        } else {
            try cholesky(Double.self, call, lower: lower, info: 1)
        }
    })
    + routine("trsm", TriangularCallParameters.self, { $0.jvp { b, op, tangents throws(JaxError) in
        let form = unsafeDowncast(op.parameters(CustomCallParameters.self).configuration, to: TriangularCallParameters.self).form
        return [try triangularSolveTangent(b, op, tangents, form)]
    } }, infer: { op, parameters throws(JaxError) in
        [try triangularSolution(op, left: parameters.form.left)]
    }, evaluate: { call, parameters throws(JaxError) in
        if call.isComplex { try solve(Complex128.self, call, parameters.form) } else { try solve(Double.self, call, parameters.form) }
    })
    + routine("getrf", Parameters.self, { $0.jvp { b, op, tangents throws(JaxError) in
        guard let tangent = tangents[0] else { return [nil, nil, nil] }
        let shape = try b.tensorType(tangent).shape
        let order = try b.permutation(op.results[1], base: 1, count: shape[shape.count - 2])
        return [try luTangent(b, op.results[0], order: order, tangent), nil, nil]
    } }, infer: { op, _ throws(JaxError) in
        let a = try op.matrixStack(0)
        return [a.type, TensorType(.i32, a.batch + [smaller(a.rows, a.columns)]), TensorType(.i32, a.batch)]
    }, evaluate: { call, _ throws(JaxError) in
        if call.isComplex {
            try factorLU(Complex128.self, call, pivotBase: 1, info: 2, permutation: nil)
        } else {
            try factorLU(Double.self, call, pivotBase: 1, info: 2, permutation: nil)
        }
    })
    + routine("geqrf", Parameters.self, { $0.jvp(factorQRTangent) }, infer: { op, _ throws(JaxError) in try qrResults(op) },
              evaluate: { call, _ throws(JaxError) in
        if call.isComplex { try factorQR(Complex128.self, call) } else { try factorQR(Double.self, call) }
    })
    + routine("orgqr", complex: "ungqr", Parameters.self, { $0.decomposition(composedQ) },
              infer: { op, _ throws(JaxError) in [try reflectorStack(op)] }, evaluate: { call, _ throws(JaxError) in
        if call.isComplex { try formQ(Complex128.self, call) } else { try formQ(Double.self, call) }
    })
    + routine("ormqr", complex: "unmqr", MultiplyByQParameters.self, { $0.decomposition(composedMultiplication) },
              infer: { op, parameters throws(JaxError) in
        let a = try op.matrixStack(0), taus = try op.tensor(1), c = try op.matrixStack(2)
        try op.require(taus.dtype == a.type.dtype && c.type.dtype == a.type.dtype && taus.rank == a.type.rank - 1 && agree(c.batch, a.batch)
                       && agree(Array(taus.shape.dropLast()), a.batch) && agree(parameters.isLeft ? c.rows : c.columns, a.rows)
                       && (isDynamic(taus.shape[taus.rank - 1]) || taus.shape[taus.rank - 1] <= smaller(a.rows, a.columns)),
                       "\(a.type), \(taus) and \(c.type) do not go together")
        return [c.type]
    }, evaluate: { call, parameters throws(JaxError) in
        if call.isComplex { try multiplyByQ(Complex128.self, call, parameters) } else { try multiplyByQ(Double.self, call, parameters) }
    })
    + routine("syevd", complex: "heevd", TriangleParameters.self, { $0.jvp(hermitianCallTangent) }, infer: { op, _ throws(JaxError) in
        let a = try op.matrixStack(0, square: true)
        return [a.type, TensorType(a.type.dtype.real, a.batch + [a.rows]), TensorType(.i32, a.batch)]
    }, evaluate: { call, parameters throws(JaxError) in
        if call.isComplex {
            try eigenHermitian(Complex128.self, call, lower: parameters.lower, info: 2)
        } else {
            try eigenHermitian(Double.self, call, lower: parameters.lower, info: 2)
        }
    })
    + routine("gesdd", SingularParameters.self, { $0.jvp(singularTangent) }, infer: singularResults, evaluate: evaluateSingular)
    + routine("gesvd", SingularParameters.self, { $0.jvp(singularTangent) }, infer: singularResults, evaluate: evaluateSingular)
    + routine("geev", EigenParameters.self, { $0.jvp(generalEigenTangent) },
              infer: { op, _ throws(JaxError) in try eigenResults(op) }, evaluate: eigenGeneral)
    + routine("gees", SchurParameters.self, { $0.notDifferentiable("schur") },
              infer: { op, _ throws(JaxError) in try schurResults(op) }, evaluate: schurGeneral)
    + routine("gehrd", HessenbergParameters.self, { $0.notDifferentiable("hessenberg") }, infer: { op, _ throws(JaxError) in
        let a = try op.matrixStack(0, square: true)
        return [a.type, TensorType(a.type.dtype, a.batch + [isDynamic(a.rows) ? a.rows : max(a.rows - 1, 0)]), TensorType(.i32, a.batch)]
    }, evaluate: { call, parameters throws(JaxError) in
        if call.isComplex {
            try reduceHessenberg(Complex128.self, call, parameters)
        } else {
            try reduceHessenberg(Double.self, call, parameters)
        }
    })
    + routine("sytrd", complex: "hetrd", TriangleParameters.self, { $0.notDifferentiable("tridiagonal") }, infer: { op, _ throws(JaxError) in
        let a = try op.matrixStack(0, square: true)
        let less = isDynamic(a.rows) ? a.rows : max(a.rows - 1, 0)
        return [a.type, TensorType(a.type.dtype.real, a.batch + [a.rows]), TensorType(a.type.dtype.real, a.batch + [less]),
                TensorType(a.type.dtype, a.batch + [less]), TensorType(.i32, a.batch)]
    }, evaluate: { call, parameters throws(JaxError) in
        if call.isComplex {
            try reduceTridiagonal(Complex128.self, call, parameters)
        } else {
            try reduceTridiagonal(Double.self, call, parameters)
        }
    })
    + routine("gtsv", Parameters.self, { $0.jvp(tridiagonalTangent).transpose(transposedTridiagonal) }, infer: { op, _ throws(JaxError) in
        let b = try op.matrixStack(3)
        var results: [TensorType] = []
        for k in 0..<3 {
            let diagonal = try op.tensor(k)
            try op.require(diagonal.dtype == b.type.dtype && agree(diagonal.shape, b.batch + [b.rows]),
                           "diagonal \(diagonal) does not go with \(b.type)")
            results.append(diagonal)
        }
        return results + [b.type, TensorType(.i32, b.batch)]
    }, evaluate: { call, _ throws(JaxError) in
        if call.operands[3].dtype.isComplex {
            try solveTridiagonals(Complex128.self, call)
        } else {
            try solveTridiagonals(Double.self, call)
        }
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
                   && (isDynamic(taus.shape[taus.rank - 1]) || isDynamic(smaller(a.rows, a.columns))
                       || taus.shape[taus.rank - 1] <= min(a.rows, a.columns))
                   && (isDynamic(smaller(a.rows, a.columns)) || a.columns <= a.rows),
                   "reflectors \(a.type) and factors \(taus) do not go together")
    return a.type
}

private func singularResults(_ op: OpView, _ parameters: SingularParameters) throws(JaxError) -> [TensorType] {
    let a = try op.matrixStack(0)
    let k = smaller(a.rows, a.columns), real = a.type.dtype.real
    // 'A' all vectors, 'S' and 'N' as many as singular values; without vectors the declared arrays are only placeholders.
    var left = parameters.mode == .all ? a.rows : k, right = parameters.mode == .all ? a.columns : k
    if parameters.mode == .none, let u = try? op.declaredTensor(2), let v = try? op.declaredTensor(3),
       u.rank == a.type.rank, v.rank == a.type.rank {
        left = u.shape[u.rank - 1] == a.rows ? a.rows : k
        right = v.shape[v.rank - 2] == a.columns ? a.columns : k
    }
    return [a.type, TensorType(real, a.batch + [k]), TensorType(a.type.dtype, a.batch + [a.rows, left]),
            TensorType(a.type.dtype, a.batch + [right, a.columns]), TensorType(.i32, a.batch)]
}

// MARK: - Evaluations

private func evaluateSingular(_ call: MatrixCall, _ parameters: SingularParameters) throws(JaxError) {
    if call.isComplex {
        try decomposeSingular(Complex128.self, call, hasVectors: parameters.mode != .none)
    } else {
        try decomposeSingular(Double.self, call, hasVectors: parameters.mode != .none)
    }
}

private func multiplyByQ<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall, _ parameters: MultiplyByQParameters) throws(JaxError) {
    let left = parameters.isLeft, adjoint = parameters.isAdjoint
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

private func reduceHessenberg<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall, _ parameters: HessenbergParameters) throws(JaxError) {
    let n = call.rows
    let low = parameters.low - 1, high = parameters.high < 0 ? n : parameters.high
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
private func reduceTridiagonal<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall, _ parameters: TriangleParameters) throws(JaxError) {
    guard parameters.lower else { throw JaxError(.notImplemented, "tridiagonal form from the upper triangle is not available") }
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
