/// A generator whose numbers depend on the seed alone (SplitMix64), so that a failure can be had again.
public struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// From 0 to `bound` - 1; 0 where `bound` is not positive.
    public mutating func below<Bound: BinaryInteger>(_ bound: Bound) -> Bound { bound > 0 ? Bound(next() % UInt64(bound)) : 0 }
}
