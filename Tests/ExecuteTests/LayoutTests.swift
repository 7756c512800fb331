// Places in the block: those that are needed at the same time do not overlap.
@testable import JaxExecute
import Testing

@Suite struct LayoutTests {
    @Test func whatIsNeededTogetherLiesApart() {
        var numbers = Numbers(7)
        for _ in 0..<200 {
            let requests = (0..<Int(numbers.next(60))).map { _ in
                let start = numbers.next(40)
                return ArenaRequest(byteCount: numbers.next(5) == 0 ? 0 : 1 + numbers.next(1000), start: start, end: start + numbers.next(12))
            }
            let layout = ArenaLayout(requests)
            for (a, x) in requests.enumerated() {
                #expect(layout.offsets[a] % ArenaLayout.alignment == 0 && layout.offsets[a] + x.byteCount <= layout.byteCount)
                for (b, y) in requests.enumerated() where b > a && x.start <= y.end && y.start <= x.end {
                    #expect(layout.offsets[a] + x.byteCount <= layout.offsets[b] || layout.offsets[b] + y.byteCount <= layout.offsets[a]
                            || x.byteCount == 0 || y.byteCount == 0)
                }
            }
        }
    }

    /// One place serves all that follow each other, and what two gaps side by side can hold goes there.
    @Test func memoryIsUsedAgain() {
        let chain = (0..<100).map { ArenaRequest(byteCount: 640, start: $0, end: $0) }
        #expect(ArenaLayout(chain).byteCount == 640)
        let joined = ArenaLayout([ArenaRequest(byteCount: 64, start: 0, end: 1), ArenaRequest(byteCount: 64, start: 0, end: 1),
                                  ArenaRequest(byteCount: 128, start: 2, end: 3)])
        #expect(joined.byteCount == 128)
    }
}

/// The same numbers in each run.
struct Numbers {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    /// Below `limit`.
    mutating func next(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 33) % limit
    }
}
