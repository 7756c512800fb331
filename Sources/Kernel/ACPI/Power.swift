// Switching the machine off and resetting it, by what the ACPI tables said.
#if hasFeature(Embedded)
import CPU

public enum Power {
    nonisolated(unsafe) private static var control: PowerControl?

    /// Remembers what the tables say; without them `off` ends in a halt.
    public static func start(_ tables: ACPITables?) {
        if let tables { control = PowerControl(tables) }
    }

    /// Switches the machine off. Where that is not known, or does nothing, says so and halts.
    public static func off() -> Never {
        cpu_disable_interrupts()
        if let control { for write in control.powerOff { perform(write) } }
        for _ in 0..<10_000_000 { cpu_pause() }    // the power goes a moment after the write
        log("The machine can be switched off now.")
        haltForever()
    }

    /// Resets the machine: by ACPI's reset register, else by the keyboard controller's line.
    public static func reset() -> Never {
        cpu_disable_interrupts()
        if let write = control?.reset { perform(write) }
        cpu_out8(0x64, 0xFE)
        log("The machine did not reset.")
        haltForever()
    }

    private static func perform(_ write: PowerControl.Write) {
        switch write.register.space {
        case .port:
            let port = UInt16(write.register.address)
            if write.width == 2 { cpu_out16(port, write.value) } else { cpu_out8(port, UInt8(truncatingIfNeeded: write.value)) }
        case .memory:
            guard let place = DeviceMappings.map(write.register.address, byteCount: write.width) else { return }
            let address = UInt(bitPattern: place)
            if write.width == 2 { mmio_write16(address, write.value) } else { mmio_write8(address, UInt8(truncatingIfNeeded: write.value)) }
        }
    }
}

/// Reads the firmware's tables through read-only mappings, each of which stays.
public final class FirmwareMemory: PhysicalMemoryReader {
    /// Tables lie together: one mapping shows several.
    private static let chunk: UInt64 = 128 << 10
    private static let limit = 64

    private var mappings: [(start: UInt64, end: UInt64, base: UnsafeRawPointer)] = []

    public init() {}

    public func bytes(at physical: UInt64, count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, physical < 1 << 46 else { return nil }
        let end = physical + UInt64(count)
        for mapping in mappings where mapping.start <= physical && end <= mapping.end {
            return UnsafeRawBufferPointer(start: mapping.base + Int(physical - mapping.start), count: count)
        }
        let first = physical & ~(Self.chunk - 1), last = (end + Self.chunk - 1) & ~(Self.chunk - 1)
        guard mappings.count < Self.limit,
              let base = DeviceMappings.map(first, byteCount: Int(last - first), cache: .writeBack, writable: false)
        else { return nil }
        mappings.append((first, last, UnsafeRawPointer(base)))
        return UnsafeRawBufferPointer(start: base + Int(physical - first), count: count)
    }
}
#endif
