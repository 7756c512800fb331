// Elements for tensors: numbers that mean something in their type, and now and then those at its edges.
import JaxIR
import JaxOps
import JaxPlatform
import TestSupport

/// Tensors of random numbers, which depend on the seed alone.
struct Numbers {
    private var random: SeededRandom
    /// Without NaN, infinities and the like.
    private let isTame: Bool

    init(_ seed: UInt64, isTame: Bool = false) {
        var random = SeededRandom(seed: seed)
        self.isTame = random.below(4) > 0 || isTame
        self.random = random
    }

    /// How a tensor's floats are spread.
    private enum Spread: CaseIterable { case moderate, wide, small, whole }

    mutating func tensor(_ type: TensorType) -> Tensor {
        // Types of programs have a size, and little of it.
        let tensor = try! Tensor(type)
        let parts = type.dtype.isComplex ? 2 : 1, real = type.dtype.real
        let spread = random.below(3) > 0 ? .moderate : Spread.allCases[random.below(4)]
        let isSmall = random.below(2) == 0
        for index in 0..<type.elementCount * parts {
            let place = tensor.bytes + index * real.byteWidth
            if real.isFloat {
                store(float(spread), real, place)
            } else {
                store(integer(real, isSmall: isSmall), real, place)
            }
        }
        return tensor
    }

    private mutating func float(_ spread: Spread) -> Double {
        if !isTame && random.below(12) == 0 {
            return [.nan, .infinity, -.infinity, -0.0, 0, 1e-40, 0x1p-1074, -0x1p-24, 1, 65504, 3e38, -1e308][random.below(12)]
        }
        let unit = Double(Int64(bitPattern: random.next()) >> 10) * 0x1p-53
        switch spread {
        case .moderate: return unit * 4
        case .small: return unit * 0.01
        case .whole: return (unit * 10).rounded()
        case .wide: return unit * [0x1p-20, 0x1p-6, 1, 0x1p6, 0x1p20][random.below(5)]
        }
    }

    private mutating func integer(_ dtype: DType, isSmall: Bool) -> UInt64 {
        let bits = random.next()
        if random.below(16) == 0 {
            let top = UInt64(1) << UInt64(max(dtype.bitWidth, 1) - 1)
            return [0, 1, ~0, top, top &- 1, top &+ 1][random.below(6)]
        }
        return isSmall ? UInt64(bitPattern: Int64(bits % 25) - (dtype.kind == .signed ? 9 : 0)) : bits
    }

    private func store(_ value: UInt64, _ dtype: DType, _ place: UnsafeMutableRawPointer) {
        switch dtype.byteWidth {
        case 1:
            place.storeBytes(of: UInt8(truncatingIfNeeded: dtype == .i1 ? value & 1 : value), as: UInt8.self)
            dtype.canonicalise(place, count: 1)
        case 2: place.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
        case 4: place.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
        default: place.storeBytes(of: value, as: UInt64.self)
        }
    }

    private mutating func store(_ value: Double, _ dtype: DType, _ place: UnsafeMutableRawPointer) {
        switch dtype {
        case .f64: place.storeBytes(of: value, as: Double.self)
        case .f32: place.storeBytes(of: Float(value), as: Float.self)
        case .f16: place.storeBytes(of: Float16(value), as: Float16.self)
        case .bf16: place.storeBytes(of: BFloat16(Float(value)).bits, as: UInt16.self)
        default:
            // The bits of the smallest floats are drawn: all of them are numbers, or nearly so.
            place.storeBytes(of: UInt8(truncatingIfNeeded: random.next()), as: UInt8.self)
            dtype.canonicalise(place, count: 1)
        }
    }
}
