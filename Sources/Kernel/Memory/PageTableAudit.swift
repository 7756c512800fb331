// Walks every mapping and says whether W^X holds: no frame writable through one mapping and executable through another,
// nothing executable but text and sealed code, page 0 unmapped, the running stacks guarded.
#if hasFeature(Embedded)
import Boot
import CPU

public struct PageTableAudit {
    public private(set) var mappings = 0
    public private(set) var writablePages = 0
    public private(set) var executablePages = 0
    /// What is wrong, one line each; at most 20.
    public private(set) var violations: [String] = []

    /// Nobody may map or unmap meanwhile.
    public static func run() -> PageTableAudit {
        var audit = PageTableAudit()
        var executable: [PhysicalRange] = []
        executable.reserveCapacity(1024)
        let layout = boot_get_image_layout()
        PageTables.forEachMapping { virtual, byteCount, entry in
            audit.mappings += 1
            if entry.isWritable { audit.writablePages += byteCount >> 12 }
            let physical = byteCount > 4096 ? entry.largeAddress : entry.address
            guard entry.isExecutable else { return }
            audit.executablePages += byteCount >> 12
            if entry.isWritable { audit.add("writable and executable", virtual) }
            let isText = UInt64(virtual) >= layout.text_start && UInt64(virtual) < layout.text_end
            let isCode = virtual >= AddressSpaceLayout.code && virtual < AddressSpaceLayout.code + AddressSpaceLayout.windowSize
            let isTrampoline = virtual >> 12 == 8
            if !isText && !isCode && !isTrampoline { audit.add("executable outside text and sealed code", virtual) }
            if let last = executable.last, last.end == physical {
                executable[executable.count - 1].end = physical + UInt64(byteCount)
            } else {
                executable.append(PhysicalRange(start: physical, end: physical + UInt64(byteCount)))
            }
        }
        PageTables.forEachMapping { virtual, byteCount, entry in
            guard entry.isWritable else { return }
            let start = byteCount > 4096 ? entry.largeAddress : entry.address
            for range in executable where range.start < start + UInt64(byteCount) && start < range.end {
                audit.add("writable here and executable elsewhere", virtual)
            }
        }
        if PageTables.translate(0) != nil { audit.add("page 0 is mapped", 0) }
        for index in 0..<CPULocal.count {
            guard let task = CPULocal.record(index)?.pointee.current, task.pointee.stack_high > 0 else { continue }
            if PageTables.translate(UInt(task.pointee.stack_low) - 4096) != nil { audit.add("stack without a guard page below", UInt(task.pointee.stack_low)) }
            if PageTables.translate(UInt(task.pointee.stack_high)) != nil { audit.add("stack without a guard page above", UInt(task.pointee.stack_high)) }
        }
        return audit
    }

    private mutating func add(_ what: String, _ virtual: UInt) {
        guard violations.count < 20 else { return }
        violations.append(what + " at 0x" + String(virtual, radix: 16))
    }
}
#endif
