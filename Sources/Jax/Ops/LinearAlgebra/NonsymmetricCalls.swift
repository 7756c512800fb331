// geev and gees: eigenvalues, eigenvectors and Schur forms of general matrices, in the conventions of jaxlib's typed
// foreign-function interface.
import JaxIR
import JaxPlatform

/// (values — for real matrices real and imaginary parts —, left vectors, right vectors, info); vectors are complex.
func eigenResults(_ op: OpView) throws(JaxError) -> [TensorType] {
    let a = try op.matrixStack(0, square: true)
    let dtype = a.type.dtype
    let values = TensorType(dtype, a.batch + [a.rows])
    let vectors = TensorType(dtype.real == .f64 ? .c128 : .c64, a.type.shape)
    return (dtype.isComplex ? [values] : [values, values]) + [vectors, vectors, TensorType(.i32, a.batch)]
}

func eigenGeneral(_ call: MatrixCall, _ parameters: EigenParameters) throws(JaxError) {
    let n = call.rows, first = call.isComplex ? 1 : 2
    let isWanted = [parameters.computesLeft, parameters.computesRight]
    try call.forEach { (index) throws(JaxError) in
        let t = try Matrix<Complex128>(n, n)
        defer { t.free() }
        let z = try Matrix<Complex128>(n, n)
        defer { z.free() }
        let vectors = try Matrix<Complex128>(n, n)
        defer { vectors.free() }
        try loadComplex(call, index, t)
        guard t.isFinite else { return try call.refuse(index, info: first + 2) }
        let failed = try complexSchur(t, z)
        try storeEigenvalues(call, index, t, from: 0)
        for side in 0..<2 {
            if isWanted[side] {
                try schurEigenvectors(t, z, left: side == 0, vectors)
            } else {
                vectors.fill(.zero)
            }
            vectors.store(call.results[first + side], index)
        }
        call.storeInfo(first + 2, index, failed)
    }
}

/// (Schur form, Schur vectors, values — for real matrices in two parts —, number of selected values, info).
func schurResults(_ op: OpView) throws(JaxError) -> [TensorType] {
    let a = try op.matrixStack(0, square: true)
    let values = TensorType(a.type.dtype, a.batch + [a.rows]), number = TensorType(.i32, a.batch)
    return [a.type, a.type] + (a.type.dtype.isComplex ? [values] : [values, values]) + [number, number]
}

func schurGeneral(_ call: MatrixCall, _ parameters: SchurParameters) throws(JaxError) {
    guard !parameters.isSorted else { throw JaxError(.notImplemented, "gees: sorted Schur forms are not available") }
    let n = call.rows
    try call.forEach { (index) throws(JaxError) in
        var failed = 0
        if call.isComplex {
            let t = try Matrix<Complex128>(n, n)
            defer { t.free() }
            let z = try Matrix<Complex128>(n, n)
            defer { z.free() }
            t.load(call.operands[0], index)
            guard t.isFinite else { return try call.refuse(index, info: 4) }
            failed = try complexSchur(t, z)
            t.store(call.results[0], index)
            z.store(call.results[1], index)
            try storeEigenvalues(call, index, t, from: 2)
        } else {
            let t = try Matrix<Double>(n, n)
            defer { t.free() }
            let z = try Matrix<Double>(n, n)
            defer { z.free() }
            let values = try Matrix<Double>(2, n)
            defer { values.free() }
            t.load(call.operands[0], index)
            guard t.isFinite else { return try call.refuse(index, info: 5) }
            failed = try realSchur(t, z, values.row(0), values.row(1))
            t.store(call.results[0], index)
            z.store(call.results[1], index)
            call.storeVector(2, index, values.row(0), n)
            call.storeVector(3, index, values.row(1), n)
        }
        call.storeInfo(call.isComplex ? 3 : 4, index, 0)
        call.storeInfo(call.isComplex ? 4 : 5, index, failed)
    }
}

private func loadComplex(_ call: MatrixCall, _ index: Int, _ target: Matrix<Complex128>) throws(JaxError) {
    if call.isComplex {
        target.load(call.operands[0], index)
        return
    }
    let real = try Matrix<Double>(target.rows, target.columns)
    defer { real.free() }
    real.load(call.operands[0], index)
    for i in 0..<(target.rows * target.columns) { target.elements[i] = Complex128(real.elements[i]) }
}

/// The diagonal of a Schur form, into one complex result or two real ones.
private func storeEigenvalues(_ call: MatrixCall, _ index: Int, _ t: Matrix<Complex128>, from result: Int) throws(JaxError) {
    let n = t.rows
    if call.isComplex {
        let values = try Matrix<Complex128>(1, n)
        defer { values.free() }
        for i in 0..<n { values.elements[i] = t[i, i] }
        call.storeVector(result, index, values.elements, n)
        return
    }
    // The real eigenvalues of a real matrix come out with imaginary parts of the size of the rounding errors.
    var size = 0.0
    for i in 0..<n {
        for j in i..<n { size = max(size, t[i, j].pivotSize) }
    }
    let values = try Matrix<Double>(2, n)
    defer { values.free() }
    for i in 0..<n {
        values[0, i] = t[i, i].re
        values[1, i] = t[i, i].im.magnitude <= Double(4 * n) * Double.ulpOfOne * size ? 0 : t[i, i].im
    }
    call.storeVector(result, index, values.row(0), n)
    call.storeVector(result + 1, index, values.row(1), n)
}
