import Testing
@testable import Drivers

@Suite struct VirtqueueTests {
    let environment = FakeEnvironment()
    let transport = FakeTransport()

    func device() throws -> (VirtioDevice, Virtqueue) {
        transport.maximumSizes = [0: 8]
        let device = try VirtioDevice(transport, environment, required: 0)
        return (device, try device.makeQueue(0, sizeLimit: 100, handler: {}))
    }

    @Test func initialisationFollowsTheSpecification() throws {
        let (device, queue) = try device()
        device.start()
        #expect(transport.history == [0, 1, 3, 11, 15])
        #expect(queue.size == 8)
        #expect(transport.accepted == VirtioFeature.version1)
        try device.shutDown()
        #expect(environment.live == 0)
    }

    @Test func missingFeatureFails() {
        #expect(throws: DeviceError.self) { try VirtioDevice(transport, environment, required: 2) }
        #expect(transport.history.last! & VirtioStatus.failed.rawValue != 0)
        transport.refusesFeatures = true
        #expect(throws: DeviceError.self) { try VirtioDevice(transport, environment, required: 0) }
    }

    @Test func chainsGoOutAndComeBackInAnyOrder() throws {
        let (_, queue) = try device()
        let data = try environment.allocateDMA(byteCount: 4096)
        data.base.copyMemory(from: [1, 2, 3, 4] as [UInt8], byteCount: 4)
        func read(_ at: UInt64, _ count: UInt32) -> DMASegment {
            DMASegment(physical: data.physical + at, byteCount: count, deviceWrites: false)
        }
        let room = DMASegment(physical: data.physical + 64, byteCount: 16, deviceWrites: true)
        for _ in 0..<100 {
            let first = try queue.submit([read(0, 2), read(2, 2), room])
            let second = try queue.submit(read(1, 1))
            #expect(queue.freeCount == 4)
            let one = transport.take(0)!, two = transport.take(0)!
            #expect(one.readable == [1, 2, 3, 4] && one.writable.count == 1 && two.readable == [2])
            transport.use(0, id: UInt32(two.head), written: 0)
            transport.use(0, id: UInt32(one.head), written: 16)
            #expect(try queue.nextCompletion() == Virtqueue.Completion(token: second, written: 0))
            #expect(try queue.nextCompletion() == Virtqueue.Completion(token: first, written: 16))
            #expect(try queue.nextCompletion() == nil)
            #expect(queue.freeCount == 8)
        }
        environment.freeDMA(data)
    }

    @Test func aFullQueueRefuses() throws {
        let (_, queue) = try device()
        for _ in 0..<8 { _ = try queue.submit(DMASegment(physical: 4096, byteCount: 1, deviceWrites: false)) }
        #expect(throws: DeviceError.self) { try queue.submit(DMASegment(physical: 4096, byteCount: 1, deviceWrites: false)) }
    }

    @Test(arguments: [(UInt32(99), UInt32(0)), (3, 0), (0, 17), (0xFFFF_FFFF, 0)])
    func garbageInTheUsedRingBreaksTheQueue(id: UInt32, written: UInt32) throws {
        let (_, queue) = try device()
        #expect(try queue.submit(DMASegment(physical: 4096, byteCount: 16, deviceWrites: true)) == 0)
        transport.use(0, id: id, written: written)
        #expect(throws: DeviceError.self) { try queue.nextCompletion() }
        #expect(throws: DeviceError.self) { try queue.submit(DMASegment(physical: 4096, byteCount: 16, deviceWrites: true)) }
    }

    @Test func aBufferUsedTwiceIsAViolation() throws {
        let (_, queue) = try device()
        _ = try queue.submit(DMASegment(physical: 4096, byteCount: 16, deviceWrites: true))
        transport.use(0, id: 0, written: 1)
        transport.use(0, id: 0, written: 1)
        #expect(try queue.nextCompletion() != nil)
        #expect(throws: DeviceError.self) { try queue.nextCompletion() }
    }

    @Test func aUsedIndexFromNowhereIsAViolation() throws {
        let (_, queue) = try device()
        transport.pointer(queue.layout.used).storeBytes(of: UInt16(5000), toByteOffset: 2, as: UInt16.self)
        #expect(throws: DeviceError.self) { try queue.nextCompletion() }
    }
}
