// Generated code: written through one mapping, executed through another, never both. Sealing takes its frames out of the
// writer's mapping and out of the direct map, on all processors, and only then shows them executable and read-only; what is
// freed goes the way back. That nobody can write to what somebody can execute is what `PageTableAudit` checks.
//
// Code belongs to an owner of memory as a block of the heap does: it counts for the owner's quota, is handed over with the
// owner's blocks and freed with them (`KernelHeap` calls `handOver` and `releaseAll`).
#if hasFeature(Embedded)
import CPU

public enum SealedCode {
    /// One piece of code that can be executed, in a list of all.
    private struct Record {
        let entry: UnsafeRawPointer
        let physical: PhysicalAddress
        let pageCount: Int
        let region: CodeRegion
        var owner: UInt32
        var next: UnsafeMutablePointer<Record>?
    }

    nonisolated(unsafe) private static var window = AddressWindow(start: AddressSpaceLayout.code)
    nonisolated(unsafe) private static var records: UnsafeMutablePointer<Record>?
    nonisolated(unsafe) private static var lock = spin_lock()

    /// Executable copy of position-independent code, charged to `owner`; its first byte. nil without memory or quota. Faults in it go by
    /// its name.
    public static func make(_ code: UnsafeRawBufferPointer, name: String = "", owner: UInt32) -> UnsafeRawPointer? {
        guard let buffer = makeBuffer(byteCount: code.count) else { return nil }
        buffer.base.copyMemory(from: code.baseAddress!, byteCount: code.count)
        return seal(buffer, name: name, owner: owner)
    }

    /// Memory to write code to, filled with breakpoints, between two guard pages; to be sealed or freed. nil without memory.
    public static func makeBuffer(byteCount: Int) -> GuardedRegion? {
        guard byteCount > 0, let region = GuardedRegions.allocate(byteCount: byteCount, contiguous: true) else { return nil }
        region.base.initializeMemory(as: UInt8.self, repeating: 0xCC, count: region.byteCount)
        return region
    }

    /// Makes a buffer executable and returns its first byte; the buffer is gone then, also where this returns nil for want of
    /// memory or quota.
    ///
    /// A processor sees the new instructions without more ado: it has never fetched from this address since it answered the
    /// interrupt that made it forget what stood there before, and its return from that serialised it (Intel SDM vol. 3, 8.1.3).
    public static func seal(_ buffer: GuardedRegion, name: String = "", owner: UInt32) -> UnsafeRawPointer? {
        let pageCount = buffer.pageCount, byteCount = buffer.byteCount
        guard KernelHeap.chargeCode(byteCount, to: owner) else {
            GuardedRegions.free(buffer)
            return nil
        }
        let physical = GuardedRegions.surrender(buffer)
        PageTables.unmap(UInt(bitPattern: directMap(physical)), byteCount: byteCount)
        guard let start = window.take(pageCount: pageCount) else {
            giveFramesBack(physical, pageCount)
            KernelHeap.creditCode(byteCount, to: owner)
            return nil
        }
        guard PageTables.map(start, to: physical, byteCount: byteCount, .execute),
              let memory = KernelHeap.allocate(byteCount: MemoryLayout<Record>.stride, alignment: 16, owner: 0) else {
            PageTables.unmap(start, byteCount: byteCount)
            window.giveBack(start, pageCount: pageCount)
            giveFramesBack(physical, pageCount)
            KernelHeap.creditCode(byteCount, to: owner)
            return nil
        }
        let entry = UnsafeRawPointer(bitPattern: start)!
        let record = memory.bindMemory(to: Record.self, capacity: 1)
        let region = CodeRegion(start: UInt64(start), byteCount: UInt64(byteCount), name: name)
        record.initialize(to: Record(entry: entry, physical: physical, pageCount: pageCount, region: region, owner: owner))
        locked {
            record.pointee.next = records
            records = record
        }
        return entry
    }

    /// Whether an address is one of generated code.
    static func isCode(_ address: UInt64) -> Bool {
        address >= UInt64(AddressSpaceLayout.code) && address - UInt64(AddressSpaceLayout.code) < UInt64(AddressSpaceLayout.windowSize)
    }

    /// The code that holds an address; nil where there is none. For the exception manager, with interrupts off: what was struck may hold
    /// the lock, so it is not waited for without end.
    static func region(at address: UInt64) -> CodeRegion? {
        guard isCode(address) else { return nil }
        for _ in 0..<1000 {
            guard atomic_replace32(&lock.taken, 0, 1) else {
                cpu_pause()
                continue
            }
            defer { atomic_store32(&lock.taken, 0) }
            var next = records
            while let record = next {
                if record.pointee.region.contains(address) { return record.pointee.region }
                next = record.pointee.next
            }
            return nil
        }
        return nil
    }

    /// Nobody executes it any more. Code that is not there has been freed with its owner.
    public static func free(_ entry: UnsafeRawPointer) {
        if let record = take(where: { $0.entry == entry }) { discard(record) }
    }

    /// Frees all code of `owner`.
    static func releaseAll(owner: UInt32) {
        while let record = take(where: { $0.owner == owner }) { discard(record) }
    }

    /// The code of `source` is `destination`'s; the bytes have been charged already.
    static func handOver(from source: UInt32, to destination: UInt32) {
        locked {
            var next = records
            while let record = next {
                if record.pointee.owner == source { record.pointee.owner = destination }
                next = record.pointee.next
            }
        }
    }

    private static func take(where matches: (Record) -> Bool) -> UnsafeMutablePointer<Record>? {
        locked {
            var previous: UnsafeMutablePointer<Record>?
            var next = records
            while let record = next {
                next = record.pointee.next
                if matches(record.pointee) {
                    if let previous { previous.pointee.next = next } else { records = next }
                    return record
                }
                previous = record
            }
            return nil
        }
    }

    private static func discard(_ record: UnsafeMutablePointer<Record>) {
        let code = record.pointee, start = UInt(bitPattern: code.entry)
        PageTables.unmap(start, byteCount: code.pageCount << 12)
        window.giveBack(start, pageCount: code.pageCount)
        giveFramesBack(code.physical, code.pageCount)
        KernelHeap.creditCode(code.pageCount << 12, to: code.owner)
        KernelHeap.free(record)
    }

    private static func giveFramesBack(_ physical: PhysicalAddress, _ pageCount: Int) {
        // The tables for it are there: sealing split the large page that showed these frames, and tables stay.
        PageTables.map(UInt(bitPattern: directMap(physical)), to: physical, byteCount: pageCount << 12, .readWrite)
        PageFrames.free(physical, count: pageCount)
    }

    private static func locked<Result>(_ body: () -> Result) -> Result {
        let flags = spin_acquire(&lock)
        defer { spin_release(&lock, flags) }
        return body()
    }
}
#endif
