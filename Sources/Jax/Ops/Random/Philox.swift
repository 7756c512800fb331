// Philox-4x32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

/// Encrypts a counter of 128 bits, four words, under a key of two.
struct Philox {
    private let k0: UInt32, k1: UInt32

    init(key: UInt64) {
        k0 = UInt32(truncatingIfNeeded: key)
        k1 = UInt32(truncatingIfNeeded: key >> 32)
    }

    /// The four words of `(low, high)` + `step`.
    @inline(__always)
    func encrypt(low: UInt64, high: UInt64, step: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
        let sum = low &+ step
        let carried = sum < low ? high &+ 1 : high
        var x0 = UInt32(truncatingIfNeeded: sum), x1 = UInt32(truncatingIfNeeded: sum >> 32)
        var x2 = UInt32(truncatingIfNeeded: carried), x3 = UInt32(truncatingIfNeeded: carried >> 32)
        var a = k0, b = k1
        for _ in 0..<10 {
            let p = UInt64(x0) &* 0xd251_1f53, q = UInt64(x2) &* 0xcd9e_8d57
            (x0, x1, x2, x3) = (UInt32(truncatingIfNeeded: q >> 32) ^ x1 ^ a, UInt32(truncatingIfNeeded: q),
                                UInt32(truncatingIfNeeded: p >> 32) ^ x3 ^ b, UInt32(truncatingIfNeeded: p))
            a = a &+ 0x9e37_79b9
            b = b &+ 0xbb67_ae85
        }
        return (x0, x1, x2, x3)
    }
}
