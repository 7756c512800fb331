// Who holds how much of the heap. Owner 0 is the kernel, owner 1 the JAX layer; clients, jobs and programs come and go. One owner
// may stand within another: what it holds counts for the quotas of both.

/// One owner of memory.
public struct OwnerRecord {
    public private(set) var id: UInt32
    /// Bytes that the owner may hold; Int.max: no limit.
    public var quota: Int
    /// Small blocks may go beyond the quota by so many bytes: what runs outside of jobs cannot be refused everything.
    public var reserve = 0
    public internal(set) var usedBytes = 0
    /// Bytes that owners within this one hold.
    public internal(set) var innerBytes = 0
    /// The owner that this one stands within, and how many stand within this one.
    var outer: UnsafeMutablePointer<OwnerRecord>?
    var innerCount = 0
    public internal(set) var peakBytes = 0
    public internal(set) var blockCount = 0
    /// Allocations refused for want of quota or memory.
    public internal(set) var refusals = 0
    /// Up to 31 bytes of UTF-8, ended by zero.
    public private(set) var name: InlineArray<32, UInt8>
    /// Pieces of generated code (`SealedCode`).
    var codeCount = 0
    var slabs: UnsafeMutablePointer<SlabHeader>?
    var larges: UnsafeMutablePointer<LargeHeader>?
    /// The slabs of each class that have free blocks.
    var partial: InlineArray<30, UnsafeMutablePointer<SlabHeader>?>

    /// Begins a record in place: it is long, and jobs make one each. Of whatever is not set here, zero is the first value.
    static func begin(_ record: UnsafeMutablePointer<OwnerRecord>, id: UInt32, name: String, quota: Int) {
        UnsafeMutableRawPointer(record).initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<OwnerRecord>.stride)
        record.pointee.id = id
        record.pointee.quota = quota
        var name = name
        name.withUTF8 { utf8 in
            let kept = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(utf8).prefix(31))
            withUnsafeMutableBytes(of: &record.pointee.name) { $0.copyMemory(from: kept) }
        }
    }

    private static let largestSmallBlock = 16 << 10

    /// Bytes that are left of the owner's own quota. Inlined, as `allows`: for a call the whole record would be copied.
    @inline(__always)
    public var leftBytes: Int { quota == Int.max ? Int.max : quota - usedBytes - innerBytes }

    /// Whether neither this owner's quota nor those around it are against so many bytes more.
    @inline(__always)
    mutating func mayCharge(_ bytes: Int) -> Bool {
        var isAllowed = allows(bytes)
        var next = outer
        while isAllowed, let record = next {
            isAllowed = record.pointee.allows(bytes)
            next = record.pointee.outer
        }
        if !isAllowed { refusals += 1 }
        return isAllowed
    }

    @inline(__always)
    private func allows(_ bytes: Int) -> Bool {
        bytes <= leftBytes || bytes <= OwnerRecord.largestSmallBlock && bytes <= leftBytes + reserve
    }

    @inline(__always)
    mutating func charge(_ bytes: Int, blocks: Int) {
        usedBytes += bytes
        blockCount += blocks
        if usedBytes > peakBytes { peakBytes = usedBytes }
        var next = outer
        while let record = next {
            record.pointee.innerBytes += bytes
            next = record.pointee.outer
        }
    }
}

/// The owners by identifier. An identifier is a slot and a generation, so that one of an owner gone is not mistaken for
/// the next owner in its slot.
public struct Ledger {
    public static let capacity = 1024
    private static let slotBits: UInt32 = 10

    private var records: UnsafeMutablePointer<UnsafeMutablePointer<OwnerRecord>?>
    private var generations: UnsafeMutablePointer<UInt32>
    private var nextSlot = 2
    public private(set) var count = 0

    /// No owner yet: `start` adds the first two.
    init() {
        records = UnsafeMutablePointer(bitPattern: 8)!
        generations = UnsafeMutablePointer(bitPattern: 8)!
    }

    /// Bytes that `start` needs: the two tables and the records of kernel and library.
    public static var storageBytes: Int { capacity * 12 + 2 * MemoryLayout<OwnerRecord>.stride }

    /// Sets up kernel and library in `storage`, zeroed memory of `storageBytes`, aligned to 16.
    public mutating func start(storage: UnsafeMutableRawPointer) {
        records = storage.bindMemory(to: UnsafeMutablePointer<OwnerRecord>?.self, capacity: Self.capacity)
        generations = (storage + Self.capacity * 8).bindMemory(to: UInt32.self, capacity: Self.capacity)
        records.initialize(repeating: nil, count: Self.capacity)
        generations.initialize(repeating: 0, count: Self.capacity)
        let first = (storage + Self.capacity * 12).bindMemory(to: OwnerRecord.self, capacity: 2)
        _ = add(slot: 0, record: first, name: "kernel", quota: nil)
        _ = add(slot: 1, record: first + 1, name: "library", quota: nil)
    }

    @inline(__always)
    public func record(_ id: UInt32) -> UnsafeMutablePointer<OwnerRecord>? {
        guard let record = records[Int(id) & (Self.capacity - 1)], record.pointee.id == id else { return nil }
        return record
    }

    var freeSlot: Int? {
        for step in 0..<Self.capacity {
            let slot = (nextSlot + step) & (Self.capacity - 1)
            if slot > 1, records[slot] == nil { return slot }
        }
        return nil
    }

    mutating func add(slot: Int, record: UnsafeMutablePointer<OwnerRecord>, name: String, quota: Int?, within outer: UInt32 = 0) -> UInt32 {
        let id = generations[slot] << Self.slotBits | UInt32(slot)
        OwnerRecord.begin(record, id: id, name: name, quota: quota ?? Int.max)
        if outer > 1, let outer = self.record(outer) {
            record.pointee.outer = outer
            outer.pointee.innerCount += 1
        }
        records[slot] = record
        nextSlot = slot + 1
        count += 1
        return id
    }

    mutating func remove(_ id: UInt32) -> UnsafeMutablePointer<OwnerRecord>? {
        guard let record = record(id) else { return nil }
        let slot = Int(id) & (Self.capacity - 1)
        if record.pointee.innerCount > 0 { forEach { if $0.pointee.outer == record { moveOut($0) } } }
        record.pointee.outer?.pointee.innerCount -= 1
        records[slot] = nil
        generations[slot] = (generations[slot] + 1) & 0x3F_FFFF
        count -= 1
        return record
    }

    /// An owner whose outer one goes stands within the next one; it has been counted there already.
    private func moveOut(_ record: UnsafeMutablePointer<OwnerRecord>) {
        record.pointee.outer = record.pointee.outer?.pointee.outer
        record.pointee.outer?.pointee.innerCount += 1
    }

    /// Visits every owner in slot order.
    public func forEach(_ body: (UnsafeMutablePointer<OwnerRecord>) -> Void) {
        for slot in 0..<Self.capacity {
            if let record = records[slot] { body(record) }
        }
    }
}
