// Memory-mapped device registers: a window of known size, accessed only in the width that the specification names.
import CPU

/// A range of device registers. `offset` is in bytes from the window's start and inside `byteCount`.
public protocol RegisterWindow: AnyObject {
    var byteCount: Int { get }
    func read8(_ offset: Int) -> UInt8
    func read16(_ offset: Int) -> UInt16
    func read32(_ offset: Int) -> UInt32
    func write8(_ offset: Int, _ value: UInt8)
    func write16(_ offset: Int, _ value: UInt16)
    func write32(_ offset: Int, _ value: UInt32)
}

extension RegisterWindow {
    /// Two 32-bit halves, low first: the access that virtio demands for 64-bit fields (virtio 1.2, section 4.1.3.1).
    public func write64(_ offset: Int, _ value: UInt64) {
        write32(offset, UInt32(truncatingIfNeeded: value))
        write32(offset + 4, UInt32(truncatingIfNeeded: value >> 32))
    }
}

/// Registers that the page tables map.
public final class MappedRegisters: RegisterWindow {
    public let base: UInt
    public let byteCount: Int

    public init(base: UInt, byteCount: Int) {
        self.base = base
        self.byteCount = byteCount
    }

    @inline(__always)
    private func address(_ offset: Int, _ width: Int) -> UInt {
        precondition(offset >= 0 && offset + width <= byteCount, "register outside its window")
        return base + UInt(offset)
    }

    public func read8(_ offset: Int) -> UInt8 { mmio_read8(address(offset, 1)) }
    public func read16(_ offset: Int) -> UInt16 { mmio_read16(address(offset, 2)) }
    public func read32(_ offset: Int) -> UInt32 { mmio_read32(address(offset, 4)) }
    public func write8(_ offset: Int, _ value: UInt8) { mmio_write8(address(offset, 1), value) }
    public func write16(_ offset: Int, _ value: UInt16) { mmio_write16(address(offset, 2), value) }
    public func write32(_ offset: Int, _ value: UInt32) { mmio_write32(address(offset, 4), value) }
}

/// A part of another window.
public final class RegisterSubwindow: RegisterWindow {
    private let whole: any RegisterWindow
    private let start: Int
    public let byteCount: Int

    /// Nil when the part does not lie inside `whole`.
    public init?(_ whole: any RegisterWindow, offset: Int, byteCount: Int) {
        guard offset >= 0, byteCount >= 0, offset <= whole.byteCount, byteCount <= whole.byteCount - offset else { return nil }
        self.whole = whole
        start = offset
        self.byteCount = byteCount
    }

    public func read8(_ offset: Int) -> UInt8 { whole.read8(start + offset) }
    public func read16(_ offset: Int) -> UInt16 { whole.read16(start + offset) }
    public func read32(_ offset: Int) -> UInt32 { whole.read32(start + offset) }
    public func write8(_ offset: Int, _ value: UInt8) { whole.write8(start + offset, value) }
    public func write16(_ offset: Int, _ value: UInt16) { whole.write16(start + offset, value) }
    public func write32(_ offset: Int, _ value: UInt32) { whole.write32(start + offset, value) }
}
