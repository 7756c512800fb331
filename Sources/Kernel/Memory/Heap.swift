// The heap: blocks of fixed sizes in slabs of 16 KiB, longer blocks in pages of their own. Each slab and each long block
// belongs to one owner, so that all of an owner's blocks can be freed, or handed over to another, without visiting them.
// Not locked: `KernelHeap` does that. Works on any source of pages, so that tests run it hosted.

/// How far into the machine's last pages a request may go.
public enum PageUrgency {
    /// Jobs, programs and whatever is long: not at all.
    case none
    /// Small blocks of the JAX layer, which answers a job that has used up everything: half of the reserve.
    case library
    /// The kernel: all of it.
    case kernel

    init(owner: UInt32) { self = owner == 0 ? .kernel : owner == 1 ? .library : .none }
}

/// Where a heap gets its pages from.
public protocol PageSource {
    /// Adjacent pages, aligned to the next power of two of their number.
    mutating func allocate(count: Int, _ urgency: PageUrgency) -> UnsafeMutableRawPointer?
    mutating func free(_ pages: UnsafeMutableRawPointer, count: Int)
    /// The mark of an allocated run's first page; 0 for every other address.
    func mark(of address: UInt) -> UInt8
    mutating func setMark(_ mark: UInt8, of pages: UnsafeMutableRawPointer)
}

struct SlabHeader {
    var magic: UInt32
    var owner: UInt32
    /// The class, and the bytes of its blocks.
    var sizeClass: UInt16
    var blockBytes: UInt16
    var used: UInt16
    /// Blocks from this index on were never given out.
    var untouched: UInt16
    var capacity: UInt16
    /// Freed blocks, linked through their first word.
    var free: UInt
    var previous, next: UnsafeMutablePointer<SlabHeader>?
    var previousPartial, nextPartial: UnsafeMutablePointer<SlabHeader>?
}

struct LargeHeader {
    var magic: UInt32
    var owner: UInt32
    var pageCount: Int
    var base: UInt
    var previous, next: UnsafeMutablePointer<LargeHeader>?
}

public struct Heap<Pages: PageSource> {
    typealias Slab = UnsafeMutablePointer<SlabHeader>
    typealias Large = UnsafeMutablePointer<LargeHeader>

    public private(set) var pages: Pages
    public var ledger: Ledger
    /// Whether freed memory is overwritten, to show dangling references.
    public var fillsFreedMemory = false
    /// Empty slabs kept for the next owner that needs one.
    private var spare: Slab?
    private var spareCount = 0
    private static var spareLimit: Int { 16 }
    /// Class of a size: entry (size + 15) / 16.
    private var classOfSize: InlineArray<510, UInt8>
    /// The same for alignment to 64 bytes.
    private var alignedClassOfSize: InlineArray<510, UInt8>

    private static var slabMagic: UInt32 { 0x51AB_51AB }
    private static var largeMagic: UInt32 { 0x1A26_E000 }
    private static var slabMark: UInt8 { 1 }
    private static var largeMark: UInt8 { 2 }
    private static var junk: UInt8 { 0xDD }

    public init(pages: Pages) {
        self.pages = pages
        ledger = Ledger()
        classOfSize = InlineArray(repeating: 0)
        alignedClassOfSize = InlineArray(repeating: 0)
        var index = 0
        for entry in 0..<510 {
            while SizeClasses.size(index) < entry * 16 && index < SizeClasses.count - 1 { index += 1 }
            classOfSize[entry] = UInt8(index)
            var aligned = index
            while SizeClasses.size(aligned) & 63 != 0 { aligned += 1 }
            alignedClassOfSize[entry] = UInt8(aligned)
        }
    }

    // MARK: Blocks

    /// A block charged to `owner`; nil when its quota or the pages are used up, or the alignment is above a page.
    public mutating func allocate(byteCount: Int, alignment: Int, owner: UInt32) -> UnsafeMutableRawPointer? {
        guard byteCount >= 0, byteCount <= 1 << 40 else { return nil }
        guard let record = ledger.record(owner) else { return nil }
        if byteCount <= SizeClasses.largest, alignment <= 64 {
            let entry = (byteCount + 15) >> 4
            return allocateSmall(sizeClass: Int(alignment > 16 ? alignedClassOfSize[entry] : classOfSize[entry]), record)
        }
        return allocateLarge(byteCount: byteCount, alignment: alignment, record)
    }

    /// Frees a block whoever owns it. False when there is no such block.
    public mutating func free(_ pointer: UnsafeMutableRawPointer) -> Bool {
        let address = UInt(bitPattern: pointer) &- UInt(SizeClasses.headerBytes)
        if pages.mark(of: address.roundedDown(to: 4096)) == Self.largeMark {
            guard let large = Large(bitPattern: address), large.pointee.magic == Self.largeMagic else { return false }
            freeLarge(large)
            return true
        }
        let base = address.roundedDown(to: UInt(SizeClasses.slabBytes))
        guard pages.mark(of: base) == Self.slabMark, let slab = Slab(bitPattern: base),
              slab.pointee.magic == Self.slabMagic, slab.pointee.used > 0 else { return false }
        let size = Int(slab.pointee.blockBytes)
        let (index, rest) = UInt32(truncatingIfNeeded: address &- base).quotientAndRemainder(dividingBy: UInt32(size))
        guard rest == 0, index < UInt32(slab.pointee.untouched) else { return false }
        freeSmall(pointer, slab, size: size)
        return true
    }

    /// The bytes usable at `pointer`, 0 when it is no block.
    public func usableBytes(_ pointer: UnsafeMutableRawPointer) -> Int {
        let address = UInt(bitPattern: pointer) &- UInt(SizeClasses.headerBytes)
        if pages.mark(of: address.roundedDown(to: 4096)) == Self.largeMark {
            guard let large = Large(bitPattern: address) else { return 0 }
            return large.pointee.pageCount * 4096 - Int(UInt(bitPattern: pointer) - large.pointee.base)
        }
        let base = address.roundedDown(to: UInt(SizeClasses.slabBytes))
        guard pages.mark(of: base) == Self.slabMark, let slab = Slab(bitPattern: base) else { return 0 }
        return Int(slab.pointee.blockBytes)
    }

    /// The owner of a block, nil when it is no block.
    public func owner(of pointer: UnsafeMutableRawPointer) -> UInt32? {
        let address = UInt(bitPattern: pointer) &- UInt(SizeClasses.headerBytes)
        if pages.mark(of: address.roundedDown(to: 4096)) == Self.largeMark {
            return Large(bitPattern: address)?.pointee.owner
        }
        let base = address.roundedDown(to: UInt(SizeClasses.slabBytes))
        guard pages.mark(of: base) == Self.slabMark else { return nil }
        return Slab(bitPattern: base)?.pointee.owner
    }

    // MARK: Owners

    /// Frees every block of `owner`; returns the bytes that came free. The owner stays, with nothing.
    @discardableResult
    public mutating func releaseAll(owner: UInt32) -> Int {
        guard let record = ledger.record(owner) else { return 0 }
        let bytes = record.pointee.usedBytes
        while let slab = record.pointee.slabs { discard(slab, record) }
        while let large = record.pointee.larges { freeLarge(large) }
        record.pointee.charge(-record.pointee.usedBytes, blocks: -record.pointee.blockCount)
        return bytes
    }

    /// Makes every block of `source` a block of `destination`, whatever its quota; returns the bytes.
    @discardableResult
    public mutating func handOver(from source: UInt32, to destination: UInt32) -> Int {
        guard source != destination, let from = ledger.record(source), let to = ledger.record(destination) else { return 0 }
        let bytes = from.pointee.usedBytes
        while let slab = from.pointee.slabs {
            let isPartial = hasFreeBlocks(slab)
            if isPartial { unlinkPartial(slab, from) }
            unlink(slab, from)
            slab.pointee.owner = destination
            link(slab, to)
            if isPartial { linkPartial(slab, to) }
        }
        while let large = from.pointee.larges {
            unlink(large, from)
            large.pointee.owner = destination
            link(large, to)
        }
        let blocks = from.pointee.blockCount
        from.pointee.charge(-bytes, blocks: -blocks)
        to.pointee.charge(bytes, blocks: blocks)
        to.pointee.codeCount += from.pointee.codeCount
        from.pointee.codeCount = 0
        return bytes
    }

    /// A new owner; nil when there are as many as the ledger can hold or no memory for another.
    public mutating func makeOwner(name: String, quota: Int?, within outer: UInt32 = 0) -> UInt32? {
        guard let slot = ledger.freeSlot,
              let memory = allocate(byteCount: MemoryLayout<OwnerRecord>.stride, alignment: 16, owner: 0) else { return nil }
        return ledger.add(slot: slot, record: memory.bindMemory(to: OwnerRecord.self, capacity: 1), name: name, quota: quota, within: outer)
    }

    /// Frees what `owner` holds and forgets it. The kernel and the library stay.
    @discardableResult
    public mutating func removeOwner(_ owner: UInt32) -> Int {
        guard owner > 1 else { return 0 }
        let bytes = releaseAll(owner: owner)
        if let record = ledger.remove(owner) { _ = free(UnsafeMutableRawPointer(record)) }
        return bytes
    }

    /// Gives the spare slabs back to the page source.
    public mutating func trim() {
        while let slab = spare {
            spare = slab.pointee.next
            spareCount -= 1
            slab.pointee.magic = 0
            pages.free(UnsafeMutableRawPointer(slab), count: SizeClasses.slabPages)
        }
    }

    /// Visits every block of `owner` with its usable bytes: to find out what is kept.
    func forEachBlock(owner: UInt32, _ body: (UnsafeMutableRawPointer, Int) -> Void) {
        guard let record = ledger.record(owner) else { return }
        var next = record.pointee.slabs
        while let slab = next {
            let size = Int(slab.pointee.blockBytes)
            let first = UnsafeMutableRawPointer(slab) + SizeClasses.headerBytes
            // One bit a block: a slab has at most 1024.
            var isFree = InlineArray<16, UInt64>(repeating: 0)
            var free = slab.pointee.free
            while free != 0, let pointer = UnsafeMutableRawPointer(bitPattern: free) {
                let index = (pointer - first) / size
                isFree[index >> 6] |= 1 << UInt64(index & 63)
                free = pointer.load(as: UInt.self)
            }
            for index in 0..<Int(slab.pointee.untouched) where isFree[index >> 6] >> UInt64(index & 63) & 1 == 0 {
                body(first + index * size, size)
            }
            next = slab.pointee.next
        }
        var nextLarge = record.pointee.larges
        while let large = nextLarge {
            body(UnsafeMutableRawPointer(large) + SizeClasses.headerBytes, large.pointee.pageCount * 4096)
            nextLarge = large.pointee.next
        }
    }

    // MARK: Slabs

    @inline(__always)
    private mutating func allocateSmall(sizeClass: Int, _ record: UnsafeMutablePointer<OwnerRecord>) -> UnsafeMutableRawPointer? {
        let slab: Slab, size: Int
        if let partial = record.pointee.partial[sizeClass] {
            slab = partial
            size = Int(slab.pointee.blockBytes)
            guard record.pointee.mayCharge(size) else { return nil }
        } else {
            size = SizeClasses.size(sizeClass)
            guard record.pointee.mayCharge(size), let made = makeSlab(sizeClass: sizeClass, record) else { return nil }
            slab = made
        }
        let block: UnsafeMutableRawPointer
        if slab.pointee.free != 0 {
            block = UnsafeMutableRawPointer(bitPattern: slab.pointee.free)!
            slab.pointee.free = block.load(as: UInt.self)
        } else {
            block = UnsafeMutableRawPointer(slab) + SizeClasses.headerBytes + Int(slab.pointee.untouched) * size
            slab.pointee.untouched += 1
        }
        slab.pointee.used += 1
        if !hasFreeBlocks(slab) { unlinkPartial(slab, record) }
        record.pointee.charge(size, blocks: 1)
        return block
    }

    @inline(__always)
    private mutating func freeSmall(_ pointer: UnsafeMutableRawPointer, _ slab: Slab, size: Int) {
        guard let record = ledger.record(slab.pointee.owner) else { return }
        let wasFull = !hasFreeBlocks(slab)
        if fillsFreedMemory { pointer.initializeMemory(as: UInt8.self, repeating: Self.junk, count: size) }
        pointer.storeBytes(of: slab.pointee.free, as: UInt.self)
        slab.pointee.free = UInt(bitPattern: pointer)
        slab.pointee.used -= 1
        record.pointee.charge(-size, blocks: -1)
        if wasFull { linkPartial(slab, record) }
        if slab.pointee.used == 0 { discard(slab, record) }
    }

    // None of these changes the heap itself; for one that does not say so the whole of it would be copied.

    @inline(__always)
    private func hasFreeBlocks(_ slab: Slab) -> Bool { slab.pointee.used < slab.pointee.capacity }

    private mutating func makeSlab(sizeClass: Int, _ record: UnsafeMutablePointer<OwnerRecord>) -> Slab? {
        let slab: Slab
        if let kept = spare {
            spare = kept.pointee.next
            spareCount -= 1
            slab = kept
        } else {
            guard let memory = pages.allocate(count: SizeClasses.slabPages, PageUrgency(owner: record.pointee.id)) else { return nil }
            pages.setMark(Self.slabMark, of: memory)
            slab = memory.bindMemory(to: SlabHeader.self, capacity: 1)
        }
        let capacity = (SizeClasses.slabBytes - SizeClasses.headerBytes) / SizeClasses.size(sizeClass)
        slab.initialize(to: SlabHeader(
            magic: Self.slabMagic, owner: record.pointee.id, sizeClass: UInt16(sizeClass),
            blockBytes: UInt16(SizeClasses.size(sizeClass)), used: 0, untouched: 0,
            capacity: UInt16(capacity), free: 0, previous: nil, next: nil, previousPartial: nil, nextPartial: nil))
        link(slab, record)
        linkPartial(slab, record)
        return slab
    }

    /// Takes a slab away from its owner, whatever is still in it.
    private mutating func discard(_ slab: Slab, _ record: UnsafeMutablePointer<OwnerRecord>) {
        if hasFreeBlocks(slab) { unlinkPartial(slab, record) }
        unlink(slab, record)
        slab.pointee.used = 0
        if fillsFreedMemory {
            (UnsafeMutableRawPointer(slab) + SizeClasses.headerBytes).initializeMemory(
                as: UInt8.self, repeating: Self.junk, count: SizeClasses.slabBytes - SizeClasses.headerBytes)
        }
        if spareCount < Self.spareLimit {
            slab.pointee.next = spare
            spare = slab
            spareCount += 1
        } else {
            slab.pointee.magic = 0
            pages.free(UnsafeMutableRawPointer(slab), count: SizeClasses.slabPages)
        }
    }

    private mutating func link(_ slab: Slab, _ record: UnsafeMutablePointer<OwnerRecord>) {
        slab.pointee.previous = nil
        slab.pointee.next = record.pointee.slabs
        record.pointee.slabs?.pointee.previous = slab
        record.pointee.slabs = slab
    }

    private mutating func unlink(_ slab: Slab, _ record: UnsafeMutablePointer<OwnerRecord>) {
        if let previous = slab.pointee.previous {
            previous.pointee.next = slab.pointee.next
        } else {
            record.pointee.slabs = slab.pointee.next
        }
        slab.pointee.next?.pointee.previous = slab.pointee.previous
    }

    private mutating func linkPartial(_ slab: Slab, _ record: UnsafeMutablePointer<OwnerRecord>) {
        let index = Int(slab.pointee.sizeClass)
        slab.pointee.previousPartial = nil
        slab.pointee.nextPartial = record.pointee.partial[index]
        record.pointee.partial[index]?.pointee.previousPartial = slab
        record.pointee.partial[index] = slab
    }

    private mutating func unlinkPartial(_ slab: Slab, _ record: UnsafeMutablePointer<OwnerRecord>) {
        if let previous = slab.pointee.previousPartial {
            previous.pointee.nextPartial = slab.pointee.nextPartial
        } else {
            record.pointee.partial[Int(slab.pointee.sizeClass)] = slab.pointee.nextPartial
        }
        slab.pointee.nextPartial?.pointee.previousPartial = slab.pointee.previousPartial
    }

    // MARK: Long blocks

    private mutating func allocateLarge(byteCount: Int, alignment: Int,
                                        _ record: UnsafeMutablePointer<OwnerRecord>) -> UnsafeMutableRawPointer? {
        guard alignment <= 4096 else { return nil }
        let offset = max(alignment, SizeClasses.headerBytes)
        let pageCount = (byteCount + offset).pageCount
        guard record.pointee.mayCharge(pageCount * 4096),
              let memory = pages.allocate(count: pageCount, record.pointee.id == 0 ? .kernel : .none) else { return nil }
        pages.setMark(Self.largeMark, of: memory)
        let pointer = memory + offset
        let large = (pointer - SizeClasses.headerBytes).bindMemory(to: LargeHeader.self, capacity: 1)
        large.initialize(to: LargeHeader(magic: Self.largeMagic, owner: record.pointee.id, pageCount: pageCount,
                                         base: UInt(bitPattern: memory), previous: nil, next: nil))
        link(large, record)
        record.pointee.charge(pageCount * 4096, blocks: 1)
        return pointer
    }

    private mutating func freeLarge(_ large: Large) {
        let pageCount = large.pointee.pageCount
        let memory = UnsafeMutableRawPointer(bitPattern: large.pointee.base)!
        if let record = ledger.record(large.pointee.owner) {
            unlink(large, record)
            record.pointee.charge(-pageCount * 4096, blocks: -1)
        }
        large.pointee.magic = 0
        if fillsFreedMemory { memory.initializeMemory(as: UInt8.self, repeating: Self.junk, count: pageCount * 4096) }
        pages.free(memory, count: pageCount)
    }

    private mutating func link(_ large: Large, _ record: UnsafeMutablePointer<OwnerRecord>) {
        large.pointee.previous = nil
        large.pointee.next = record.pointee.larges
        record.pointee.larges?.pointee.previous = large
        record.pointee.larges = large
    }

    private mutating func unlink(_ large: Large, _ record: UnsafeMutablePointer<OwnerRecord>) {
        if let previous = large.pointee.previous {
            previous.pointee.next = large.pointee.next
        } else {
            record.pointee.larges = large.pointee.next
        }
        large.pointee.next?.pointee.previous = large.pointee.previous
    }
}
