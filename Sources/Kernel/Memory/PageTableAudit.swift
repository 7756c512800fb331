// Walks every mapping and says whether W^X holds: no frame writable through one mapping and executable through another,
// nothing executable but text and sealed code, page 0 unmapped, every stack guarded.
#if hasFeature(Embedded)
import Boot
import CPU

public struct PageTableAudit {
    public private(set) var mappings = 0
    public private(set) var writablePages = 0
    public private(set) var executablePages = 0
    /// Stacks of tasks and of exceptions.
    public private(set) var stacks = 0
    /// What is wrong, one line each; at most 20.
    public private(set) var violations: [String] = []

    public static func run() -> PageTableAudit {
        var audit = PageTableAudit()
        // All that is needed under the locks is allocated before.
        audit.violations.reserveCapacity(20)
        var stacks: [Range<UInt>] = []
        stacks.reserveCapacity(2048)
        AllTasks.forEach { task in
            let low = UInt(task.pointee.context.stack_low), high = UInt(task.pointee.context.stack_high)
            if high > low, stacks.count < stacks.capacity { stacks.append(low..<high) }
        }
        for index in 0..<CPULocal.count {
            if let record = CPULocal.record(index) { stacks.append(contentsOf: DescriptorTables.exceptionStacks(of: record)) }
        }
        PageTables.exclusively { audit.walk(stacks) }
        return audit
    }

    private mutating func walk(_ stacks: [Range<UInt>]) {
        var executable: [PhysicalRange] = []
        executable.reserveCapacity(1024)
        let layout = boot_get_image_layout()
        PageTables.forEachMapping { virtual, byteCount, entry in
            mappings += 1
            if entry.isWritable { writablePages += byteCount >> 12 }
            let physical = byteCount > 4096 ? entry.largeAddress : entry.address
            guard entry.isExecutable else { return }
            executablePages += byteCount >> 12
            if entry.isWritable { add("writable and executable", virtual) }
            let isText = UInt64(virtual) >= layout.text_start && UInt64(virtual) < layout.text_end
            let isCode = virtual >= AddressSpaceLayout.code && virtual < AddressSpaceLayout.code + AddressSpaceLayout.windowSize
            let isTrampoline = virtual >> 12 == 8
            if !isText && !isCode && !isTrampoline { add("executable outside text and sealed code", virtual) }
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
                add("writable here and executable elsewhere", virtual)
            }
        }
        if PageTables.translate(0) != nil { add("page 0 is mapped", 0) }
        self.stacks = stacks.count
        for stack in stacks {
            if PageTables.translate(stack.lowerBound) == nil { add("stack that is not mapped", stack.lowerBound) }
            if PageTables.translate(stack.lowerBound - 4096) != nil { add("stack without a guard page below", stack.lowerBound) }
            if PageTables.translate(stack.upperBound) != nil { add("stack without a guard page above", stack.upperBound) }
        }
    }

    private mutating func add(_ what: String, _ virtual: UInt) {
        guard violations.count < 20 else { return }
        violations.append(what + " at 0x" + String(virtual, radix: 16))
    }
}
#endif
