@testable import GPU
import Testing

@Suite struct RangeAllocatorTests {
    /// Random ranges come and go in random order: no two overlap, and at the end all is one range again.
    @Test func rangesNeverOverlap() throws {
        let granule = 256, granules = 4096
        var allocator = RangeAllocator(size: granules * granule, granule: granule)
        var taken = [Bool](repeating: false, count: granules)
        var live: [(offset: Int, count: Int)] = []
        var state: UInt64 = 42
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        func mark(_ range: (offset: Int, count: Int), _ value: Bool) -> Bool {
            var isClean = true
            for index in range.offset / granule..<(range.offset + range.count + granule - 1) / granule {
                if taken[index] == value { isClean = false }
                taken[index] = value
            }
            return isClean
        }
        for _ in 0..<20_000 {
            if random(5) < 3 {
                let count = 1 + random(20_000)
                guard let offset = allocator.allocate(count) else { continue }
                #expect(offset % granule == 0)
                #expect(mark((offset, count), true))
                live.append((offset, count))
            } else if !live.isEmpty {
                let range = live.remove(at: random(live.count))
                #expect(mark(range, false))
                allocator.deallocate(range.offset, range.count)
            }
            #expect(allocator.used == granule * taken.reduce(0) { $0 + ($1 ? 1 : 0) })
        }
        for range in live { allocator.deallocate(range.offset, range.count) }
        #expect(allocator.isEmpty)
        #expect(allocator.largestFree == allocator.size)
        #expect(allocator.allocate(allocator.size) == 0)
        #expect(allocator.allocate(1) == nil)
    }
}
