// Each processor's own record, reached through GS (CPU/include/cpu_local.h).
#if hasFeature(Embedded)
import CPU

public enum CPULocal {
    private static let gsBase: UInt32 = 0xC000_0101

    /// The first processor's record stands in the image, because there is no heap yet when it is needed.
    nonisolated(unsafe) private static var first = cpu_local()
    nonisolated(unsafe) public private(set) static var count = 0

    /// Before anything that allocates or locks.
    public static func startFirst() {
        withUnsafeMutablePointer(to: &first) { install($0, index: 0) }
    }

    /// Makes `record`, zeroed memory that stays, the record of the processor that runs this.
    public static func install(_ record: UnsafeMutablePointer<cpu_local>, index: UInt32) {
        record.pointee.`self` = record
        record.pointee.index = index
        record.pointee.current = contextPointer(record)
        cpu_write_msr(gsBase, UInt64(UInt(bitPattern: record)))
        cpu_local_set(index, record)
        count = max(count, Int(index) + 1)
    }

    public static var current: UnsafeMutablePointer<cpu_local> { cpu_local_get() }

    public static func record(_ index: Int) -> UnsafeMutablePointer<cpu_local>? {
        cpu_local_at(UInt32(index))
    }

    /// The context of what runs on a processor before and beside its tasks.
    public static func contextPointer(_ record: UnsafeMutablePointer<cpu_local>) -> UnsafeMutablePointer<task_context> {
        (UnsafeMutableRawPointer(record) + MemoryLayout<cpu_local>.offset(of: \.boot_context)!)
            .assumingMemoryBound(to: task_context.self)
    }
}
#endif
