// A seeded generator (SplitMix64), so that a campaign can be run again.

struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func below(_ bound: UInt64) -> UInt64 { bound == 0 ? 0 : next() % bound }

    mutating func pick<Element>(_ list: [Element]) -> Element { list[Int(below(UInt64(list.count)))] }

    /// From 1 to `bound`, all orders of magnitude alike.
    mutating func logarithmic(_ bound: UInt64) -> UInt64 {
        let bits = below(UInt64(64 - bound.leadingZeroBitCount)) + 1
        return min(bound, below(1 << bits) + 1)
    }
}
