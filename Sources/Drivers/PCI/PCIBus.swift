// Enumeration: finds every function by walking bus 0 and what lies behind its bridges.

/// The functions that answer on the bus.
public struct PCIBus {
    public let functions: [PCIFunction]

    /// Walks from `firstBus`; a bus is visited once, whatever the bridges claim (PCI 3.0, section 6.1; bridge
    /// architecture 1.2, section 3.2).
    public init(_ space: any ConfigurationSpace, firstBus: UInt8 = 0) {
        var found: [PCIFunction] = []
        var visited = [Bool](repeating: false, count: 256)
        var pending = [firstBus]
        visited[Int(firstBus)] = true
        while let bus = pending.popLast() {
            for device in 0..<UInt8(32) {
                for function in 0..<UInt8(8) {
                    let address = PCIAddress(bus: bus, device: device, function: function)
                    guard let present = PCIFunction(space, address) else {
                        if function == 0 { break }
                        continue
                    }
                    found.append(present)
                    if present.isBridge {
                        let secondary = space.read8(address, 0x19)
                        if secondary != 0, !visited[Int(secondary)] {
                            visited[Int(secondary)] = true
                            pending.append(secondary)
                        }
                    }
                    if function == 0, !present.isMultifunction { break }
                }
            }
        }
        functions = found
    }

    public func functions(vendor: UInt16) -> [PCIFunction] {
        var matching: [PCIFunction] = []
        for function in functions where function.vendor == vendor { matching.append(function) }
        return matching
    }
}
