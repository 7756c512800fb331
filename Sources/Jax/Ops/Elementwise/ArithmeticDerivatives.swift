// The tangents of arithmetic that are more than a product with a factor (jax/_src/lax/lax.py has the same conventions at ties and zeros).
import JaxIR
import JaxPlatform

/// d(a / b) = (da - (a / b) db) / b.
func quotientTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    let divisor = operation.operands[1]
    let term = try tangents[1].map { (t) throws(JaxError) in try b.negate(try b.multiply(operation.results[0], t)) }
    return [try b.sum(tangents[0], term).map { (value) throws(JaxError) in try b.divide(value, divisor) }]
}

/// The tangent of the operand that was taken; where both are equal, half of each.
func extremeTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    let operands = operation.operands, type = try b.tensorType(operands[0])
    let half = try b.constant(0.5, type), one = try b.constant(1, type), zero = try b.constant(0, type)
    let isTie = try b.compare(.equal, operands[0], operands[1])
    var sum: ValueID?
    for index in 0..<2 {
        guard let tangent = tangents[index] else { continue }
        let isTaken = try b.compare(.equal, operands[index], operation.results[0])
        let share = try b.select(isTie, half, try b.select(isTaken, one, zero))
        sum = try b.sum(sum, try b.multiply(tangent, share))
    }
    return [sum]
}

/// d(x^y)/dx = y x^(y - 1), and 0 where y is 0, whatever x is.
func powerByBase(_ b: Builder, _ x: [ValueID], _ result: ValueID) throws(JaxError) -> ValueID {
    let zero = try b.filled(0, like: x[1]), one = try b.one(like: x[1])
    let isZero = try b.compare(.equal, x[1], zero)
    let exponent = try b.select(isZero, one, try b.subtract(x[1], one))
    return try b.multiply(x[1], try b.one(.power, [x[0], exponent]))
}

/// d(x^y)/dy = log(x) x^y, the logarithm of 0 taken as that of 1.
func powerByExponent(_ b: Builder, _ x: [ValueID], _ result: ValueID) throws(JaxError) -> ValueID {
    let isZero = try b.compare(.equal, x[0], try b.filled(0, like: x[0]))
    let base = try b.select(isZero, try b.one(like: x[0]), x[0])
    return try b.multiply(try b.one(.log, [base]), result)
}

/// For real x its sign; for a complex number the part of the tangent that lies along it.
func magnitudeTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    guard let tangent = tangents[0] else { return [nil] }
    let x = operation.operands[0], direction = try b.one(.sign, [x])
    guard try b.tensorType(x).dtype.isComplex else { return [try b.multiply(tangent, direction)] }
    return [try b.one(.real, [try b.multiply(tangent, try b.conjugate(direction))])]
}

/// Zero for a real number. A complex one turns by the part of the tangent that lies across it.
func signTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    let x = operation.operands[0]
    guard let tangent = tangents[0], try b.tensorType(x).dtype.isComplex else { return [nil] }
    let direction = operation.results[0], magnitude = try b.one(.abs, [x])
    let isZero = try b.compare(.equal, magnitude, try b.filled(0, like: magnitude))
    let safe = try b.select(isZero, try b.one(like: magnitude), magnitude)
    let across = try b.one(.imag, [try b.multiply(tangent, try b.conjugate(direction))])
    let turn = try b.one(.complex, [try b.filled(0, like: across), try b.divide(across, safe)])
    return [try b.multiply(turn, direction)]
}

/// The operand's tangent between the bounds, a bound's where the operand lies beyond it.
func clampTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    let type = try b.tensorType(operation.results[0]), zero = try b.constant(0, type)
    func filled(_ value: ValueID) throws(JaxError) -> ValueID {
        try b.tensorType(value).rank == type.rank ? value : try b.broadcast(value, to: type.shape, dimensions: [])
    }
    let low = try filled(operation.operands[0]), x = operation.operands[1], high = try filled(operation.operands[2])
    var sum: ValueID?
    func add(_ tangent: ValueID?, _ isTaken: () throws(JaxError) -> ValueID) throws(JaxError) {
        guard let tangent else { return }
        sum = try b.sum(sum, try b.select(try isTaken(), try filled(tangent), zero))
    }
    try add(tangents[0]) { () throws(JaxError) in try b.compare(.greater, low, x) }
    try add(tangents[1]) { () throws(JaxError) in try b.one(.and, [try b.compare(.greater, x, low), try b.compare(.less, x, high)]) }
    try add(tangents[2]) { () throws(JaxError) in try b.compare(.less, high, x) }
    return [sum]
}

extension Builder {
    func conjugate(_ a: ValueID) throws(JaxError) -> ValueID {
        guard try tensorType(a).dtype.isComplex else { return a }
        return try one(.complex, [try one(.real, [a]), try negate(try one(.imag, [a]))])
    }

    /// Towards zero.
    func truncated(_ a: ValueID) throws(JaxError) -> ValueID {
        let isNegative = try compare(.less, a, try filled(0, like: a))
        return try select(isNegative, try one(.ceil, [a]), try one(.floor, [a]))
    }
}
