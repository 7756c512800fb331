// Page protection, guard pages and the heap's owners, by doing.
import CPU
import Kernel

private nonisolated(unsafe) var scratch = 0

/// Ends with a fault of this kind, twice in a row, and the machine goes on.
func faultsTwice(_ kind: FaultKind, _ body: () -> Void) -> Bool {
    for _ in 0..<2 {
        guard let record = guardedCall(body), record.kind == kind else { return false }
    }
    return true
}

@inline(never)
private func textAddress() -> UInt { UInt(Symbols.textRange.lowerBound) }

func runMemoryTests() {
    check("reading page 0 faults", faultsTwice(.nullDereference) { _ = mmio_read8(8) })
    check("writing text faults", faultsTwice(.writeToReadOnly) { mmio_write8(textAddress(), 0xCC) })
    check("reading an unmapped address faults", faultsTwice(.badAddress) { _ = mmio_read8(0x1234_5678_9000) })

    let block = KernelHeap.allocate(byteCount: 64, alignment: 16, owner: 0)!
    block.storeBytes(of: 0xC3, as: UInt8.self)
    let call = unsafeBitCast(block, to: (@convention(c) () -> Void).self)
    check("executing the heap faults", faultsTwice(.executeData) { call() })
    KernelHeap.free(block)

    check("executing the stack faults", faultsTwice(.executeData) {
        var code: UInt64 = 0xC3C3_C3C3_C3C3_C3C3
        withUnsafeMutableBytes(of: &code) { unsafeBitCast($0.baseAddress!, to: (@convention(c) () -> Void).self)() }
    })

    let region = GuardedRegions.allocate(byteCount: 5000, zeroed: true)!
    check("a guarded region holds whole pages", region.byteCount == 8192 && region.base.load(as: UInt64.self) == 0)
    check("a write past a guarded region faults",
          faultsTwice(.badAddress) { region.end.storeBytes(of: 1, as: UInt8.self) })
    check("a write before a guarded region faults",
          faultsTwice(.badAddress) { (region.base - 1).storeBytes(of: 1, as: UInt8.self) })
    // The list of free ranges may grow by a slab the first time.
    GuardedRegions.free(GuardedRegions.allocate(byteCount: 4096)!)
    let free = PageFrames.freeBytes
    GuardedRegions.free(region)
    check("a guarded region gives its frames back", PageFrames.freeBytes == free + 8192)

    let owner = KernelHeap.makeOwner(name: "test", quota: 1 << 20)!
    charging(owner) {
        var list: [[Int]] = []
        for index in 0..<100 { list.append([Int](repeating: index, count: index + 1)) }
        scratch = list.count
        check("allocations are charged to the current owner", KernelHeap.usage(of: owner).usedBytes > 40_000)
    }
    check("what is freed is credited", KernelHeap.usage(of: owner).usedBytes == 0)
    check("a quota is kept", KernelHeap.allocate(byteCount: 2 << 20, alignment: 64, owner: owner) == nil)
    let kept = KernelHeap.allocate(byteCount: 100, alignment: 16, owner: owner)!
    check("a block knows its owner", KernelHeap.owner(of: kept) == owner)
    check("an owner is released whole", KernelHeap.removeOwner(owner) == 112)
    check("the machine's page tables are sound", auditIsClean())
}

func auditIsClean() -> Bool {
    let audit = PageTableAudit.run()
    for line in audit.violations { log(line) }
    return audit.violations.isEmpty && audit.executablePages > 0
}
