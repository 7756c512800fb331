import Testing
@testable import Drivers

/// A UART with a receive FIFO and a record of what was sent.
final class FakeUART: UARTRegisters {
    var input: [UInt8] = []
    var output: [UInt8] = []
    var registers = [UInt8](repeating: 0, count: 8)
    var isPresent = true

    func read(_ register: Int) -> UInt8 {
        guard isPresent else { return 0xFF }
        if register == 5 { return 0x60 | (input.isEmpty ? 0 : 1) }
        if register == 0 { return input.isEmpty ? 0 : input.removeFirst() }
        return registers[register]
    }

    func write(_ register: Int, _ value: UInt8) {
        if register == 0 && registers[3] & 0x80 == 0 { output.append(value) } else { registers[register] = value }
    }
}

@Suite struct UARTTests {
    let line = FakeUART()
    let environment = FakeEnvironment()

    @Test func bytesGoBothWays() throws {
        let uart = try #require(UART(line, environment))
        uart.enableInterrupts()
        line.input = [1, 2, 3]
        uart.handleInterrupt()
        #expect([uart.read(until: 0), uart.read(until: 0), uart.read(until: 0), uart.read(until: 0)] == [1, 2, 3, nil])
        uart.write(65)
        #expect(line.output == [65])
        #expect(line.registers[3] == 3 && line.registers[1] == 1)
    }

    @Test func aFullRingDropsAndCounts() throws {
        let uart = try #require(UART(line, environment))
        line.input = [UInt8](repeating: 7, count: 5000)
        while !line.input.isEmpty { uart.handleInterrupt() }
        #expect(uart.droppedCount == 5000 - 4096)
        var count = 0
        while uart.read(until: 0) != nil { count += 1 }
        #expect(count == 4096)
    }

    @Test func interceptedBytesDoNotArrive() throws {
        let uart = try #require(UART(line, environment))
        var interrupts = 0
        uart.intercept = { byte in
            if byte == 3 { interrupts += 1 }
            return byte == 3
        }
        line.input = [3, 10, 3]
        uart.handleInterrupt()
        #expect(interrupts == 2 && uart.read(until: 0) == 10 && !uart.hasInput)
    }

    @Test func anAbsentLineIsNil() {
        line.isPresent = false
        #expect(UART(line, environment) == nil)
    }
}
