// The clocks of known frequency that the time-stamp counter is measured against: the HPET, else the PIT.
#if hasFeature(Embedded)
import CPU

/// A counter of known frequency that runs upward.
enum ReferenceTimer {
    /// IA-PC HPET 1.0a: the main counter, of 32 bits here so that one access reads it.
    case hpet(registers: UInt, hertz: UInt64)
    /// 8254, channel 2: counts down from 65535 once, about 54 ms.
    case pit

    static let pitHertz: UInt64 = 1_193_182

    /// Starts the HPET at `registers` (mapped; zero: none), or the PIT.
    init(hpet registers: UInt) {
        if registers != 0 {
            // Capabilities: the period in femtoseconds in the upper half (section 2.3.4).
            let period = UInt64(mmio_read32(registers + 4))
            if period > 0, period <= 100_000_000 {
                mmio_write32(registers + 0x10, mmio_read32(registers + 0x10) | 1)
                self = .hpet(registers: registers, hertz: 1_000_000_000_000_000 / period)
                return
            }
        }
        // Gate on, speaker off; mode 0, both bytes.
        cpu_out8(0x61, cpu_in8(0x61) & 0xFC | 1)
        cpu_out8(0x43, 0xB0)
        cpu_out8(0x42, 0xFF)
        cpu_out8(0x42, 0xFF)
        self = .pit
    }

    var hertz: UInt64 {
        switch self {
        case .hpet(_, let hertz): return hertz
        case .pit: return Self.pitHertz
        }
    }

    /// Ticks since the start, of 32 bits for the HPET and of 16 for the PIT.
    func read() -> UInt64 {
        switch self {
        case .hpet(let registers, _): return UInt64(mmio_read32(registers + 0xF0))
        case .pit:
            cpu_out8(0x43, 0x80) // latch channel 2
            let low = UInt64(cpu_in8(0x42))
            return 0xFFFF - (UInt64(cpu_in8(0x42)) << 8 | low)
        }
    }
}
#endif
