// check.expect_eq, expect_close and expect_almost_eq: how self-checking programs compare a result with what they expect.
import JaxIR
import JaxPlatform

func checkCalls() -> [OpDefinition] {
    let calls = [
        OpDefinition(.customCall, target: "check.expect_eq", Parameters.self,
                     .effects, infer: { view, _ throws(JaxError) in try checkTypes(view) },
                     evaluate: { _, _, operands throws(JaxError) in
            try compareAll(operands, "equal") { a, b, dtype in dtype.isFloatOrComplex ? isEqual(a.doubles[0], b.doubles[0]) : a[0] == b[0] }
        }),
        OpDefinition(.customCall, target: "check.expect_close", ClosenessParameters.self, .effects,
                     infer: { view, _ throws(JaxError) in try checkTypes(view) },
                     evaluate: { _, parameters, operands throws(JaxError) in
            let most = parameters.maximumDifference
            return try compareAll(operands, "at most \(most) representable values apart") { a, b, dtype in
                dtype.isFloatOrComplex ? isClose(a.doubles[0], b.doubles[0], dtype.real, most) : a[0] == b[0]
            }
        }),
        OpDefinition(.customCall, target: "check.expect_almost_eq", ToleranceParameters.self, .effects,
                     infer: { view, _ throws(JaxError) in try checkTypes(view) },
                     evaluate: { _, parameters, operands throws(JaxError) in
            let tolerance = parameters.tolerance
            return try compareAll(operands, "within a tolerance of \(tolerance)") { a, b, dtype in
                dtype.isFloatOrComplex ? isAlmostEqual(a.doubles[0], b.doubles[0], tolerance) : a[0] == b[0]
            }
        }),
    ]
    // Rows are compared together.
    return calls.map { $0.batch(batchedStackCall) }
}

/// How many representable values a result may lie away from what is expected.
final class ClosenessParameters: Parameters {
    private(set) var maximumDifference = 3

    override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.integer("max_ulp_difference", &maximumDifference, missing: 3) }
}

/// How far a result may lie away from what is expected.
final class ToleranceParameters: Parameters {
    private(set) var tolerance = 0.001

    override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.float("tolerance", &tolerance, missing: 0.001) }
}

private extension DType {
    var isFloatOrComplex: Bool { kind == .float || kind == .complex }
}

/// Two operands of one type, no results.
private func checkTypes(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(2)
    let actual = try op.tensor(0), expected = try op.tensor(1)
    try op.require(actual.dtype == expected.dtype && agree(actual.shape, expected.shape),
                   "compares arrays of one type, given \(actual) and \(expected)")
    return []
}

/// Compares all elements (complex ones part by part); throws `checkFailed` with the first that differ.
private func compareAll(_ operands: [RuntimeValue], _ what: String,
                        _ holds: (Words, Words, DType) -> Bool) throws(JaxError) -> [RuntimeValue] {
    let actual = try operands[0].asTensor(), expected = try operands[1].asTensor()
    let a = try actual.wide()
    defer { a.free() }
    let b = try expected.wide()
    defer { b.free() }
    let parts = actual.dtype.wideWords
    var failures = 0, first = 0
    for i in 0..<(actual.elementCount * parts) where !holds(a.words + i, b.words + i, actual.dtype) {
        if failures == 0 { first = i }
        failures += 1
    }
    if failures > 0 {
        throw JaxError(.checkFailed,
                       "\(failures) of \(actual.elementCount * parts) values of \(actual.type) are not \(what); element \(first / parts) "
                           + "is "
            + "\(describe(a.words + first, actual.dtype)), expected \(describe(b.words + first, actual.dtype))")
    }
    return []
}

private func describe(_ word: Words, _ dtype: DType) -> String {
    switch dtype.kind {
    case .float, .complex: return "\(word.doubles[0])"
    case .boolean: return word[0] != 0 ? "true" : "false"
    case .unsigned: return "\(word[0])"
    case .signed: return "\(word.integers[0])"
    }
}

/// A NaN is what it was expected to be where a NaN is expected, whatever its sign.
private func isEqual(_ a: Double, _ b: Double) -> Bool { a == b || a != a && b != b }

/// At most `most` representable values of `dtype` apart; where one side is not finite, both are NaN or the same infinity.
private func isClose(_ a: Double, _ b: Double, _ dtype: DType, _ most: Int) -> Bool {
    if !a.isFinite || !b.isFinite { return a == b || a != a && b != b }
    if a == b { return true }
    let (x, y) = (ordinal(a, dtype), ordinal(b, dtype))
    let (difference, overflow) = x > y ? x.subtractingReportingOverflow(y) : y.subtractingReportingOverflow(x)
    return !overflow && difference <= most
}

/// The number of representable values between zero and `value`, negative below zero.
private func ordinal(_ value: Double, _ dtype: DType) -> Int64 {
    var source = value, bits: UInt64 = 0
    withUnsafeMutableBytes(of: &source) { from in
        withUnsafeMutableBytes(of: &bits) { to in
            storeWide(dtype, from.baseAddress!.assumingMemoryBound(to: UInt64.self), count: 1, to: to.baseAddress!)
        }
    }
    let sign = UInt64(1) << UInt64(dtype.bitWidth - 1)
    let magnitude = Int64(bitPattern: bits & ~sign)
    return bits & sign != 0 ? -magnitude : magnitude
}

private func isAlmostEqual(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    if a == b || a != a && b != b { return true }
    return a.isFinite && b.isFinite && (a - b).magnitude <= tolerance
}
