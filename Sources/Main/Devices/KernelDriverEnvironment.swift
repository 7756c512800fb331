// The kernel's side of the drivers' seam: DMA memory between guard pages, mapped registers, vectors, event counts.
import CPU
import Drivers
import Kernel

final class KernelDriverEnvironment: DriverEnvironment {
    private let mutex = Mutex()
    private var regions: [GuardedRegion] = []
    /// Messages that have arrived, atomic.
    private let arrived: UnsafeMutablePointer<UInt64>

    init() {
        arrived = UnsafeMutablePointer.allocate(capacity: 1)
        arrived.initialize(to: 0)
    }

    /// Interrupts of devices so far.
    var interruptCount: UInt64 { atomic_load64(arrived) }

    func allocateDMA(byteCount: Int) throws(DeviceError) -> DMABuffer {
        guard let region = GuardedRegions.allocate(byteCount: byteCount, contiguous: true, zeroed: true) else {
            throw DeviceError(.resourceExhausted, "DMA", "there are no \(byteCount) bytes of adjacent memory")
        }
        mutex.lock()
        charging(0) { regions.append(region) }
        mutex.unlock()
        return DMABuffer(base: region.base, physical: region.physical, byteCount: byteCount)
    }

    func freeDMA(_ buffer: DMABuffer) {
        mutex.lock()
        var found: GuardedRegion?
        for index in regions.indices where regions[index].base == buffer.base {
            found = regions.remove(at: index)
            break
        }
        mutex.unlock()
        if let found { GuardedRegions.free(found) }
    }

    func mapRegisters(physical: UInt64, byteCount: Int) throws(DeviceError) -> any RegisterWindow {
        guard let base = DeviceMappings.map(physical, byteCount: byteCount) else {
            throw DeviceError(.resourceExhausted, "registers at " + hexadecimal(physical), "no memory to map \(byteCount) bytes")
        }
        return MappedRegisters(base: UInt(bitPattern: base), byteCount: byteCount)
    }

    func allocateInterrupt(_ handler: @escaping () -> Void) throws(DeviceError) -> MessageInterrupt {
        let arrived = self.arrived
        guard let vector = Interrupts.allocateVector({
            _ = atomic_add64(arrived, 1)
            handler()
        }) else {
            throw DeviceError(.resourceExhausted, "interrupts", "all device vectors are in use")
        }
        return MessageInterrupt(address: LocalAPIC.messageAddress, data: UInt32(vector))
    }

    func freeInterrupt(_ interrupt: MessageInterrupt) {
        Interrupts.freeVector(UInt8(truncatingIfNeeded: interrupt.data))
    }

    func makeSignal() -> any Signal { KernelSignal() }
    func makeLock() -> any Lock { KernelLock() }
    var nanoseconds: UInt64 { Scheduler.clock.nanoseconds }
}

private final class KernelSignal: Signal {
    private let event = EventCount()
    var count: UInt64 { event.count }
    func notify() { event.notify() }
    func wait(past seen: UInt64, until deadline: UInt64?) -> Bool { event.wait(past: seen, until: deadline) }
}

private final class KernelLock: Lock {
    private let mutex = Mutex()
    func acquire() { mutex.lock() }
    func release() { mutex.unlock() }
}
