// The page-frame allocator, the memory map and the heap, over memory of the hosting process.
import TestSupport
import Testing
@testable import Kernel

/// `#expect` for calls that change what they are called on.
func expect(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, sourceLocation: sourceLocation)
}

/// Pages out of an arena that a buddy allocator divides.
struct ArenaPages: PageSource {
    let arena: UnsafeMutableRawPointer
    let states: UnsafeMutablePointer<UInt8>
    var buddy: BuddyAllocator

    init(pageCount: Int) {
        arena = UnsafeMutableRawPointer.allocate(byteCount: pageCount * 4096, alignment: 1 << 20)
        states = UnsafeMutablePointer<UInt8>.allocate(capacity: pageCount)
        buddy = BuddyAllocator(states: states, frameCount: pageCount, mappingOffset: Int(bitPattern: arena))
        buddy.add(frames: 0..<pageCount)
    }

    func release() {
        arena.deallocate()
        states.deallocate()
    }

    func frame(_ address: UInt) -> Int { (Int(bitPattern: address) - Int(bitPattern: arena)) >> 12 }

    mutating func allocate(count: Int, _ urgency: PageUrgency) -> UnsafeMutableRawPointer? {
        buddy.allocate(count: count).map { arena + $0 * 4096 }
    }

    mutating func free(_ pages: UnsafeMutableRawPointer, count: Int) {
        let freed = buddy.free(frame: frame(UInt(bitPattern: pages)), count: count)
        precondition(freed)
    }

    func mark(of address: UInt) -> UInt8 {
        address & 4095 == 0 ? buddy.mark(of: frame(address)) : 0
    }

    mutating func setMark(_ mark: UInt8, of pages: UnsafeMutableRawPointer) {
        buddy.setMark(mark, of: frame(UInt(bitPattern: pages)))
    }
}

func withHeap(pageCount: Int, _ body: (inout Heap<ArenaPages>) -> Void) {
    let storage = UnsafeMutableRawPointer.allocate(byteCount: Ledger.storageBytes, alignment: 16)
    var heap = Heap(pages: ArenaPages(pageCount: pageCount))
    heap.ledger.start(storage: storage)
    body(&heap)
    heap.pages.release()
    storage.deallocate()
}

@Suite struct BuddyAllocatorTests {
    @Test func everyFrameComesBack() {
        var pages = ArenaPages(pageCount: 1000)
        defer { pages.release() }
        var random = SeededRandom(seed: 7)
        var held: [(frame: Int, count: Int)] = []
        var owned = [Bool](repeating: false, count: 1000)
        for _ in 0..<20_000 {
            if random.below(2) == 0, let frame = pages.buddy.allocate(count: 1) {
                #expect(!owned[frame])
                owned[frame] = true
                held.append((frame, 1))
            } else if random.below(3) == 0 {
                let count = 1 + random.below(40)
                guard let frame = pages.buddy.allocate(count: count) else { continue }
                var order = 1
                while order < count { order *= 2 }
                #expect(frame % order == 0)
                for index in frame..<frame + count {
                    #expect(!owned[index])
                    owned[index] = true
                }
                held.append((frame, count))
            } else if !held.isEmpty {
                let block = held.remove(at: random.below(held.count))
                expect(pages.buddy.free(frame: block.frame, count: block.count))
                for index in block.frame..<block.frame + block.count { owned[index] = false }
            }
            #expect(pages.buddy.freeFrameCount == owned.count { !$0 })
        }
        for block in held { expect(pages.buddy.free(frame: block.frame, count: block.count)) }
        #expect(pages.buddy.freeFrameCount == 1000)
        expect(pages.buddy.allocate(count: 512) != nil)
    }

    @Test func aLargeRequestTakesBlocksThatFollowEachOther() {
        var pages = ArenaPages(pageCount: 3000)
        defer { pages.release() }
        let lowest = (0..<3000).compactMap { _ in pages.buddy.allocate(count: 1) }.sorted()
        for frame in lowest.dropFirst() { expect(pages.buddy.free(frame: frame, count: 1)) }
        // Frame 0 is in use: no block of 2048 is left, but one of 1024 with one of 512 behind it.
        let run = pages.buddy.allocate(count: 1025)
        #expect(run == 1024)
        #expect(pages.buddy.freeFrameCount == 2999 - 1025)
        expect(pages.buddy.allocate(count: 1026) == nil)
        expect(pages.buddy.free(frame: 1024, count: 1025))
        expect(pages.buddy.free(frame: 0, count: 1))
        expect(pages.buddy.allocate(count: 2048) == 0)
    }

    @Test func aDoubleFreeIsRefused() {
        var pages = ArenaPages(pageCount: 16)
        defer { pages.release() }
        let frame = pages.buddy.allocate(count: 3)!
        expect(pages.buddy.free(frame: frame, count: 3))
        expect(!pages.buddy.free(frame: frame, count: 3))
        expect(!pages.buddy.free(frame: -1, count: 1))
        expect(!pages.buddy.free(frame: 15, count: 2))
    }
}

@Suite struct MemoryMapTests {
    func free(_ entries: [(UInt64, UInt64, Bool)]) -> [PhysicalRange] {
        var result: [PhysicalRange] = []
        forEachFreeRange(count: entries.count) {
            MemoryMapEntry(range: PhysicalRange(start: entries[$0].0, end: entries[$0].1), isUsable: entries[$0].2)
        } body: { result.append($0) }
        return result
    }

    @Test func whatIsKeptIsCutOut() {
        #expect(free([(0x1000, 0x10000, true), (0x3800, 0x5001, false)])
            == [PhysicalRange(start: 0x1000, end: 0x3000), PhysicalRange(start: 0x6000, end: 0x10000)])
        #expect(free([(0x1000, 0x10000, true), (0, 0x20000, false)]).isEmpty)
    }

    @Test func overlappingUsableEntriesAreGivenOnce() {
        #expect(free([(0x1000, 0x8000, true), (0x4000, 0xA000, true), (0x6000, 0x6000, false)])
            == [PhysicalRange(start: 0x1000, end: 0x8000), PhysicalRange(start: 0x8000, end: 0xA000)])
    }

    @Test func partsOfPagesAreLeft() {
        #expect(free([(0x1100, 0x2F00, true)]).isEmpty)
        #expect(free([(0x1100, 0x3F00, true)]) == [PhysicalRange(start: 0x2000, end: 0x3000)])
    }
}

@Suite struct HeapTests {
    @Test func blocksDoNotOverlapAndKeepTheirBytes() {
        withHeap(pageCount: 4096) { heap in
            var random = SeededRandom(seed: 3)
            var held: [(UnsafeMutableRawPointer, Int, UInt8)] = []
            for step in 0..<8_000 {
                if held.count < 400, random.below(5) < 3 {
                    let size = random.below(10) == 0 ? random.below(40_000) : random.below(700)
                    let alignment = [1, 8, 16, 32, 64, 4096][random.below(random.below(20) == 0 ? 6 : 5)]
                    guard let block = heap.allocate(byteCount: size, alignment: alignment, owner: 1) else { continue }
                    #expect(UInt(bitPattern: block) % UInt(alignment) == 0)
                    #expect(heap.usableBytes(block) >= size)
                    let value = UInt8(truncatingIfNeeded: step)
                    block.initializeMemory(as: UInt8.self, repeating: value, count: size)
                    held.append((block, size, value))
                } else if !held.isEmpty {
                    let (block, size, value) = held.remove(at: random.below(held.count))
                    let intact = (0..<size).allSatisfy { block.load(fromByteOffset: $0, as: UInt8.self) == value }
                    #expect(intact)
                    expect(heap.free(block))
                }
            }
            for (block, _, _) in held { expect(heap.free(block)) }
            #expect(heap.ledger.record(1)!.pointee.usedBytes == 0)
            #expect(heap.ledger.record(1)!.pointee.blockCount == 0)
            heap.trim()
            #expect(heap.pages.buddy.freeFrameCount == 4096)
        }
    }

    @Test func anOwnerIsReleasedWhole() {
        withHeap(pageCount: 1024) { heap in
            let job = heap.makeOwner(name: "job", quota: nil)!
            let kept = heap.allocate(byteCount: 100, alignment: 16, owner: 1)!
            for size in stride(from: 1, to: 20_000, by: 333) {
                expect(heap.allocate(byteCount: size, alignment: 16, owner: job) != nil)
            }
            #expect(heap.owner(of: kept) == 1)
            expect(heap.removeOwner(job) > 100_000)
            #expect(heap.ledger.record(job) == nil)
            expect(heap.allocate(byteCount: 1, alignment: 1, owner: job) == nil)
            expect(heap.free(kept))
            heap.trim()
            #expect(heap.ledger.record(0)!.pointee.usedBytes == 0)
            #expect(heap.pages.buddy.freeFrameCount == 1024)
        }
    }

    @Test func whatIsHandedOverStaysWhole() {
        withHeap(pageCount: 1024) { heap in
            let job = heap.makeOwner(name: "job", quota: nil)!
            let small = heap.allocate(byteCount: 24, alignment: 16, owner: job)!
            let large = heap.allocate(byteCount: 50_000, alignment: 64, owner: job)!
            small.storeBytes(of: 42, as: Int.self)
            large.storeBytes(of: 43, as: Int.self)
            let bytes = heap.handOver(from: job, to: 1)
            #expect(bytes == 32 + 13 * 4096)
            expect(heap.removeOwner(job) == 0)
            #expect(heap.ledger.record(1)!.pointee.usedBytes == bytes)
            #expect(small.load(as: Int.self) == 42 && large.load(as: Int.self) == 43)
            #expect(heap.owner(of: small) == 1 && heap.owner(of: large) == 1)
            expect(heap.free(small) && heap.free(large))
            #expect(heap.ledger.record(1)!.pointee.usedBytes == 0)
        }
    }

    @Test func aQuotaHolds() {
        withHeap(pageCount: 1024) { heap in
            let job = heap.makeOwner(name: "job", quota: 10_000)!
            expect(heap.allocate(byteCount: 20_000, alignment: 16, owner: job) == nil)
            var count = 0
            while heap.allocate(byteCount: 1000, alignment: 16, owner: job) != nil { count += 1 }
            #expect(count == 9)
            #expect(heap.ledger.record(job)!.pointee.refusals == 2)
        }
    }

    @Test func whatIsNoBlockIsNotFreed() {
        withHeap(pageCount: 64) { heap in
            let block = heap.allocate(byteCount: 64, alignment: 16, owner: 1)!
            expect(!heap.free(block + 8))
            expect(!heap.free(block + 64 * 10))
            expect(!heap.free(UnsafeMutableRawPointer(bitPattern: 0x40)!))
            expect(heap.free(block))
            let large = heap.allocate(byteCount: 9000, alignment: 16, owner: 1)!
            expect(heap.free(large))
            expect(!heap.free(large))
        }
    }

    @Test func memoryRunsOutWithoutATrap() {
        withHeap(pageCount: 64) { heap in
            var blocks: [UnsafeMutableRawPointer] = []
            while let block = heap.allocate(byteCount: 3000, alignment: 16, owner: 1) { blocks.append(block) }
            #expect(blocks.count == 5 * 16)
            for block in blocks { expect(heap.free(block)) }
        }
    }
}
