// What a campaign draws beside numbers.
import TestSupport

extension SeededRandom {
    mutating func pick<Element>(_ list: [Element]) -> Element { list[Int(below(UInt64(list.count)))] }

    /// From 1 to `bound`, all orders of magnitude alike.
    mutating func logarithmic(_ bound: UInt64) -> UInt64 {
        let bits = below(UInt64(64 - bound.leadingZeroBitCount)) + 1
        return min(bound, below(1 << bits) + 1)
    }
}
