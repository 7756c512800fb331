// The floats of 4 to 8 bits: their formats, from and to Double. No arithmetic is done on them; they are converted.
import JaxIR

/// How a small float spends its bits (the formats of `ml_dtypes` and of OCP's microscaling specification).
struct MinifloatFormat {
    enum Special {
        /// The highest exponent holds infinity and NaNs.
        case ieee
        /// No infinity; all ones is NaN.
        case finiteOnly
        /// No infinity and no negative zero, whose code is the only NaN.
        case unsignedZero
        /// Neither infinity nor NaN.
        case none
        /// Powers of two without a sign; all ones is NaN.
        case scale
    }

    let exponentBits: Int
    let mantissaBits: Int
    let bias: Int
    let special: Special

    init?(_ dtype: DType) {
        switch dtype {
        case .f4E2M1FN: self.init(2, 1, 1, .none)
        case .f6E2M3FN: self.init(2, 3, 1, .none)
        case .f6E3M2FN: self.init(3, 2, 3, .none)
        case .f8E3M4: self.init(3, 4, 3, .ieee)
        case .f8E4M3: self.init(4, 3, 7, .ieee)
        case .f8E4M3FN: self.init(4, 3, 7, .finiteOnly)
        case .f8E4M3FNUZ: self.init(4, 3, 8, .unsignedZero)
        case .f8E4M3B11FNUZ: self.init(4, 3, 11, .unsignedZero)
        case .f8E5M2: self.init(5, 2, 15, .ieee)
        case .f8E5M2FNUZ: self.init(5, 2, 16, .unsignedZero)
        case .f8E8M0FNU: self.init(8, 0, 127, .scale)
        default: return nil
        }
    }

    private init(_ exponentBits: Int, _ mantissaBits: Int, _ bias: Int, _ special: Special) {
        self.exponentBits = exponentBits
        self.mantissaBits = mantissaBits
        self.bias = bias
        self.special = special
    }

    private var magnitudeBits: Int { exponentBits + mantissaBits }
    private var allOnes: Int { (1 << magnitudeBits) - 1 }
    private var signBit: Int { special == .scale ? 0 : 1 << magnitudeBits }

    func decode(_ byte: UInt8) -> Double {
        let code = Int(byte) & (allOnes | signBit)
        let magnitude = code & allOnes
        let negative = code & signBit != 0
        switch special {
        case .ieee:
            if magnitude >> mantissaBits == (1 << exponentBits) - 1 {
                return magnitude & ((1 << mantissaBits) - 1) != 0 ? .nan : negative ? -.infinity : .infinity
            }
        case .finiteOnly, .scale: if magnitude == allOnes { return .nan }
        case .unsignedZero: if negative && magnitude == 0 { return .nan }
        case .none: break
        }
        let value = self.value(magnitude)
        return negative ? -value : value
    }

    /// A magnitude's value, special codes read as numbers.
    private func value(_ magnitude: Int) -> Double {
        let exponent = magnitude >> mantissaBits, mantissa = magnitude & ((1 << mantissaBits) - 1)
        if special == .scale { return Double(sign: .plus, exponent: exponent - bias, significand: 1) }
        if exponent == 0 { return Double(sign: .plus, exponent: 1 - bias - mantissaBits, significand: Double(mantissa)) }
        return Double(sign: .plus, exponent: exponent - bias - mantissaBits,
                      significand: Double(mantissa + (1 << mantissaBits)))
    }

    /// Rounded to nearest even; what is too large becomes infinity, NaN, or the largest number, whichever there is first.
    func encode(_ value: Double) -> UInt8 {
        let largest: Int
        switch special {
        case .ieee: largest = allOnes - (1 << mantissaBits)
        case .finiteOnly, .scale: largest = allOnes - 1
        case .unsignedZero, .none: largest = allOnes
        }
        let sign = value.sign == .minus ? signBit : 0
        let nan: Int
        switch special {
        case .ieee: nan = sign | (allOnes - (1 << mantissaBits) + 1 | 1 << (mantissaBits - 1))
        case .finiteOnly, .scale: nan = sign | allOnes
        case .unsignedZero: nan = signBit
        case .none: nan = signBit
        }
        // A scale has neither zero nor sign.
        if value.isNaN || (special == .scale && value <= 0) { return UInt8(nan) }
        // The codes are in the order of their values: the nearest one by bisection.
        let size = value.magnitude
        var low = 0, high = largest + 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if self.value(middle) <= size { low = middle } else { high = middle }
        }
        if size > self.value(low) {
            // Halfway to the next code, also to the one beyond the largest, decides.
            let middle = (self.value(low) + self.value(low + 1)) / 2
            if size > middle || (size == middle && (low & 1 == 1 || special == .scale)) { low += 1 }
        }
        if low > largest {
            switch special {
            case .ieee: return UInt8(sign | largest + 1)
            case .finiteOnly, .unsignedZero, .scale: return UInt8(nan)
            case .none: return UInt8(sign | largest)
            }
        }
        if special == .unsignedZero && low == 0 { return 0 }
        return UInt8(sign | low)
    }
}
