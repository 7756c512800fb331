// The GDT and TSS of each processor, and the IDT that all share (Intel SDM vol. 3, chapters 3, 6 and 7).
#if hasFeature(Embedded)
import Boot
import CPU

public enum DescriptorTables {
    /// What gets a stack of its own, because the running one may be what is broken, or full: the number of the interrupt stack
    /// table's entry. Interrupts leave theirs at once where they can (Boot/traps.S).
    static func stackEntry(vector: Int) -> UInt64 {
        switch vector {
        case 8: return 1        // #DF
        case 2: return 2        // NMI
        case 18: return 3       // #MC
        case 14: return 4       // #PF
        case 32... where vector != Int(TRAP_RAISED): return 5
        default: return 0
        }
    }

    private static let stackCount = 5
    private static let stackBytes = 32 << 10
    nonisolated(unsafe) private static var idt: GuardedRegion?

    /// Makes the shared IDT and loads the tables on the first processor.
    public static func start() {
        Exceptions.start()
        Interrupts.start()
        guard let table = GuardedRegions.allocate(byteCount: 4096) else { panic("no memory for the interrupt table") }
        let gates = table.base.bindMemory(to: UInt64.self, capacity: 512)
        for vector in 0..<256 {
            let stub = trap_stub(UInt32(vector))
            // Present, interrupt gate.
            gates[2 * vector] = stub & 0xFFFF | UInt64(TRAP_CODE_SEGMENT) << 16 | stackEntry(vector: vector) << 32
                | 0x8E00 << 32 | (stub >> 16 & 0xFFFF) << 48
            gates[2 * vector + 1] = stub >> 32
        }
        PageTables.protect(UInt(bitPattern: table.base), byteCount: 4096, .readOnly)
        idt = table
        install(cpu_local_get())
    }

    /// The stacks of a processor's exceptions.
    static func exceptionStacks(of record: UnsafeMutablePointer<cpu_local>) -> [Range<UInt>] {
        let tss = UnsafeMutableRawPointer(record) + MemoryLayout<cpu_local>.offset(of: \.tss)!
        var stacks: [Range<UInt>] = []
        for entry in 1...stackCount {
            let end = UInt(tss.loadUnaligned(fromByteOffset: 36 + 8 * (entry - 1), as: UInt64.self))
            if end > 0 { stacks.append(end - UInt(stackBytes)..<end) }
        }
        return stacks
    }

    /// Whether an address lies in the guard page below one of a processor's exception stacks.
    static func isBelowExceptionStack(_ address: UInt, of record: UnsafeMutablePointer<cpu_local>) -> Bool {
        let tss = UnsafeMutableRawPointer(record) + MemoryLayout<cpu_local>.offset(of: \.tss)!
        for entry in 1...stackCount {
            let end = UInt(tss.loadUnaligned(fromByteOffset: 36 + 8 * (entry - 1), as: UInt64.self))
            if end > 0, address < end - UInt(stackBytes), address >= end - UInt(stackBytes) - 4096 { return true }
        }
        return false
    }

    /// Gives the processor that runs this its tables. `record` is its own; the exception stacks are made here.
    public static func install(_ record: UnsafeMutablePointer<cpu_local>) {
        let base = UnsafeMutableRawPointer(record)
        let tss = base + MemoryLayout<cpu_local>.offset(of: \.tss)!
        let gdt = (base + MemoryLayout<cpu_local>.offset(of: \.gdt)!).assumingMemoryBound(to: UInt64.self)
        tss.initializeMemory(as: UInt8.self, repeating: 0, count: Int(CPU_TSS_BYTES))
        for entry in 1...stackCount {
            guard let stack = GuardedRegions.allocate(byteCount: stackBytes) else { panic("no memory for exception stacks") }
            // Entry 1 stands at offset 36.
            tss.storeBytes(of: UInt64(UInt(bitPattern: stack.end)), toByteOffset: 36 + 8 * (entry - 1), as: UInt64.self)
        }
        // No I/O permission map: its offset lies at the segment's end.
        tss.storeBytes(of: UInt16(CPU_TSS_BYTES), toByteOffset: 102, as: UInt16.self)

        let address = UInt64(UInt(bitPattern: tss))
        gdt[0] = 0
        gdt[1] = 0x00AF_9A00_0000_FFFF
        gdt[2] = 0x00CF_9200_0000_FFFF
        gdt[3] = UInt64(CPU_TSS_BYTES) - 1 | (address & 0xFF_FFFF) << 16 | 0x89 << 40 | (address >> 24 & 0xFF) << 56
        gdt[4] = address >> 32
        trap_load_tables(gdt, 5 * 8 - 1, idt!.base, 4095)
    }
}
#endif
