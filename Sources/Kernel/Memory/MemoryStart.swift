// Brings memory up from the boot map: page frames, the kernel's own page tables, the heap. Runs once, on the first
// processor, on the boot path's page tables: these show at least the first 4 GiB also at the direct map's base.
#if hasFeature(Embedded)
import Boot
import CPU

public enum KernelMemory {
    /// The boot path's tables reach this far.
    private static let earlyLimit: PhysicalAddress = 4 << 30
    /// Real-mode memory: the trampoline of the other processors lies there; never given out.
    private static let lowEnd: PhysicalAddress = 1 << 20

    /// After this, `PageFrames`, `PageTables` and `KernelHeap` work. Halts with one line where there is too little memory.
    public static func start(_ info: UnsafePointer<boot_info>) {
        let end = highestUsable(info)
        let storageBytes = PageFrames.storageBytes(end: end)
        guard let storage = place(storageBytes, info) else {
            log("BareJAX needs more memory than this machine has. Halted.")
            haltForever()
        }
        let storageRange = PhysicalRange(start: storage, end: storage + UInt64(storageBytes))
        PageFrames.start(storage: directMap(storage), end: end)
        addFrames(info, without: storageRange) { range in
            range.start < earlyLimit ? PhysicalRange(start: range.start, end: min(range.end, earlyLimit)) : nil
        }
        PageTables.start()
        mapDirect(info)
        mapImage(info)
        PageTables.activate()
        addFrames(info, without: storageRange) { range in
            range.end > earlyLimit ? PhysicalRange(start: max(range.start, earlyLimit), end: range.end) : nil
        }
        metadataBytes = storageBytes
        KernelHeap.start()
        CommandLine.start(info)
    }

    /// Bytes of the page allocator's own tables; not in `PageFrames.totalBytes`.
    nonisolated(unsafe) public private(set) static var metadataBytes = 0

    /// Bytes in use: every frame that is not free, the page allocator's tables and the image.
    public static var bytesInUse: Int {
        let layout = boot_get_image_layout()
        return PageFrames.totalBytes - PageFrames.freeBytes + metadataBytes + Int(layout.data_end - layout.text_start)
    }

    /// Gives back what is only kept for speed: empty slabs, stacks of ended tasks.
    public static func trim() {
        Scheduler.reapEnded()
        KernelStack.trim()
        KernelHeap.trim()
    }

    /// Leaves the boot path's stack, which has no guard pages, for one that has them, and goes on with `body` there.
    public static func continueOnGuardedStack(byteCount: Int = 1 << 20, _ body: @convention(c) () -> Void) -> Never {
        guard let stack = GuardedRegions.allocate(byteCount: byteCount) else { panic("no memory for the first stack") }
        let task = cpu_current_task()!
        task.pointee.stack_low = UInt64(UInt(bitPattern: stack.base))
        task.pointee.stack_high = UInt64(UInt(bitPattern: stack.end))
        trap_call_on_stack(task.pointee.stack_high, { unsafeBitCast($0, to: (@convention(c) () -> Void).self)() },
                           unsafeBitCast(body, to: UnsafeMutableRawPointer.self))
        haltForever()
    }

    private static func entry(_ info: UnsafePointer<boot_info>, _ index: Int) -> MemoryMapEntry {
        let range = boot_get_range(info, UInt32(index))
        return MemoryMapEntry(range: PhysicalRange(start: range.base, end: range.base &+ range.byte_count),
                              isUsable: range.kind == BOOT_MEMORY_USABLE.rawValue)
    }

    private static func highestUsable(_ info: UnsafePointer<boot_info>) -> PhysicalAddress {
        var end: PhysicalAddress = 0
        for index in 0..<Int(info.pointee.memory_range_count) {
            let line = entry(info, index)
            if line.isUsable { end = max(end, line.range.end.roundedDown(to: 4096)) }
        }
        return min(end, AddressSpaceLayout.directMapSize)
    }

    /// Room for the page allocator's tables: at the end of the last free range below the early limit that is long enough.
    private static func place(_ byteCount: Int, _ info: UnsafePointer<boot_info>) -> PhysicalAddress? {
        var found: PhysicalAddress?
        forEachFreeRange(count: Int(info.pointee.memory_range_count), entry: { entry(info, $0) }) { range in
            let end = min(range.end, earlyLimit)
            guard end > range.start, range.start >= lowEnd, end - range.start >= UInt64(byteCount) else { return }
            found = end - UInt64(byteCount)
        }
        return found
    }

    private static func addFrames(_ info: UnsafePointer<boot_info>, without kept: PhysicalRange,
                                  _ clip: (PhysicalRange) -> PhysicalRange?) {
        let count = Int(info.pointee.memory_range_count)
        let low = PhysicalRange(start: 0, end: lowEnd)
        let high = PhysicalRange(start: AddressSpaceLayout.directMapSize, end: .max)
        forEachFreeRange(count: count + 3) { index in
            switch index {
            case count: return MemoryMapEntry(range: kept, isUsable: false)
            case count + 1: return MemoryMapEntry(range: low, isUsable: false)
            case count + 2: return MemoryMapEntry(range: high, isUsable: false)
            default: return entry(info, index)
            }
        } body: { range in
            if let part = clip(range) { PageFrames.add(part) }
        }
    }

    /// All RAM but the image, writable and never executable.
    private static func mapDirect(_ info: UnsafePointer<boot_info>) {
        let count = Int(info.pointee.memory_range_count)
        let image = PhysicalRange(start: info.pointee.image_start.roundedDown(to: 4096),
                                  end: info.pointee.image_end.roundedUp(to: 4096))
        let page0 = PhysicalRange(start: 0, end: 4096)
        forEachFreeRange(count: count + 3) { index in
            switch index {
            case count: return MemoryMapEntry(range: image, isUsable: false)
            case count + 1: return MemoryMapEntry(range: page0, isUsable: false)
            case count + 2: return MemoryMapEntry(range: PhysicalRange(start: 0, end: lowEnd), isUsable: true)
            default:
                let range = boot_get_range(info, UInt32(index))
                // Reserved ranges may be registers: they are no obstacle, and not mapped.
                let isMemory = range.kind != BOOT_MEMORY_RESERVED.rawValue && range.kind != BOOT_MEMORY_BAD.rawValue
                let end = min(range.base &+ range.byte_count, AddressSpaceLayout.directMapSize)
                guard isMemory, end > range.base else {
                    return MemoryMapEntry(range: PhysicalRange(start: 0, end: 0), isUsable: false)
                }
                return MemoryMapEntry(range: PhysicalRange(start: range.base.roundedDown(to: 4096), end: end.roundedUp(to: 4096)),
                                      isUsable: true)
            }
        } body: { range in
            let mapped = PageTables.map(AddressSpaceLayout.directMap + UInt(range.start), to: range.start,
                                        byteCount: Int(range.byteCount), .readWrite, large: true)
            precondition(mapped)
        }
    }

    /// The image where it lies: text executable, constants read-only, data writable; the rest of it read-only.
    private static func mapImage(_ info: UnsafePointer<boot_info>) {
        let layout = boot_get_image_layout()
        func map(_ start: UInt64, _ end: UInt64, _ protection: Protection) {
            let first = start.roundedDown(to: 4096)
            guard end > first else { return }
            PageTables.map(UInt(first), to: first, byteCount: Int(end.roundedUp(to: 4096) - first), protection)
        }
        map(info.pointee.image_start, info.pointee.image_end, .readOnly)
        map(layout.text_start, layout.text_end, .execute)
        map(layout.data_start, layout.data_end, .readWrite)
    }
}
#endif
