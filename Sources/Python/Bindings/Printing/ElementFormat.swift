// How the elements of one array are written so that they line up (numpy/_core/arrayprint.py, FloatingFormat and its
// siblings). Chosen once for all elements that will be shown.
import JaxIR
import JaxPlatform

/// The printing options that NumPy has by default.
enum PrintOptions {
    static let precision = 8
    static let lineWidth = 75
    static let threshold = 1000
    static let edgeItems = 3
}

/// Writes an element of a float array, or one of the two parts of a complex one.
struct FloatFormat {
    private let dtype: DType
    private let alwaysSign: Bool
    private var isScientific = false
    private var padLeft = 0, padRight = 0
    private var exponentDigits = 2
    private var fractionDigits = 0

    init(_ values: [Double], _ dtype: DType, alwaysSign: Bool = false) {
        self.dtype = dtype
        self.alwaysSign = alwaysSign
        var largest = 0.0, smallest = Double.infinity
        var hasFinite = false, hasNonFinite = false, hasNaN = false, hasInfinity = false, hasNegativeInfinity = false
        for value in values {
            if value.isFinite {
                hasFinite = true
                let magnitude = value.magnitude
                if magnitude != 0 {
                    largest = max(largest, magnitude)
                    smallest = min(smallest, magnitude)
                }
            } else {
                hasNonFinite = true
                if value.isNaN { hasNaN = true } else { hasInfinity = true }
                if value == -.infinity { hasNegativeInfinity = true }
            }
        }
        if largest > 0 {
            isScientific = largest >= 1e8 || smallest < 0.0001 || FloatFormat.ratio(largest, smallest, dtype) > 1000
        }
        if hasFinite && isScientific {
            var before = 0, after = 0, exponent = 0
            for value in values where value.isFinite {
                let text = sign(value) + scientificDecimal(value.magnitude, dtype, precision: PrintOptions.precision).scientific()
                let parts = FloatFormat.split(text)
                before = max(before, parts.before)
                after = max(after, parts.after)
                exponent = max(exponent, parts.exponent)
            }
            fractionDigits = after
            exponentDigits = exponent - 2  // less "e+"
            padLeft = before
            padRight = exponentDigits + 2 + after
        } else if hasFinite {
            for value in values where value.isFinite {
                let text = sign(value) + positionalDecimal(value.magnitude, dtype, precision: PrintOptions.precision).positional()
                let parts = FloatFormat.split(text)
                padLeft = max(padLeft, parts.before)
                padRight = max(padRight, parts.after)
            }
        }
        if hasNonFinite {
            let offset = padRight + 1
            // Infinity leaves room for a sign where one is written.
            _ = (hasNaN, hasInfinity)
            padLeft = max(padLeft, 3 - offset, 3 + (alwaysSign || hasNegativeInfinity ? 1 : 0) - offset)
        }
    }

    /// The quotient in the precision of the dtype, as NumPy computes it.
    private static func ratio(_ a: Double, _ b: Double, _ dtype: DType) -> Double {
        switch dtype.real {
        case .f16: return Double(Float(Float16(Float(a) / Float(b))))
        case .f32: return Double(Float(a) / Float(b))
        default: return a / b
        }
    }

    private static func split(_ text: String) -> (before: Int, after: Int, exponent: Int) {
        var before = 0, after = 0, exponent = 0, part = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: ".") {
                part = 1
                continue
            }
            if byte == UInt8(ascii: "e") { part = 2 }
            if part == 0 { before += 1 } else if part == 1 { after += 1 } else { exponent += 1 }
        }
        return (before, after, exponent)
    }

    private func sign(_ value: Double) -> String { isNegative(value) ? "-" : alwaysSign ? "+" : "" }

    func text(_ value: Double) -> String {
        if !value.isFinite {
            let text = value.isNaN ? (alwaysSign ? "+nan" : "nan") : (value < 0 ? "-inf" : alwaysSign ? "+inf" : "inf")
            return padded(text, left: padLeft + padRight + 1)
        }
        if isScientific {
            let decimal = scientificDecimal(value.magnitude, dtype, precision: fractionDigits)
            let text = sign(value) + decimal.scientific(minimum: fractionDigits, exponentDigits: exponentDigits)
            return padded(text, left: padLeft + 1 + padRight)
        }
        let text = sign(value) + positionalDecimal(value.magnitude, dtype, precision: PrintOptions.precision).positional()
        let parts = FloatFormat.split(text)
        return String(repeating: " ", count: max(padLeft - parts.before, 0)) + text
            + String(repeating: " ", count: max(padRight - parts.after, 0))
    }
}

func padded(_ text: String, left width: Int) -> String {
    String(repeating: " ", count: max(width - text.utf8.count, 0)) + text
}

/// Writes the elements of an array of any dtype.
enum ElementFormat {
    case float(FloatFormat)
    case complex(real: FloatFormat, imaginary: FloatFormat)
    case integer(width: Int)
    case boolean(padded: Bool)
    /// Each on its own, as 16-bit brain floats and smaller types are.
    case plain(DType)

    /// For the elements of `tensor` at `indices`, all those that will be shown; written as `dtype`, which differs from the
    /// tensor's where that one holds a small type's values in a readable form.
    init(_ tensor: Tensor, _ dtype: DType, _ indices: [Int]) {
        switch dtype.kind {
        case .boolean: self = .boolean(padded: !tensor.shape.isEmpty)
        case .signed, .unsigned:
            if dtype.bitWidth < 8 {
                self = .plain(dtype)
                return
            }
            var width = 0
            for index in indices { width = max(width, integerText(tensor, index).utf8.count) }
            self = .integer(width: width)
        case .float:
            if dtype == .bf16 || dtype.bitWidth < 16 {
                self = .plain(dtype)
            } else {
                self = .float(FloatFormat(indices.map { elementAsDouble(tensor, $0) }, dtype))
            }
        case .complex:
            self = .complex(real: FloatFormat(indices.map { elementAsDouble(tensor, $0) }, dtype),
                            imaginary: FloatFormat(indices.map { imaginaryPart(tensor, $0) }, dtype, alwaysSign: true))
        }
    }

    func text(_ tensor: Tensor, _ index: Int) -> String {
        switch self {
        case .float(let format): return format.text(elementAsDouble(tensor, index))
        case .complex(let real, let imaginary):
            // The "j" stands before the spaces that pad the imaginary part.
            var tail = imaginary.text(imaginaryPart(tensor, index))
            var spaces = 0
            while tail.hasSuffix(" ") {
                tail.removeLast()
                spaces += 1
            }
            return real.text(elementAsDouble(tensor, index)) + tail + "j" + String(repeating: " ", count: spaces)
        case .integer(let width): return padded(integerText(tensor, index), left: width)
        case .boolean(let isPadded):
            return elementAsInt(tensor, index) != 0 ? (isPadded ? " True" : "True") : "False"
        case .plain(let dtype):
            return dtype.isInteger ? integerText(tensor, index) : scalarText(elementAsDouble(tensor, index), dtype)
        }
    }
}

func integerText(_ tensor: Tensor, _ index: Int) -> String {
    let value = elementAsInt(tensor, index)
    return tensor.dtype == .u64 ? "\(UInt(bitPattern: value))" : "\(value)"
}
