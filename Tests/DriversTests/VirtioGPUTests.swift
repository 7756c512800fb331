// The virtio-gpu driver before a device that the test plays: commands, blobs and their window, fences, and everything
// that a device can get wrong.
@testable import Drivers
@testable import GPU
import Foundation
import JaxPlatform
import Testing

/// A GPU that answers control commands at once and remembers what exists.
final class FakeGPU {
    let transport = FakeTransport()
    let environment = FakeEnvironment()
    var contexts: Set<UInt32> = []
    var resources: [UInt32: (context: UInt32, byteCount: UInt64)] = [:]
    var attached: Set<UInt32> = []
    var mapped: [UInt32: UInt64] = [:]
    var held: [FakeTransport.Chain] = []
    var commands: [UInt32] = []
    /// Replaces the answer to the next command; nil: none comes.
    var nextAnswer: ([UInt32]?)?
    /// Runs instead of the answer's delivery.
    var nextDelivery: ((FakeTransport.Chain, [UInt32]) -> Void)?
    var capsetIDs: [UInt32] = [1, 2, 4]
    static let windowByteCount = 16 << 20
    let window = UnsafeMutableRawPointer.allocate(byteCount: windowByteCount, alignment: 4096)

    init() {
        transport.deviceType = VirtioDeviceType.gpu
        transport.deviceFeatures = VirtioFeature.version1 | 1 << 0 | 1 << 3 | 1 << 4
        transport.maximumSizes = [0: 64, 1: 16]
        transport.configuration = [0, 0, 1, 3]
        transport.regions = [SharedMemoryRegion(id: 1, physical: 0xC000_0000, byteCount: UInt64(FakeGPU.windowByteCount))]
        transport.notified = { [unowned self] _ in work() }
        transport.whenReset = { [unowned self] in
            contexts = []
            resources = [:]
            attached = []
            mapped = [:]
            held = []
        }
    }

    deinit { window.deallocate() }

    func open() throws(DeviceError) -> VirtioGPU {
        try VirtioGPU(transport, environment) { (_) throws(DeviceError) in UInt(bitPattern: self.window) }
    }

    func work() {
        while let chain = transport.take(0) {
            let words = stride(from: 0, to: chain.readable.count, by: 4).map { start in
                (0..<4).reduce(UInt32(0)) { $0 | UInt32(chain.readable[start + $1]) << UInt32(8 * $1) }
            }
            commands.append(words[0])
            if words[1] & 1 != 0 {
                held.append(chain)
                continue
            }
            var answer: [UInt32]? = answer(words)
            if let replaced = nextAnswer { answer = replaced; nextAnswer = nil }
            guard let answer else { continue }
            if let delivery = nextDelivery {
                nextDelivery = nil
                delivery(chain, answer)
            } else {
                deliver(chain, answer)
            }
        }
    }

    func deliver(_ chain: FakeTransport.Chain, _ answer: [UInt32]) {
        let count = min(answer.count * 4, chain.writable[0].1)
        answer.withUnsafeBytes { chain.writable[0].0.copyMemory(from: $0.baseAddress!, byteCount: count) }
        transport.use(0, id: UInt32(chain.head), written: UInt32(count))
    }

    /// Signals every fence.
    func retire() {
        for chain in held { deliver(chain, [0x1100, 0, 0, 0, 0, 0]) }
        held = []
    }

    private func answer(_ words: [UInt32]) -> [UInt32] {
        func head(_ type: UInt32) -> [UInt32] { [type, 0, 0, 0, words[4], 0] }
        func wide(_ index: Int) -> UInt64 { UInt64(words[index]) | UInt64(words[index + 1]) << 32 }
        switch words[0] {
        case 0x0108: return head(0x1102) + [capsetIDs[Int(words[6])], 0, 160, 0]
        case 0x0109: return head(0x1103) + [1, 0x0040_310d, 1, 1, 1] + [UInt32](repeating: 0, count: 32) + [0, 1, 0]
        case 0x0200: contexts.insert(words[4])
        case 0x0201: contexts.remove(words[4])
        case 0x010c:
            guard contexts.contains(words[4]) else { return head(0x1204) }
            resources[words[6]] = (words[4], wide(12))
        case 0x0202: attached.insert(words[6])
        case 0x0203: attached.remove(words[6])
        case 0x0208:
            guard let resource = resources[words[6]], attached.contains(words[6]) else { return head(0x1203) }
            let offset = wide(8)
            for (other, start) in mapped where offset < start + resources[other]!.byteCount && start < offset + resource.byteCount {
                return head(0x1205)
            }
            mapped[words[6]] = offset
            return head(0x1106) + [1, 0]
        case 0x0209: mapped[words[6]] = nil
        case 0x0102:
            guard mapped[words[6]] == nil else { return head(0x1205) }
            resources[words[6]] = nil
        case 0x0207: break
        default: return head(0x1200)
        }
        return head(0x1100)
    }
}

@Suite struct VirtioGPUTests {
    @Test func readsTheVenusCapabilitySet() throws {
        let fake = FakeGPU()
        let gpu = try fake.open()
        #expect(gpu.capset.wireFormatVersion == 1)
        #expect(gpu.capset.supportsBlobZero)
        #expect(gpu.capset.supportsTimelines)
        #expect(fake.transport.accepted == VirtioFeature.version1 | 1 << 0 | 1 << 3 | 1 << 4)
        gpu.close()
        #expect(fake.environment.live == 0)
    }

    @Test func aPlainDeviceIsUnsupported() throws {
        let fake = FakeGPU()
        fake.transport.deviceFeatures = VirtioFeature.version1
        let error = #expect(throws: DeviceError.self) { try fake.open() }
        #expect(error?.kind == .unsupported)
        #expect(fake.environment.live == 0)

        let other = FakeGPU()
        other.capsetIDs = [1, 2, 2]
        #expect(throws: DeviceError.self) { try other.open() }
    }

    @Test func blobsComeAndGo() throws {
        let fake = FakeGPU()
        let gpu = try fake.open()
        let context = try VirtioGPUContext(gpu)
        var blobs: [VenusBlob] = []
        for index in 0..<20 { blobs.append(try #require(try context.makeBlob(id: UInt64(index), byteCount: 5000 + 4096 * index))) }
        #expect(fake.mapped.count == 20)
        #expect(Set(blobs.map { $0.address }).count == 20)
        #expect(try context.makeBlob(id: 0, byteCount: FakeGPU.windowByteCount) == nil)
        for blob in blobs.reversed() { context.free(blob) }
        #expect(gpu.windowUse.used == 0)
        #expect(gpu.windowUse.largestFree == FakeGPU.windowByteCount)
        let kept = try context.makeBlob(id: 0, byteCount: 4096)
        #expect(kept != nil)
        context.close()
        #expect(fake.contexts.isEmpty && fake.resources.isEmpty && fake.mapped.isEmpty && fake.attached.isEmpty)
    }

    @Test func aRefusedBlobLeavesNothingBehind() throws {
        let fake = FakeGPU()
        let gpu = try fake.open()
        let context = try VirtioGPUContext(gpu)
        for _ in 0..<100 {
            fake.nextAnswer = .some([0x1201, 0, 0, 0, 0, 0])
            do throws(AcceleratorError) {
                _ = try context.makeBlob(id: 3, byteCount: 1 << 20)
                Issue.record("a refusal was taken for success")
            } catch {
                #expect(error.kind == .outOfMemory)
                #expect(error.message.contains("ERR_OUT_OF_MEMORY"))
            }
            #expect(gpu.windowUse.used == 0)
        }
        #expect(try context.makeBlob(id: 3, byteCount: 1 << 20) != nil)
    }

    @Test func fencesAreAnswersThatComeLater() throws {
        let fake = FakeGPU()
        let gpu = try fake.open()
        let context = try VirtioGPUContext(gpu)
        for round in 0..<200 {
            try context.requestInterrupt(timeline: 1)
            if round % 3 == 0 { fake.retire() }
            #expect(fake.held.count <= 16)
        }
        fake.retire()
        context.sleep(until: 1)
        _ = try context.makeBlob(id: 0, byteCount: 4096)
    }

    /// A device that has stopped answering is waited for once, whatever still has to be given back on it.
    @Test func aSilentDeviceIsAskedOnce() throws {
        let fake = FakeGPU()
        let gpu = try fake.open()
        let context = try VirtioGPUContext(gpu)
        for _ in 0..<20 { _ = try context.makeBlob(id: 0, byteCount: 4096) }
        fake.nextAnswer = .some(nil)
        #expect(throws: AcceleratorError.self) { try context.makeBlob(id: 0, byteCount: 4096) }
        let asked = fake.commands.count
        #expect(throws: AcceleratorError.self) { try context.makeBlob(id: 0, byteCount: 4096) }
        context.close()
        #expect(fake.commands.count == asked)
        let next = try VirtioGPUContext(gpu)
        #expect(!context.isConnected && next.isConnected)
        #expect(try next.makeBlob(id: 0, byteCount: FakeGPU.windowByteCount / 2) != nil)
        gpu.close()
    }

    /// A silent device, wrong answers, lengths, tokens and indices, a hundred times each: a typed error, and the next
    /// context works.
    @Test(arguments: 0..<8) func whatADeviceGetsWrong(_ kind: Int) throws {
        let fake = FakeGPU()
        let gpu = try fake.open()
        var context = try VirtioGPUContext(gpu)
        for round in 0..<100 {
            switch kind {
            case 0: fake.nextAnswer = .some(nil)
            case 1: fake.nextAnswer = .some([UInt32(round) &* 2_654_435_761, 7, 7, 7, 7, 7])
            case 2: fake.nextAnswer = .some([0x1100])
            case 3: fake.nextDelivery = { _, _ in fake.transport.use(0, id: 0xffff_0000 + UInt32(round), written: 24) }
            case 4: fake.nextDelivery = { chain, _ in fake.transport.use(0, id: UInt32(chain.head) ^ 1, written: 24) }
            case 5: fake.nextDelivery = { chain, _ in fake.transport.use(0, id: UInt32(chain.head), written: 0xffff_ffff) }
            case 6: fake.nextDelivery = { _, _ in for _ in 0..<70 { fake.transport.use(0, id: 0, written: 0) } }
            default: fake.nextAnswer = .some([0x1202, 0, 0, 0, 0, 0])
            }
            #expect(throws: AcceleratorError.self) { try context.makeBlob(id: 0, byteCount: 4096) }
            context.close()
            context = try VirtioGPUContext(gpu)
            #expect(try context.makeBlob(id: 0, byteCount: 4096) != nil)
        }
        gpu.close()
    }
}
