// Finds and starts what the machine has: clock and processors, the serial line, the PCI bus, the control port.
// What is missing stays nil and is said in the log; nothing here ends the boot.
import Boot
import CPU
import Drivers
import Kernel

enum Devices {
    nonisolated(unsafe) private(set) static var environment: KernelDriverEnvironment! = nil
    nonisolated(unsafe) private(set) static var bus: PCIBus?
    nonisolated(unsafe) private(set) static var serial: UART?
    nonisolated(unsafe) private(set) static var control: ControlPort?
    nonisolated(unsafe) private(set) static var processorCount = 1
    nonisolated(unsafe) private static var model: InterruptModel?

    /// The local APIC's registers where no table says otherwise.
    private static let defaultLocalAPIC: UInt64 = 0xFEE0_0000

    /// Interrupts, time and tasks. Memory and traps are up, interrupts are off; they are on when this returns, and the
    /// caller is the task "main".
    static func startTime(_ info: UnsafePointer<boot_info>) {
        let tables = ACPITables(root: info.pointee.acpi_root, memory: FirmwareMemory())
        model = tables.flatMap { InterruptModel($0) }
        Power.start(tables)
        guard let registers = DeviceMappings.map(model?.localAPIC ?? defaultLocalAPIC, byteCount: 4096) else {
            log("no memory to map the local APIC. Halted.")
            haltForever()
        }
        IOAPICs.disableLegacyControllers()
        LocalAPIC.locate(base: UInt(bitPattern: registers))
        LocalAPIC.enable(spuriousVector: ProcessorInterrupt.spurious, errorVector: ProcessorInterrupt.apicError)
        cpu_local_get().pointee.apic_id = LocalAPIC.id
        let timer = tables?.hpet.flatMap { DeviceMappings.map($0, byteCount: 1024) }
        var clock = Clock(entry: info.pointee.entry_tsc, hpet: timer.map { UInt(bitPattern: $0) } ?? 0)
        // The bus is walked while the clock measures.
        if let range = tables.flatMap({ ConfigurationRange($0) }) {
            bus = PCIBus(EnhancedConfiguration(buses: range.firstBus...range.lastBus) { number in
                let bytes = EnhancedConfiguration.bytesPerBus
                let window = DeviceMappings.map(range.physical + UInt64(number - range.firstBus) * UInt64(bytes), byteCount: bytes)
                return window.map { MappedRegisters(base: UInt(bitPattern: $0), byteCount: bytes) }
            }, firstBus: range.firstBus)
        } else if tables != nil {
            bus = PCIBus(PortConfiguration())
        }
        clock.calibrate()
        Scheduler.start(clock: clock)
        cpu_enable_interrupts()
        environment = KernelDriverEnvironment()
    }

    /// Starts the other processors; they join when they are ready.
    static func startProcessors() {
        guard let model, model.processors.count > 1 else { return }
        processorCount = model.processors.count
        Processors.start(model, trampoline: directMap(UInt64(BOOT_TRAMPOLINE_PAGE) << 12), pageMap: cpu_read_cr3(),
                         physical: { PageTables.translate(UInt(bitPattern: $0))?.physical ?? 0 })
        Parallel.start(helperCount: model.processors.count - 1)
    }

    /// COM1 with its receive interrupt.
    static func startSerial() {
        guard let line = UART(UARTPorts(), environment) else { return }
        serial = line
        guard let model, let vector = Interrupts.allocateVector({ line.handleInterrupt() }) else { return }
        let controllers = IOAPICs(model) { physical in
            DeviceMappings.map(physical, byteCount: 4096).map { UInt(bitPattern: $0) }
        }
        if !controllers.route(isa: UARTPorts.com1Interrupt, vector: vector, to: LocalAPIC.id) { log("COM1 has no interrupt") }
        line.enableInterrupts()
    }

    /// The control port, on the first console device that starts.
    static func startControlPort() {
        guard let bus else { return }
        for function in bus.functions where PCITransport.deviceType(of: function) == VirtioDeviceType.console {
            do throws(DeviceError) {
                let transport = try PCITransport(function, environment)
                control = ControlPort(try VirtioConsole(transport, environment, portName: ControlPort.name))
                return
            } catch {
                log(error.description)
            }
        }
    }
}
