// MSI-X: a table of messages in one of the function's memory ranges, one message per vector (PCI 3.0, section 6.8.2).

/// The MSI-X table of one function, enabled with every vector masked until it is assigned.
public final class MSIXTable {
    private let function: PCIFunction
    private let capability: Int
    private let table: any RegisterWindow
    /// Vectors in the table.
    public let count: Int
    private var assigned: [MessageInterrupt] = []

    /// Finds, maps and enables the table; the legacy interrupt line is disabled.
    public init(_ function: PCIFunction, _ environment: any DriverEnvironment) throws(DeviceError) {
        let name = "PCI function " + function.address.description
        var offset: Int?
        for capability in function.capabilities where capability.id == PCICapability.msix { offset = capability.offset }
        guard let offset else { throw DeviceError(.unsupported, name, "no MSI-X capability") }
        let control = function.space.read16(function.address, offset + 2)
        let location = function.space.read(function.address, offset + 4)
        let count = Int(control & 0x7FF) + 1
        let index = Int(location & 7), start = UInt64(location & ~7)
        guard let range = function.baseAddress(index), range.isMemory, range.physical != 0,
              start + UInt64(count * 16) <= range.byteCount
        else { throw DeviceError(.protocolViolation, name, "the MSI-X table lies outside base address \(index)") }

        self.function = function
        self.count = count
        capability = offset
        function.command.formUnion([.memoryDecode, .busMaster, .interruptDisable])
        table = try environment.mapRegisters(physical: range.physical + start, byteCount: count * 16)
        for vector in 0..<count { table.write32(vector * 16 + 12, 1) }
        let header = function.space.read(function.address, offset)
        function.space.write(function.address, offset, header & ~(1 << 30) | 1 << 31)
    }

    /// Gives the next unused vector to `interrupt`, unmasked; its index is what the device is told.
    public func assign(_ interrupt: MessageInterrupt) throws(DeviceError) -> UInt16 {
        guard assigned.count < count else {
            throw DeviceError(.resourceExhausted, "PCI function " + function.address.description, "all \(count) MSI-X vectors are in use")
        }
        let entry = assigned.count * 16
        table.write32(entry + 12, 1)
        table.write32(entry, UInt32(truncatingIfNeeded: interrupt.address))
        table.write32(entry + 4, UInt32(truncatingIfNeeded: interrupt.address >> 32))
        table.write32(entry + 8, interrupt.data)
        table.write32(entry + 12, 0)
        assigned.append(interrupt)
        return UInt16(assigned.count - 1)
    }

    /// Masks every vector and takes back the assignments, which it returns.
    public func reset() -> [MessageInterrupt] {
        for vector in 0..<count { table.write32(vector * 16 + 12, 1) }
        defer { assigned = [] }
        return assigned
    }
}
