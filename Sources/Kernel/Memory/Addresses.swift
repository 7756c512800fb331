// Where things lie in the virtual address space. Everything stays below 2^47, because Swift keeps marks in the upper bits
// of pointers to strings and enum payloads.
//
//   0x0000_0000_0000_0000   page 0 unmapped; the image where it was loaded; nothing else
//   0x0000_4000_0000_0000   direct map: all RAM, writable and never executable, without the image and sealed code
//   0x0000_5000_0000_0000   device registers and framebuffers
//   0x0000_6000_0000_0000   guarded regions: stacks, arenas, DMA buffers
//   0x0000_7000_0000_0000   sealed generated code

public typealias PhysicalAddress = UInt64

public enum AddressSpaceLayout {
    public static let directMap: UInt = 0x0000_4000_0000_0000
    public static let devices: UInt = 0x0000_5000_0000_0000
    public static let guardedRegions: UInt = 0x0000_6000_0000_0000
    public static let code: UInt = 0x0000_7000_0000_0000
    /// Bytes of each window beside the direct map.
    public static let windowSize: UInt = 1 << 44
    /// RAM beyond this is not used.
    public static let directMapSize: UInt64 = 1 << 44
}

/// Where the direct map shows a physical address.
@inline(__always)
public func directMap(_ physical: PhysicalAddress) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: AddressSpaceLayout.directMap &+ UInt(physical))!
}

extension UInt64 {
    /// The next multiple of a power of two.
    @inline(__always)
    func roundedUp(to alignment: UInt64) -> UInt64 { (self &+ alignment &- 1) & ~(alignment - 1) }
    @inline(__always)
    func roundedDown(to alignment: UInt64) -> UInt64 { self & ~(alignment - 1) }
}

extension UInt {
    @inline(__always)
    func roundedUp(to alignment: UInt) -> UInt { (self &+ alignment &- 1) & ~(alignment - 1) }
    @inline(__always)
    func roundedDown(to alignment: UInt) -> UInt { self & ~(alignment - 1) }
}

extension Int {
    @inline(__always)
    func roundedUp(to alignment: Int) -> Int { (self &+ alignment &- 1) & ~(alignment - 1) }
    /// Pages that hold this many bytes.
    @inline(__always)
    var pageCount: Int { (self &+ 4095) >> 12 }
}
