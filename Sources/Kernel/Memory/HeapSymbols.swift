// The heap under the names that Boot/runtime.c gives to compiled code.
#if hasFeature(Embedded)
nonisolated(unsafe) private var bump: UInt = 0x1000000

@_cdecl("heap_allocate")
func heapAllocate(_ byteCount: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
    bump = (bump + 63) & ~63
    let pointer = UnsafeMutableRawPointer(bitPattern: bump)
    bump += UInt(byteCount)
    return pointer
}

@_cdecl("heap_free")
func heapFree(_ pointer: UnsafeMutableRawPointer) {}
#endif
