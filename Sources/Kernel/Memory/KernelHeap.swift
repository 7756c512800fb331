// The one heap of the machine: locked, charged to whoever runs.
#if hasFeature(Embedded)
import CPU

public enum KernelHeap {
    nonisolated(unsafe) private static var heap: UnsafeMutablePointer<Heap<DirectMapPages>>!
    nonisolated(unsafe) private static var lock = spin_lock()

    static func start() {
        var heap = Heap(pages: DirectMapPages())
        let ledgerBytes = (Ledger.storageBytes + 63) & ~63
        let storage = directMap(PageFrames.allocate(count: (ledgerBytes + MemoryLayout<Heap<DirectMapPages>>.stride).pageCount, .kernel)!)
        heap.ledger.start(storage: storage)
        #if JUNK_FILL
        heap.fillsFreedMemory = true
        #endif
        self.heap = (storage + ledgerBytes).bindMemory(to: Heap<DirectMapPages>.self, capacity: 1)
        self.heap.initialize(to: heap)
    }

    /// Who pays now: the running task's owner, and the kernel in interrupt handlers.
    @inline(__always)
    public static var currentOwner: UInt32 {
        cpu_local_get().pointee.interrupt_depth > 0 ? 0 : cpu_current_task().pointee.owner
    }

    /// nil: the owner's quota or the machine's memory is used up.
    public static func allocate(byteCount: Int, alignment: Int, owner: UInt32) -> UnsafeMutableRawPointer? {
        if Injector.refusesAllocation() { return nil }
        return locked { $0.allocate(byteCount: byteCount, alignment: alignment, owner: owner) }
    }

    /// A pointer that is no block of the heap is a broken program: traps.
    public static func free(_ pointer: UnsafeMutableRawPointer) {
        let freed = locked { $0.free(pointer) }
        precondition(freed, "freed a pointer that is no block of the heap")
    }

    /// A new owner of memory, within another; nil when the ledger is full.
    public static func makeOwner(name: String, quota: Int?, within outer: UInt32 = 0) -> UInt32? {
        locked { $0.makeOwner(name: name, quota: quota, within: outer) }
    }

    /// Frees all that `owner` holds, code too; returns the bytes of its blocks.
    @discardableResult
    public static func releaseAll(owner: UInt32) -> Int {
        if hasCode(owner) { SealedCode.releaseAll(owner: owner) }
        return locked { $0.releaseAll(owner: owner) }
    }

    @discardableResult
    public static func handOver(from source: UInt32, to destination: UInt32) -> Int {
        if hasCode(source) { SealedCode.handOver(from: source, to: destination) }
        return locked { $0.handOver(from: source, to: destination) }
    }

    /// Frees all that `owner` holds and forgets it.
    @discardableResult
    public static func removeOwner(_ owner: UInt32) -> Int {
        if hasCode(owner) { SealedCode.releaseAll(owner: owner) }
        return locked { $0.removeOwner(owner) }
    }

    /// Counts a piece of code, which is not of the heap, as the owner's; false: its quota is against it.
    static func chargeCode(_ byteCount: Int, to owner: UInt32) -> Bool {
        locked {
            guard let record = $0.ledger.record(owner), record.pointee.mayCharge(byteCount) else { return false }
            record.pointee.charge(byteCount, blocks: 1)
            record.pointee.codeCount += 1
            return true
        }
    }

    /// Takes back what `chargeCode` counted.
    static func creditCode(_ byteCount: Int, to owner: UInt32) {
        locked {
            guard let record = $0.ledger.record(owner) else { return }
            record.pointee.charge(-byteCount, blocks: -1)
            record.pointee.codeCount -= 1
        }
    }

    /// Most jobs make none, and need not look through all the code that there is.
    private static func hasCode(_ owner: UInt32) -> Bool { locked { $0.ledger.record(owner).map { $0.pointee.codeCount > 0 } ?? false } }

    public static func owner(of pointer: UnsafeMutableRawPointer) -> UInt32? { locked { $0.owner(of: pointer) } }

    public static func usage(of owner: UInt32) -> (usedBytes: Int, quota: Int, refusals: Int) {
        locked {
            guard let record = $0.ledger.record(owner) else { return (0, 0, 0) }
            return (record.pointee.usedBytes, record.pointee.quota, record.pointee.refusals)
        }
    }

    public static func setQuota(_ quota: Int, reserve: Int = 0, of owner: UInt32) {
        locked {
            $0.ledger.record(owner)?.pointee.quota = quota
            $0.ledger.record(owner)?.pointee.reserve = reserve
        }
    }

    /// Bytes that an owner and those within it hold.
    public static func heldBytes(of owner: UInt32) -> Int {
        locked { $0.ledger.record(owner).map { $0.pointee.usedBytes + $0.pointee.innerBytes } ?? 0 }
    }

    /// Gives empty slabs back to the page frames.
    public static func trim() { locked { $0.trim() } }

    /// One line of the ledger.
    public struct LedgerLine {
        public let owner: UInt32
        public let name: String
        public let usedBytes, peakBytes, blockCount: Int
    }

    /// The ledger as it stands. Copied line by line, because the array itself comes from the heap.
    public static func ledgerLines() -> [LedgerLine] {
        let count = locked { $0.ledger.count }
        var records: [OwnerRecord] = []
        records.reserveCapacity(count + 8)
        locked {
            $0.ledger.forEach { if records.count < records.capacity { records.append($0.pointee) } }
        }
        return records.map { record in
            var bytes: [UInt8] = []
            for index in 0..<32 where record.name[index] != 0 { bytes.append(record.name[index]) }
            return LedgerLine(owner: record.id, name: String(decoding: bytes, as: UTF8.self), usedBytes: record.usedBytes,
                              peakBytes: record.peakBytes, blockCount: record.blockCount)
        }
    }

    /// A block as it lies there, with its first words: those of a Swift object are its metadata and its count of references.
    public struct Block {
        public let address: UInt
        public let byteCount: Int
        public let words: InlineArray<8, UInt64>
    }

    /// The blocks of `owner`, in no order; at most `limit`.
    public static func blocks(of owner: UInt32, limit: Int) -> [Block] {
        var list: [Block] = []
        list.reserveCapacity(limit)
        locked {
            $0.forEachBlock(owner: owner) { pointer, byteCount in
                guard list.count < list.capacity else { return }
                var words = InlineArray<8, UInt64>(repeating: 0)
                for index in 0..<min(8, byteCount / 8) { words[index] = pointer.load(fromByteOffset: 8 * index, as: UInt64.self) }
                list.append(Block(address: UInt(bitPattern: pointer), byteCount: byteCount, words: words))
            }
        }
        return list
    }

    /// Bytes in use of all owners.
    public static var usedBytes: Int {
        locked {
            var sum = 0
            $0.ledger.forEach { sum += $0.pointee.usedBytes }
            return sum
        }
    }

    @inline(__always)
    private static func locked<Result>(_ body: (inout Heap<DirectMapPages>) -> Result) -> Result {
        let flags = spin_acquire(&lock)
        defer { spin_release(&lock, flags) }
        return body(&heap.pointee)
    }
}

/// Runs `body` with its allocations charged to `owner`.
public func charging<Result>(_ owner: UInt32, _ body: () -> Result) -> Result {
    let task = cpu_current_task()!
    let previous = task.pointee.owner
    task.pointee.owner = owner
    defer { cpu_current_task().pointee.owner = previous }
    return body()
}
#endif
