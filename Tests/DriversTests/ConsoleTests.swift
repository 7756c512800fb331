import Testing
@testable import Drivers

/// The device's side of a console with two ports, the second named, over fake queues.
final class ConsoleModel {
    let environment = FakeEnvironment()
    let transport = FakeTransport()
    /// Control messages that the driver sent: port, event, value.
    var control: [[UInt32]] = []
    /// Bytes that came out of the port.
    var output: [UInt8] = []
    var portName = "org.barejax.control"
    var takesOutput = true

    init() {
        transport.deviceFeatures |= 1 << 1
        transport.configuration = [0, 2, 0]
        for queue in 0..<6 { transport.maximumSizes[queue] = 128 }
        transport.notified = { [self] queue in work(queue) }
    }

    func message(_ port: UInt32, _ event: UInt16, _ value: UInt16, name: String = "") -> [UInt8] {
        var bytes: [UInt8] = []
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: port >> shift)) }
        for word in [event, value] { bytes += [UInt8(word & 255), UInt8(word >> 8)] }
        return bytes + Array(name.utf8)
    }

    func send(_ port: UInt32, _ event: UInt16, _ value: UInt16, name: String = "") {
        #expect(transport.deliver(2, message(port, event, value, name: name)))
    }

    func work(_ queue: Int) {
        if queue == 3 {
            while let chain = transport.take(3) {
                transport.use(3, id: UInt32(chain.head), written: 0)
                let bytes = chain.readable
                let word = { (at: Int) in UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 }
                let port = word(0) | word(2) << 16
                control.append([port, word(4), word(6)])
                switch word(4) {
                case 0: send(0, 1, 0); send(1, 1, 0)
                case 3 where port == 1: send(1, 7, 0, name: portName); send(1, 6, 1)
                default: break
                }
            }
        }
        if queue == 5 && takesOutput { drain() }
    }

    func drain() {
        while let chain = transport.take(5) {
            output += chain.readable
            transport.use(5, id: UInt32(chain.head), written: 0)
        }
    }
}

@Suite struct ConsoleTests {
    let model = ConsoleModel()

    func console() throws -> VirtioConsole {
        try VirtioConsole(model.transport, model.environment, portName: "org.barejax.control")
    }

    func read(_ port: ConsolePort, _ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = try bytes.withUnsafeMutableBytes { buffer in try port.read(into: buffer, until: 0) }
        return Array(bytes[0..<received])
    }

    @Test func theNamedPortOpens() throws {
        let console = try console()
        #expect(try console.port.waitUntilOpen(until: 0))
        #expect(model.control == [[0xFFFF_FFFF, 0, 1], [0, 3, 1], [1, 3, 1], [1, 6, 1]])
        #expect(model.transport.history == [0, 1, 3, 11, 15])
    }

    @Test func anotherNameStaysClosed() throws {
        model.portName = "org.barejax.contrel"
        #expect(try console().port.waitUntilOpen(until: 0) == false)
    }

    @Test func bytesArriveInOrderWhateverTheReadSize() throws {
        let console = try console()
        #expect(try console.port.waitUntilOpen(until: 0))
        var sent: [UInt8] = [], got: [UInt8] = []
        var state: UInt32 = 7
        for _ in 0..<2000 {
            state = state &* 1664525 &+ 1013904223
            let piece = [UInt8](repeating: UInt8(state >> 24), count: Int(state >> 12) % 4096 + 1)
            if model.transport.deliver(4, piece) { sent += piece }
            got += try read(console.port, Int(state >> 8) % 9000 + 1)
        }
        while got.count < sent.count { got += try read(console.port, 5000) }
        #expect(got == sent && sent.count > 1_000_000)
    }

    @Test func aReadWithNothingThereTimesOutAndClosedIsZero() throws {
        let console = try console()
        #expect(try console.port.waitUntilOpen(until: 0))
        #expect(throws: DeviceError.self) { try read(console.port, 10) }
        model.transport.deliver(4, [1, 2])
        model.send(1, 6, 0)
        #expect(try read(console.port, 10) == [1, 2])
        #expect(try read(console.port, 10) == [])
        #expect(throws: DeviceError.self) {
            try console.port.write(UnsafeRawBufferPointer(start: nil, count: 0))
            try [UInt8](repeating: 1, count: 1).withUnsafeBytes { try console.port.write($0) }
        }
    }

    @Test func writesWaitForRoom() throws {
        let console = try console()
        #expect(try console.port.waitUntilOpen(until: 0))
        model.takesOutput = false
        model.environment.whileWaiting = { [model] in model.drain() }
        var bytes = [UInt8](repeating: 0, count: 3_000_001)
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
        try bytes.withUnsafeBytes { try console.port.write($0) }
        model.drain()
        #expect(model.output == bytes)
    }

    @Test func aDeviceThatStopsIsReportedAndResetMendsIt() throws {
        let console = try console()
        #expect(try console.port.waitUntilOpen(until: 0))
        model.takesOutput = false
        let bytes = [UInt8](repeating: 5, count: 1 << 20)
        #expect(throws: DeviceError.self) { try bytes.withUnsafeBytes { try console.port.write($0) } }
        let live = model.environment.live
        model.takesOutput = true
        try console.reset()
        #expect(try console.port.waitUntilOpen(until: 0))
        #expect(model.environment.live == live)
        try bytes.withUnsafeBytes { try console.port.write($0) }
        #expect(model.output.count == 1 << 20)
    }

    @Test func aShortControlMessageIsAViolation() throws {
        let console = try console()
        #expect(try console.port.waitUntilOpen(until: 0))
        model.transport.deliver(2, [1, 2, 3])
        #expect(throws: DeviceError.self) { try console.port.waitUntilOpen(until: 0); try read(console.port, 1) }
    }
}
