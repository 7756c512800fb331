// The Intel 6300ESB watchdog (6300ESB I/O Controller Hub datasheet, chapter 16): two timers in a row; when the second has run
// out, what watches the machine from outside acts. QEMU answers by `-action watchdog=inject-nmi`.

public final class I6300ESB {
    private enum Register {
        static let timer1 = 0, timer2 = 4, reload = 12
        /// In configuration space: the lower two bits of the first say what the first timer's end is told by (3: nothing), the
        /// second bit of the other lets the timers run.
        static let configuration = 0x60, lock = 0x68
    }

    private let function: PCIFunction
    private let window: any RegisterWindow

    public static func matches(_ function: PCIFunction) -> Bool { function.vendor == 0x8086 && function.device == 0x25AB }

    /// Throws where its registers cannot be mapped.
    public init(_ function: PCIFunction, _ environment: any DriverEnvironment) throws(DeviceError) {
        guard let base = function.baseAddress(0), base.byteCount >= 16 else {
            throw DeviceError(.unsupported, "watchdog", "it has no registers")
        }
        self.function = function
        window = try environment.mapRegisters(physical: base.physical, byteCount: 16)
        function.command = [.memoryDecode]
    }

    /// The registers take a value only behind these two writes.
    private func unlock() {
        window.write16(Register.reload, 0x80)
        window.write16(Register.reload, 0x86)
    }

    /// Starts the timers, or starts them over: each runs for `milliseconds`. After they have run out they stand still until
    /// this is called again.
    public func start(milliseconds: UInt32) {
        for register in [Register.timer1, Register.timer2] {
            unlock()
            window.write32(register, milliseconds)
        }
        // After its action QEMU's device is as after a reset.
        function.space.write16(function.address, Register.configuration, 3)
        function.space.write8(function.address, Register.lock, 2)
        unlock()
        window.write16(Register.reload, 0x100)
    }
}
