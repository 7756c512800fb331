// The matrix algebra that rules are written in: expressions over stacks of matrices, whose last two dimensions are rows and columns.
import JaxIR
import JaxPlatform

extension Builder {
    /// The product of the matrices of two stacks.
    func product(_ a: ValueID, _ b: ValueID) throws(JaxError) -> ValueID {
        let rank = try tensorType(a).rank, batching = Array(0..<(rank - 2))
        return try dotGeneral(a, b, DotDimensions(lhsBatching: batching, rhsBatching: batching, lhsContracting: [rank - 1],
                                                  rhsContracting: [rank - 2]))
    }

    func transposed(_ a: ValueID) throws(JaxError) -> ValueID {
        let rank = try tensorType(a).rank
        return try transpose(a, Array(0..<(rank - 2)) + [rank - 1, rank - 2])
    }

    /// The conjugate transpose.
    func adjoint(_ a: ValueID) throws(JaxError) -> ValueID { try conjugate(try transposed(a)) }

    /// x of op(a) x = b, or of x op(a) = b where `left` is false, for triangular matrices.
    func triangularSolve(_ a: ValueID, _ b: ValueID, left: Bool, lower: Bool, unitDiagonal: Bool = false,
                         _ transposition: TriangularSolveParameters.Transposition = .none) throws(JaxError) -> ValueID {
        try one(.triangularSolve, [a, b], TriangularSolveParameters(left: left, lower: lower, unitDiagonal: unitDiagonal, transposition))
    }

    // MARK: Parts of matrices

    /// Where row and column of a matrix of `value`'s type compare so: column + offset on the right.
    func isPlace(like value: ValueID, row direction: Comparison.Direction, column offset: Int = 0) throws(JaxError) -> ValueID {
        let shape = try tensorType(value).shape, type = TensorType(.i32, shape)
        let rows = try iota(type, dimension: shape.count - 2), columns = try iota(type, dimension: shape.count - 1)
        return try compare(direction, rows, offset == 0 ? columns : try add(columns, try constant(Double(offset), type)))
    }

    /// The elements of `a` at those places, zeros elsewhere.
    private func part(_ a: ValueID, row direction: Comparison.Direction, column offset: Int) throws(JaxError) -> ValueID {
        try select(try isPlace(like: a, row: direction, column: offset), a, try filled(0, like: a))
    }

    /// The lower triangle, without the diagonal where it is strict; zeros above.
    func lowerTriangle(_ a: ValueID, strict: Bool = false) throws(JaxError) -> ValueID {
        try part(a, row: strict ? .greater : .greaterOrEqual, column: 0)
    }

    func upperTriangle(_ a: ValueID, strict: Bool = false) throws(JaxError) -> ValueID {
        try part(a, row: strict ? .less : .lessOrEqual, column: 0)
    }

    /// The matrix with zeros beside its diagonal.
    func diagonalPart(_ a: ValueID) throws(JaxError) -> ValueID { try part(a, row: .equal, column: 0) }

    /// The diagonals of square matrices.
    func diagonal(_ a: ValueID) throws(JaxError) -> ValueID {
        try sum(try diagonalPart(a), axes: [try tensorType(a).rank - 1])
    }

    /// Ones on the diagonal of a matrix of `value`'s type.
    func identity(like value: ValueID) throws(JaxError) -> ValueID {
        try convert(try isPlace(like: value, row: .equal), to: try tensorType(value).dtype)
    }

    /// The first rows and columns.
    func corner(_ a: ValueID, _ rows: Int, _ columns: Int) throws(JaxError) -> ValueID {
        let rank = try tensorType(a).rank
        return try slice(try slice(a, axis: rank - 2, from: 0, to: rows), axis: rank - 1, from: 0, to: columns)
    }

    /// Zeros below and on the right of a matrix, up to the size given.
    func padded(_ a: ValueID, _ rows: Int, _ columns: Int) throws(JaxError) -> ValueID {
        let type = try tensorType(a), none = [Int](repeating: 0, count: type.rank)
        var high = none
        high[type.rank - 2] = rows - type.shape[type.rank - 2]
        high[type.rank - 1] = columns - type.shape[type.rank - 1]
        if high == none { return a }
        return try one(.pad, [a, try constant(0, TensorType(type.dtype, []))], PadParameters(low: none, high: high, interior: none))
    }

    // MARK: Vectors

    /// A stack of vectors as matrices of `count` equal rows.
    func rows(_ vector: ValueID, _ count: Int) throws(JaxError) -> ValueID {
        let shape = try tensorType(vector).shape, last = shape.count - 1
        return try broadcast(vector, to: Array(shape[..<last]) + [count, shape[last]], dimensions: Array(0..<last) + [last + 1])
    }

    /// A stack of vectors as matrices of `count` equal columns.
    func columns(_ vector: ValueID, _ count: Int) throws(JaxError) -> ValueID {
        let shape = try tensorType(vector).shape
        return try broadcast(vector, to: shape + [count], dimensions: Array(shape.indices))
    }

    /// Each column of `a` times its element of `vector`.
    func scaleColumns(_ a: ValueID, _ vector: ValueID) throws(JaxError) -> ValueID {
        let shape = try tensorType(a).shape
        return try multiply(a, try rows(vector, shape[shape.count - 2]))
    }

    /// Each row of `a` times its element of `vector`.
    func scaleRows(_ a: ValueID, _ vector: ValueID) throws(JaxError) -> ValueID {
        try multiply(a, try columns(vector, try tensorType(a).shape.last!))
    }
}
