// The attributes of the LAPACK routines in jaxlib's typed foreign-function interface: characters by their codes, as LAPACK has them.
import JaxIR
import JaxPlatform

/// "uplo": which triangle of a matrix counts.
final class TriangleParameters: Parameters {
    private(set) var lower = true

    override func code(_ coder: ParameterCoder) throws(JaxError) {
        var uplo = UInt8(ascii: lower ? "L" : "U")
        try coder.character("uplo", &uplo, missing: UInt8(ascii: "L"))
        lower = uplo == UInt8(ascii: "L")
    }
}

final class TriangularCallParameters: Parameters {
    private var side = UInt8(ascii: "L"), uplo = UInt8(ascii: "L"), transposition = UInt8(ascii: "N"), diagonal = UInt8(ascii: "N")

    override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.character("side", &side, missing: UInt8(ascii: "L"))
        try coder.character("uplo", &uplo, missing: UInt8(ascii: "L"))
        try coder.character("trans_x", &transposition, missing: UInt8(ascii: "N"))
        try coder.character("diag", &diagonal, missing: UInt8(ascii: "N"))
    }

    var form: TriangularForm {
        TriangularForm(left: side == UInt8(ascii: "L"), lower: uplo == UInt8(ascii: "L"), unitDiagonal: diagonal == UInt8(ascii: "U"),
                       transposed: transposition != UInt8(ascii: "N"), conjugated: transposition == UInt8(ascii: "C"))
    }
}

final class MultiplyByQParameters: Parameters {
    private(set) var isLeft = true
    private(set) var isAdjoint = false

    override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.bool("left", &isLeft, missing: true)
        try coder.bool("transpose", &isAdjoint, missing: false)
    }
}

final class SingularParameters: Parameters {
    enum Mode: UInt8 {
        /// All vectors, as many as singular values, or none, for which the declared arrays are only placeholders.
        case all = 0x41, some = 0x53, none = 0x4e
    }

    private(set) var mode = Mode.some

    override func code(_ coder: ParameterCoder) throws(JaxError) {
        var letter = mode.rawValue
        try coder.character("mode", &letter, missing: Mode.some.rawValue)
        mode = Mode(rawValue: letter) ?? .some
    }
}

final class EigenParameters: Parameters {
    private(set) var computesLeft = false
    private(set) var computesRight = false

    override func code(_ coder: ParameterCoder) throws(JaxError) {
        var left = UInt8(ascii: computesLeft ? "V" : "N"), right = UInt8(ascii: computesRight ? "V" : "N")
        try coder.character("compute_left", &left, missing: UInt8(ascii: "N"))
        try coder.character("compute_right", &right, missing: UInt8(ascii: "N"))
        computesLeft = left == UInt8(ascii: "V")
        computesRight = right == UInt8(ascii: "V")
    }
}

final class SchurParameters: Parameters {
    private(set) var isSorted = false

    override func code(_ coder: ParameterCoder) throws(JaxError) {
        var sort = UInt8(ascii: isSorted ? "S" : "N")
        try coder.character("sort", &sort, missing: UInt8(ascii: "N"))
        isSorted = sort != UInt8(ascii: "N")
    }
}

/// The rows, from 1, that are reduced; -1 for the last one.
final class HessenbergParameters: Parameters {
    private(set) var low = 1
    private(set) var high = -1

    override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integer("low", &low, missing: 1)
        try coder.integer("high", &high, missing: -1)
    }
}
