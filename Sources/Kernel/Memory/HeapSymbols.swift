// The heap under the names that Boot/runtime.c gives to compiled code.
#if hasFeature(Embedded)
import CPU

/// Swift and C code cannot go on without the memory that it asks for here: when there is none, the running job ends
/// (`FaultKind.outOfMemory`). Who can answer a refusal asks `KernelHeap.allocate` itself.
@_cdecl("heap_allocate")
func heapAllocate(_ byteCount: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
    let owner = KernelHeap.currentOwner
    if let pointer = KernelHeap.allocate(byteCount: byteCount, alignment: alignment, owner: owner) { return pointer }
    Exceptions.raise(.outOfMemory, detail: UInt64(byteCount))
    return nil
}

@_cdecl("heap_free")
func heapFree(_ pointer: UnsafeMutableRawPointer) {
    KernelHeap.free(pointer)
}
#endif
