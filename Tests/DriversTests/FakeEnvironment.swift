// A kernel for drivers under test: the C heap as DMA memory (physical = virtual), signals that count, no waiting.
import Drivers
import Foundation

final class FakeEnvironment: DriverEnvironment {
    var live = 0
    var interrupts: [UInt32: () -> Void] = [:]
    var nextVector: UInt32 = 48
    var windows: [UInt64: any RegisterWindow] = [:]
    var clock: UInt64 = 0
    /// Called when a driver waits: the test lets its device work here.
    var whileWaiting: () -> Void = {}

    func allocateDMA(byteCount: Int) throws(DeviceError) -> DMABuffer {
        let rounded = (byteCount + 4095) & ~4095
        let base = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: 4096)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: rounded)
        live += 1
        return DMABuffer(base: base, physical: UInt64(UInt(bitPattern: base)), byteCount: byteCount)
    }

    func freeDMA(_ buffer: DMABuffer) {
        live -= 1
        buffer.base.deallocate()
    }

    func mapRegisters(physical: UInt64, byteCount: Int) throws(DeviceError) -> any RegisterWindow {
        for (start, window) in windows where physical >= start {
            if let part = RegisterSubwindow(window, offset: Int(physical - start), byteCount: byteCount) { return part }
        }
        throw DeviceError(.notPresent, "test", "nothing is mapped at \(physical)")
    }

    func allocateInterrupt(_ handler: @escaping () -> Void) throws(DeviceError) -> MessageInterrupt {
        interrupts[nextVector] = handler
        nextVector += 1
        return MessageInterrupt(address: 0xFEE0_0000, data: nextVector - 1)
    }

    func freeInterrupt(_ interrupt: MessageInterrupt) { interrupts[interrupt.data] = nil }
    func makeSignal() -> any Signal { FakeSignal(self) }
    func makeLock() -> any Lock { FakeLock() }

    var nanoseconds: UInt64 {
        clock += 1_000_000
        return clock
    }
}

final class FakeSignal: Signal {
    let environment: FakeEnvironment
    var count: UInt64 = 0

    init(_ environment: FakeEnvironment) { self.environment = environment }

    func notify() { count += 1 }

    func wait(past seen: UInt64, until deadline: UInt64?) -> Bool {
        environment.whileWaiting()
        if count != seen { return true }
        precondition(deadline != nil, "waits for ever on a device that does nothing")
        return false
    }
}

final class FakeLock: Lock {
    var held = false
    func acquire() {
        precondition(!held, "lock taken twice")
        held = true
    }
    func release() {
        precondition(held, "lock released, but not held")
        held = false
    }
}

/// Registers that a test's device answers.
final class FakeRegisters: RegisterWindow {
    var bytes: [UInt8]
    /// Called after each write with offset and width.
    var wrote: (Int, Int) -> Void = { _, _ in }

    init(byteCount: Int) { bytes = [UInt8](repeating: 0, count: byteCount) }

    var byteCount: Int { bytes.count }

    func load(_ offset: Int, _ width: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<width { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return value
    }

    func store(_ offset: Int, _ width: Int, _ value: UInt64) {
        for index in 0..<width { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }

    func read8(_ offset: Int) -> UInt8 { UInt8(load(offset, 1)) }
    func read16(_ offset: Int) -> UInt16 { UInt16(load(offset, 2)) }
    func read32(_ offset: Int) -> UInt32 { UInt32(load(offset, 4)) }
    func write8(_ offset: Int, _ value: UInt8) { store(offset, 1, UInt64(value)); wrote(offset, 1) }
    func write16(_ offset: Int, _ value: UInt16) { store(offset, 2, UInt64(value)); wrote(offset, 2) }
    func write32(_ offset: Int, _ value: UInt32) { store(offset, 4, UInt64(value)); wrote(offset, 4) }
}
