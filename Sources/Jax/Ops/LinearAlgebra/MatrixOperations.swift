// The operations cholesky and triangular_solve.
import JaxIR
import JaxPlatform

func matrixFamily() -> [OpDefinition] {
    [
        OpDefinition(.cholesky, shape: choleskyShape, evaluate: { frame, operation, operands throws(JaxError) in
            let call = try MatrixCall(frame, operation, operands)
            let lower = operation.attributes.bool("lower") ?? false
            if try frame.resultTensorType(operation).elementCount == 0 { return call.values }
            if call.isComplex {
                try cholesky(ComplexDouble.self, call, lower: lower, info: nil)
            } else {
                try cholesky(Double.self, call, lower: lower, info: nil)
            }
            return call.values
        }),
        OpDefinition(.triangularSolve, shape: triangularSolveShape, evaluate: { frame, operation, operands throws(JaxError) in
            let call = try MatrixCall(frame, operation, operands)
            let attributes = operation.attributes
            if try frame.resultTensorType(operation).elementCount == 0 { return call.values }
            let form = TriangularForm(left: attributes.bool("left_side") ?? true, lower: attributes.bool("lower") ?? false,
                                      unitDiagonal: attributes.bool("unit_diagonal") ?? false,
                                      transposed: attributes.enumeration("transpose_a") == "TRANSPOSE" || attributes.enumeration("transpose_a") == "ADJOINT",
                                      conjugated: attributes.enumeration("transpose_a") == "ADJOINT")
            if call.isComplex {
                try solve(ComplexDouble.self, call, form)
            } else {
                try solve(Double.self, call, form)
            }
            return call.values
        }),
    ]
}

private func choleskyShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(1)
    return [.tensor(try op.matrixStack(0, square: true).type)]
}

private func triangularSolveShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(2)
    return [.tensor(try triangularSolution(op, left: op.attributes.bool("left_side") ?? true))]
}

/// Checks the operands of a triangular solve; the solution has the type of the right-hand side.
func triangularSolution(_ op: OpView, left: Bool) throws(JaxError) -> TensorType {
    let a = try op.matrixStack(0, square: true), b = try op.matrixStack(1)
    try op.require(a.type.dtype == b.type.dtype && agree(a.batch, b.batch) && agree(left ? b.rows : b.columns, a.rows),
                   "\(a.type) and \(b.type) do not go together")
    return b.type
}

/// How a triangular matrix stands in an equation.
struct TriangularForm {
    var left: Bool
    var lower: Bool
    var unitDiagonal: Bool
    var transposed: Bool
    var conjugated: Bool
}

/// Cholesky factors of a stack into result 0: with `info` (the number of a result) as LAPACK does, else all NaN where the matrix
/// is not positive definite. The other triangle stays as it was.
func cholesky<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall, lower: Bool, info: Int?) throws(JaxError) {
    let n = call.rows
    try call.forEach { (index) throws(JaxError) in
        let a = try Matrix<T>(n, n)
        defer { a.free() }
        a.load(call.operands[0], index, transposed: !lower, conjugated: !lower)
        let failed = try factorCholesky(a)
        if failed != 0 && info == nil { a.fill(T.real(.nan)) }
        for i in 0..<n {
            if !lower {
                for j in 0..<n { a[i, j] = a[i, j].conjugate }
            }
        }
        a.store(call.results[0], index, transposed: !lower)
        if let info { call.storeInfo(info, index, failed) }
    }
}

/// Solves op(a) x = b or x op(a) = b for a stack; operands a, b; the solution is result 0.
func solve<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall, _ form: TriangularForm) throws(JaxError) {
    let n = call.rows, shape = call.operands[1].shape
    let other = form.left ? shape[shape.count - 1] : shape[shape.count - 2]
    try call.forEach { (index) throws(JaxError) in
        // x op(a) = b is op(a)ᵀ xᵀ = bᵀ.
        let isTransposed = form.left == form.transposed
        let a = try Matrix<T>(n, n)
        defer { a.free() }
        a.load(call.operands[0], index, transposed: isTransposed, conjugated: form.conjugated)
        let b = try Matrix<T>(n, other)
        defer { b.free() }
        b.load(call.operands[1], index, transposed: !form.left)
        try solveTriangular(a, lower: form.lower != isTransposed, unitDiagonal: form.unitDiagonal, b)
        b.store(call.results[0], index, transposed: !form.left)
    }
}
