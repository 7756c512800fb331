import TestSupport
import Testing
@testable import WireProtocol

/// All events of a decoder that gets `bytes` in pieces.
func decode(_ bytes: [UInt8], pieces: Int = Int.max) -> (frames: [(FrameHeader, [UInt8])], damage: [FrameDamage]) {
    let decoder = FrameDecoder()
    var frames: [(FrameHeader, [UInt8])] = [], damage: [FrameDamage] = []
    var rest = bytes[...]
    while true {
        switch decoder.next() {
        case .frame(let header): frames.append((header, Array(decoder.payload)))
        case .damaged(let what): damage.append(what)
        case .needsBytes:
            let space = decoder.space()
            let count = min(space.count, rest.count, pieces)
            if count == 0 { return (frames, damage) }
            space.copyBytes(from: rest.prefix(count))
            decoder.append(count)
            rest = rest.dropFirst(count)
        }
    }
}

func frame(_ request: UInt32, _ payload: [UInt8]) -> [UInt8] {
    let header = FrameHeader(kind: 1, flags: [], channel: 3, request: request, payloadByteCount: payload.count)
    return payload.withUnsafeBytes { header.frame($0) }
}

@Suite struct FrameTests {
    @Test func checksumIsTheStandards() {
        // RFC 3720, B.4: 32 bytes of zeros, and the well-known check value of "123456789".
        #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes { crc32c($0) } == 0x8A91_36AA)
        #expect(Array("123456789".utf8).withUnsafeBytes { crc32c($0) } == 0xE306_9283)
    }

    @Test(arguments: [1, 7, 33, Int.max]) func framesComeOutAsTheyWentIn(pieces: Int) {
        let payloads: [[UInt8]] = [[], [1, 2, 3], [UInt8](repeating: 9, count: FrameHeader.maximumPayload)]
        let stream = payloads.enumerated().flatMap { frame(UInt32($0.offset), $0.element) }
        let (frames, damage) = decode(stream, pieces: pieces)
        #expect(frames.map(\.1) == payloads)
        #expect(frames.map(\.0.request) == [0, 1, 2])
        #expect(damage.isEmpty)
    }

    @Test func theLinkGoesOnAfterGarbage() {
        let (frames, damage) = decode([UInt8](repeating: 0x42, count: 1000) + frame(5, [1]) + frame(6, [2]))
        #expect(frames.map(\.0.request) == [5, 6])
        #expect(damage.map(\.reason) == [.noMagic])
    }

    @Test func aFlippedPayloadByteNamesItsRequest() {
        var stream = frame(5, [1, 2, 3])
        stream[FrameHeader.byteCount + 1] ^= 0x10
        let (frames, damage) = decode(stream + frame(6, [2]))
        #expect(frames.map(\.0.request) == [6])
        #expect(damage.map(\.reason) == [.payloadChecksum])
        #expect(damage.first?.header?.request == 5)
    }

    @Test func aLostByteCostsOneFrame() {
        var stream = frame(5, [UInt8](repeating: 7, count: 100))
        stream.remove(at: 60)
        let (frames, damage) = decode(stream + frame(6, [2]) + frame(7, []))
        #expect(frames.map(\.0.request) == [6, 7])
        #expect(damage.map(\.reason) == [.payloadChecksum])
    }

    @Test func anOversizedFrameIsRefusedByItsHeaderAlone() {
        var bytes = [UInt8](repeating: 0, count: FrameHeader.byteCount)
        let header = FrameHeader(kind: 1, channel: 0, request: 9, payloadByteCount: 1 << 30)
        bytes.withUnsafeMutableBytes { header.store(to: $0) }
        let (frames, damage) = decode(bytes + frame(6, [2]))
        #expect(damage.map(\.reason) == [.oversized])
        #expect(damage.first?.header?.request == 9)
        #expect(frames.map(\.0.request) == [6])
    }

    @Test func anotherVersionIsNamed() {
        var bytes = frame(9, [])
        bytes[4] = 77
        let checksum = bytes.withUnsafeBytes { crc32c(UnsafeRawBufferPointer(rebasing: $0[..<28])) }
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: checksum, toByteOffset: 28, as: UInt32.self) }
        #expect(decode(bytes).damage.map(\.reason) == [.version])
    }

    /// Whatever is done to a stream, decoding ends, and frames that are not touched and follow a sound stretch arrive.
    @Test func damagedStreamsNeverStopTheDecoder() {
        var random = SeededRandom(seed: 11)
        for _ in 0..<1000 {
            var stream: [UInt8] = []
            for request in 0..<4 {
                stream += frame(UInt32(request), (0..<Int.random(in: 0...80, using: &random)).map { UInt8(truncatingIfNeeded: $0) })
            }
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<stream.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: stream[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
                case 1: stream.remove(at: place)
                case 2: stream.insert(UInt8.random(in: 0...255, using: &random), at: place)
                default: stream.removeSubrange(place..<min(stream.count, place + 50))
                }
            }
            // Enough bytes that a frame which lost some is complete, then one that must arrive.
            let tail = (0..<4).flatMap { _ in frame(77, [UInt8](repeating: 1, count: 200)) }
            let (frames, _) = decode(stream + tail, pieces: 50)
            #expect(frames.contains { $0.0.request == 77 })
        }
    }
}
