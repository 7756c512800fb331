// The operations cholesky and triangular_solve.
import JaxIR
import JaxPlatform

func matrixFamily() -> [OpDefinition] {
    [
        OpDefinition(.cholesky, CholeskyParameters.self, infer: { view, _ throws(JaxError) in
            try view.requireOperands(1)
            return [.tensor(try view.matrixStack(0, square: true).type)]
        }, evaluate: { activation, parameters, operands throws(JaxError) in
            let call = try MatrixCall(activation, operands)
            if call.results[0].elementCount == 0 { return call.values }
            if call.isComplex {
                try cholesky(Complex128.self, call, lower: parameters.lower, info: nil)
            } else {
                try cholesky(Double.self, call, lower: parameters.lower, info: nil)
            }
            return call.values
        }).jvp { b, op, tangents throws(JaxError) in
            let lower = op.parameters(CholeskyParameters.self).lower
            return [try tangents[0].map { (t) throws(JaxError) in try choleskyTangent(b, op.results[0], t, lower: lower) }]
        }.batch(batchedStack),
        OpDefinition(.triangularSolve, TriangularSolveParameters.self, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(2)
            return [.tensor(try triangularSolution(view, left: parameters.form.left))]
        }, evaluate: { activation, parameters, operands throws(JaxError) in
            let call = try MatrixCall(activation, operands)
            if call.results[0].elementCount == 0 { return call.values }
            if call.isComplex {
                try solve(Complex128.self, call, parameters.form)
            } else {
                try solve(Double.self, call, parameters.form)
            }
            return call.values
        }).linear(.jointly([1])).jvp { b, op, tangents throws(JaxError) in
            [try triangularSolveTangent(b, op, tangents, op.parameters(TriangularSolveParameters.self).form)]
        }.transpose(transposedTriangularSolve).batch(batchedStack),
    ]
}

/// Which triangle of the matrix counts.
public final class CholeskyParameters: Parameters {
    public private(set) var lower = false

    public convenience init(lower: Bool) {
        self.init()
        self.lower = lower
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.bool("lower", &lower, missing: false) }
}

public final class TriangularSolveParameters: Parameters {
    public enum Transposition: String {
        case none = "NO_TRANSPOSE", transpose = "TRANSPOSE", adjoint = "ADJOINT"
    }

    public private(set) var isLeft = true
    public private(set) var lower = false
    public private(set) var unitDiagonal = false
    public private(set) var transposition = Transposition.none

    public convenience init(left: Bool, lower: Bool, unitDiagonal: Bool = false, _ transposition: Transposition = .none) {
        self.init()
        isLeft = left
        self.lower = lower
        self.unitDiagonal = unitDiagonal
        self.transposition = transposition
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.bool("left_side", &isLeft)
        try coder.bool("lower", &lower)
        try coder.bool("unit_diagonal", &unitDiagonal)
        try coder.choice("transpose_a", &transposition)
    }

    var form: TriangularForm {
        TriangularForm(left: isLeft, lower: lower, unitDiagonal: unitDiagonal, transposed: transposition != .none,
                       conjugated: transposition == .adjoint)
    }
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
