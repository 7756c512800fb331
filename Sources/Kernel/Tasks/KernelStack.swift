// Stacks of tasks.
#if hasFeature(Embedded)

enum KernelStack {
    static func allocate(byteCount: Int) -> (low: UInt64, high: UInt64)? {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
        let low = UInt64(UInt(bitPattern: memory))
        return (low, low + UInt64(byteCount))
    }

    static func free(low: UInt64, high: UInt64) {
        UnsafeMutableRawPointer(bitPattern: UInt(low))?.deallocate()
    }
}
#endif
