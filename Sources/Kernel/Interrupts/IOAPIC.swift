// I/O APICs: routes interrupt lines of the ISA kind to a vector of one processor (Intel 82093AA data sheet).
#if hasFeature(Embedded)
import CPU

/// All I/O APICs of the machine.
public struct IOAPICs {
    private struct Controller {
        let base: UInt
        let firstInterrupt: UInt32
        let inputCount: UInt32

        func read(_ register: UInt32) -> UInt32 {
            mmio_write32(base, register)
            return mmio_read32(base + 0x10)
        }

        func write(_ register: UInt32, _ value: UInt32) {
            mmio_write32(base, register)
            mmio_write32(base + 0x10, value)
        }
    }

    private var controllers: [Controller] = []
    private let model: InterruptModel

    /// `map` gives the mapping of a controller's registers; those that it cannot map serve nothing.
    public init(_ model: InterruptModel, map: (UInt64) -> UInt?) {
        self.model = model
        for entry in model.ioAPICs {
            guard let base = map(entry.physical) else { continue }
            mmio_write32(base, 1)
            let inputs = (mmio_read32(base + 0x10) >> 16 & 0xFF) + 1
            controllers.append(Controller(base: base, firstInterrupt: entry.firstInterrupt, inputCount: inputs))
        }
    }

    /// Masks both PICs: their interrupts come through the I/O APIC.
    public static func disableLegacyControllers() {
        cpu_out8(0x21, 0xFF)
        cpu_out8(0xA1, 0xFF)
    }

    /// Lets the ISA interrupt `source` raise `vector` at the processor with APIC identifier `target`; false when no
    /// controller serves it.
    public func route(isa source: UInt8, vector: UInt8, to target: UInt32) -> Bool {
        let line = model.isaInterrupt(source)
        for controller in controllers {
            guard line.interrupt >= controller.firstInterrupt,
                  line.interrupt - controller.firstInterrupt < controller.inputCount
            else { continue }
            let register = 0x10 + 2 * (line.interrupt - controller.firstInterrupt)
            controller.write(register + 1, target << 24)
            controller.write(register, UInt32(vector) | (line.isActiveLow ? 1 << 13 : 0) | (line.isLevelTriggered ? 1 << 15 : 0))
            return true
        }
        return false
    }
}
#endif
