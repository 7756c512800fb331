// Generated code on the machine: executable or writable, never both, on every processor.
import CPU
import Kernel

private typealias Function = @convention(c) () -> Int

/// `mov eax, 42; ret`
private let answer: [UInt8] = [0xB8, 42, 0, 0, 0, 0xC3]

/// `push rbp; mov rbp, rsp; mov rax, [16]`
private let loadOfNothing: [UInt8] = [0x55, 0x48, 0x8B, 0xEC, 0x48, 0x8B, 0x04, 0x25, 16, 0, 0, 0]

func runCodeTests() {
    // The lists of free ranges and the tables of both windows stay.
    if let warm = SealedCode.makeBuffer(byteCount: 6000).flatMap({ SealedCode.seal($0, owner: 0) }) { SealedCode.free(warm) }
    let free = PageFrames.freeBytes

    let buffer = SealedCode.makeBuffer(byteCount: 6000)!
    for (index, byte) in answer.enumerated() { buffer.base.storeBytes(of: byte, toByteOffset: index, as: UInt8.self) }
    let early = unsafeBitCast(buffer.base, to: Function.self)
    check("code that is still written cannot be executed", faultsTwice(.executeData) { _ = early() })

    let writer = buffer.base, frames = directMap(buffer.physical)
    let owner = KernelHeap.makeOwner(name: "code", quota: 8192)!
    let code = SealedCode.seal(buffer, owner: owner)!
    let function = unsafeBitCast(code, to: Function.self)
    check("sealed code is executed", function() == 42)
    let results = UnsafeMutablePointer<Int>.allocate(capacity: 64)
    Parallel.forEach(64) { results[$0] = function() }
    check("on all processors", (0..<64).allSatisfy { results[$0] == 42 })
    results.deallocate()
    check("its writer's mapping is gone", faultsTwice(.badAddress) { writer.storeBytes(of: 0xC3, as: UInt8.self) })
    check("the direct map does not show it", faultsTwice(.badAddress) { frames.storeBytes(of: 0xC3, as: UInt8.self) })
    check("it cannot be written where it is executed", faultsTwice(.writeToReadOnly) {
        UnsafeMutableRawPointer(mutating: code).storeBytes(of: 0xC3, as: UInt8.self)
    })
    check("the audit finds it sound", auditIsClean())

    check("it is charged to its owner", KernelHeap.usage(of: owner).usedBytes == 8192)
    check("whose quota is kept", answer.withUnsafeBytes { SealedCode.make($0, owner: owner) } == nil)
    let heir = KernelHeap.makeOwner(name: "heir", quota: nil)!
    KernelHeap.handOver(from: owner, to: heir)
    KernelHeap.removeOwner(owner)
    check("it is handed over with its owner's blocks", function() == 42 && KernelHeap.usage(of: heir).usedBytes == 8192)

    let faulty = loadOfNothing.withUnsafeBytes { SealedCode.make($0, name: "kernel f_1_add of f.py:3:1", owner: heir) }!
    let record = guardedCall { _ = unsafeBitCast(faulty, to: Function.self)() }
    SealedCode.free(faulty)
    check("a fault in it goes by its name, also when it is gone",
          record?.symbol == "kernel f_1_add of f.py:3:1 + 0x4" && Exceptions.faults().last?.symbol == record?.symbol)

    KernelHeap.removeOwner(heir)
    check("freed with its owner it is gone", faultsTwice(.badAddress) { _ = function() })
    frames.storeBytes(of: 0, as: UInt8.self)
    check("its frames are memory again", PageFrames.freeBytes == free)
    check("and the audit is clean", auditIsClean())
}
