// Floats as NumPy writes them: the fewest digits that tell a value from its neighbours, cut at a precision
// (numpy/_core/src/multiarray/dragon4.c), in positional or scientific form.
import JaxIR
import PythonPort

/// A finite, non-negative value in decimal: 0.d1d2… × 10^point. Zero has no digits.
struct Decimal {
    var digits: [UInt8]
    var point: Int

    /// The fewest digits that read back as the same value of that dtype.
    static func shortest(_ value: Double, _ dtype: DType) -> Decimal {
        if value == 0 { return Decimal(digits: [], point: 0) }
        switch dtype.real {
        case .f32: return Decimal(parsing: "\(Float(value))")
        case .f16: return Decimal(parsing: "\(Float16(value))")
        default:
            var digits = [CChar](repeating: 0, count: 24)
            var point: Int32 = 0
            let count = decimal_shortest(value, &digits, &point)
            return Decimal(digits: digits.prefix(Int(count)).map { UInt8(bitPattern: $0) }, point: Int(point))
        }
    }

    /// The exact value, rounded half to even where `keep` says how many digits to keep for its point.
    static func exact(_ value: Double, keep: (Int) -> Int) -> Decimal {
        if value == 0 { return Decimal(digits: [], point: 0) }
        var digits = [CChar](repeating: 0, count: Int(decimal_maximum_digits))
        var point: Int32 = 0
        var count = decimal_expand(value, &digits, &point)
        count = decimal_round(&digits, count, Int32(keep(Int(point))), &point)
        return Decimal(digits: digits.prefix(Int(count)).map { UInt8(bitPattern: $0) }, point: Int(point))
    }

    private init(digits: [UInt8], point: Int) {
        self.digits = digits
        self.point = point
    }

    /// Swift's own text of a float: "0.1", "1e-05", "1.2345679e+20".
    private init(parsing text: String) {
        var digits: [UInt8] = [], point = 0, exponent = 0
        var sawPoint = false, inExponent = false, isNegative = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "."): sawPoint = true
            case UInt8(ascii: "e"): inExponent = true
            case UInt8(ascii: "-"): isNegative = inExponent
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if inExponent {
                    exponent = exponent * 10 + Int(byte - UInt8(ascii: "0"))
                } else if digits.isEmpty && byte == UInt8(ascii: "0") {
                    if sawPoint { point -= 1 }
                } else {
                    digits.append(byte)
                    if !sawPoint { point += 1 }
                }
            default: break
            }
        }
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        self.init(digits: digits, point: point + (isNegative ? -exponent : exponent))
    }

    /// "123.45" with at least one digit before the point; at least `minimum` after it.
    func positional(minimum: Int = 0) -> String {
        var text = ""
        if point <= 0 { text = "0" }
        for index in 0..<max(point, 0) { text.unicodeScalars.append(scalar(index)) }
        text += "."
        var written = 0
        var index = min(point, 0)
        while index < 0 && point + written < 0 {
            text += "0"
            written += 1
            index += 1
        }
        index = max(point, 0)
        while index < digits.count {
            text.unicodeScalars.append(scalar(index))
            written += 1
            index += 1
        }
        while written < minimum {
            text += "0"
            written += 1
        }
        return text
    }

    /// "1.2345e+20" with at least `minimum` digits after the point and `exponentDigits` in the exponent.
    func scientific(minimum: Int = 0, exponentDigits: Int = 2) -> String {
        var text = ""
        text.unicodeScalars.append(scalar(0))
        text += "."
        for index in 1..<max(digits.count, 1) { text.unicodeScalars.append(scalar(index)) }
        var written = max(digits.count - 1, 0)
        while written < minimum {
            text += "0"
            written += 1
        }
        let exponent = digits.isEmpty ? 0 : point - 1
        var number = "\(exponent.magnitude)"
        while number.utf8.count < exponentDigits { number = "0" + number }
        return text + (exponent < 0 ? "e-" : "e+") + number
    }

    private func scalar(_ index: Int) -> Unicode.Scalar {
        Unicode.Scalar(index < digits.count ? digits[index] : UInt8(ascii: "0"))
    }
}

/// Positional, the shortest digits, cut at `precision` after the point.
func positionalDecimal(_ value: Double, _ dtype: DType, precision: Int) -> Decimal {
    let shortest = Decimal.shortest(value, dtype)
    if shortest.digits.count - shortest.point <= precision { return shortest }
    return Decimal.exact(value) { $0 + precision }
}

/// Scientific, the shortest digits, cut at `precision` after the first.
func scientificDecimal(_ value: Double, _ dtype: DType, precision: Int) -> Decimal {
    let shortest = Decimal.shortest(value, dtype)
    if shortest.digits.count <= precision + 1 { return shortest }
    return Decimal.exact(value) { _ in precision + 1 }
}

/// Whether the sign of a value is written: also that of a negative zero.
func isNegative(_ value: Double) -> Bool { value.sign == .minus && !value.isNaN }

/// A single value as `str` of a NumPy scalar writes it: "0.1", "1e-05", "1e+16", "nan".
func scalarText(_ value: Double, _ dtype: DType) -> String {
    if value.isNaN { return "nan" }
    let sign = isNegative(value) ? "-" : ""
    if value.isInfinite { return sign + "inf" }
    let magnitude = value.magnitude
    if dtype == .bf16 || dtype.bitWidth < 16 { return sign + generalText(magnitude) }
    let decimal = Decimal.shortest(magnitude, dtype)
    if magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16) { return sign + decimal.positional(minimum: 1) }
    let text = decimal.scientific()
    // "1.e-05" is written "1e-05".
    if decimal.digits.count == 1 { return sign + String(text.prefix(1)) + String(text.dropFirst(2)) }
    return sign + text
}

/// C's "%g": six significant digits, trailing zeros dropped. This is how the small float types are written.
func generalText(_ value: Double) -> String {
    if value == 0 { return "0" }
    let decimal = Decimal.exact(value) { _ in 6 }
    let exponent = decimal.point - 1
    var text: String
    if exponent < -4 || exponent >= 6 {
        text = decimal.scientific()
        if decimal.digits.count == 1 { text = String(text.prefix(1)) + String(text.dropFirst(2)) }
    } else {
        text = decimal.positional()
        if text.hasSuffix(".") { text.removeLast() }
    }
    return text
}
