// A transport between the machine's side and a real decoder that passes everything on, and does what the host must not
// do when a test asks for it. The machine's side sees memory of this object's own: its ring is copied to the real one
// and the replies back whenever it sleeps.
import CPU
import Foundation
import GPU
import JaxPlatform

/// What goes wrong, once.
enum HostFault: CaseIterable {
    case ringFatal, silence, wildHead, garbageReply, callFails, refusedBlob
}

final class InterposedTransport: VenusTransport {
    private struct Shadow {
        let real: VenusBlob
        let memory: UnsafeMutableRawPointer
    }

    /// Offsets of the ring's control words and buffer.
    private static let tail: UInt = 64, status: UInt = 128, buffer: UInt = 192
    private static let ringByteCount: UInt32 = 1 << 17

    private let inner: VtestTransport
    private var shadows: [Shadow] = []
    private var ring: Shadow? { shadows.first }
    private var reply: Shadow? { shadows.count > 1 ? shadows[1] : nil }
    private var forwarded: UInt32 = 0
    private var ringCommand: [UInt32] = []
    /// Set by a test; taken by the next exchange.
    var fault: HostFault?
    var seed: UInt64 = 1

    init(_ inner: VtestTransport) { self.inner = inner }

    deinit { for shadow in shadows { shadow.memory.deallocate() } }

    var capset: VenusCapset { inner.capset }
    var nanoseconds: UInt64 { inner.nanoseconds }

    func makeBlob(id: UInt64, byteCount: Int) throws(AcceleratorError) -> VenusBlob? {
        if fault == .refusedBlob {
            fault = nil
            throw AcceleratorError(.outOfMemory, "RESOURCE_CREATE_BLOB was answered by ERR_OUT_OF_MEMORY")
        }
        guard let real = try inner.makeBlob(id: id, byteCount: byteCount) else { return nil }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        shadows.append(Shadow(real: real, memory: memory))
        return VenusBlob(resource: real.resource, address: UInt(bitPattern: memory), byteCount: byteCount)
    }

    func free(_ blob: VenusBlob) {
        for index in shadows.indices.dropFirst(2) where shadows[index].real.resource == blob.resource {
            inner.free(shadows[index].real)
            shadows[index].memory.deallocate()
            shadows.remove(at: index)
            return
        }
    }

    func submit(_ words: [UInt32]) throws(AcceleratorError) { try inner.submit(words) }
    func requestInterrupt(timeline: UInt8) {}

    var isConnected: Bool { true }
    func isAlive() -> Bool { true }

    func sleep(until deadline: UInt64) {
        if fault == .silence { return inner.sleep(until: deadline) }
        forward()
    }

    func close() {
        inner.close()
    }

    private func random() -> UInt32 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(truncatingIfNeeded: seed >> 33)
    }

    /// Copies what is new in the ring to the host, waits until it is executed, and copies the reply back.
    private func forward() {
        guard let ring else { return }
        let here = UInt(bitPattern: ring.memory), there = ring.real.address
        let tail = mmio_read32(here + InterposedTransport.tail)
        guard tail != forwarded else { return }
        for shadow in shadows.dropFirst(2) {
            UnsafeMutableRawPointer(bitPattern: shadow.real.address)!.copyMemory(from: shadow.memory, byteCount: shadow.real.byteCount)
        }
        while forwarded != tail {
            let offset = InterposedTransport.buffer + UInt(forwarded & (InterposedTransport.ringByteCount - 1))
            mmio_write32(there + offset, mmio_read32(here + offset))
            forwarded &+= 4
        }
        cpu_fence()
        mmio_write32(there + InterposedTransport.tail, tail)
        cpu_fence()
        let limit = inner.nanoseconds + 5_000_000_000
        while mmio_read32(there) != tail && inner.nanoseconds < limit {
            if mmio_read32(there + InterposedTransport.status) & 1 != 0 { try? inner.submit([190, 0, 1, 0, tail, 0]) }
            usleep(20)
        }
        if let reply { reply.memory.copyMemory(from: UnsafeRawPointer(bitPattern: reply.real.address)!, byteCount: 4096) }
        apply(here, tail)
        cpu_fence()
    }

    private func apply(_ ring: UInt, _ tail: UInt32) {
        defer { fault = nil }
        let answer = reply.map { UInt(bitPattern: $0.memory) } ?? 0
        switch fault {
        case .ringFatal:
            mmio_write32(ring + InterposedTransport.status, 2)
            return
        case .wildHead:
            mmio_write32(ring, tail &+ 4 &+ random() % 1_000_000)
            return
        case .garbageReply: for word in 0..<UInt(16) { mmio_write32(answer + word * 4, random()) }
        case .callFails: mmio_write32(answer + 4, UInt32(bitPattern: -2))  // VK_ERROR_OUT_OF_DEVICE_MEMORY
        case .silence, .refusedBlob, nil: break
        }
        mmio_write32(ring, tail)
    }
}
