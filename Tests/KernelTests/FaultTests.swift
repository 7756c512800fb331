// How faults are named and kept, and how addresses are named.
import Testing
@testable import Kernel

@Suite struct FaultTests {
    func kind(_ vector: UInt64, error: UInt64 = 0, address: UInt64 = 0x5000_0000, rsp: UInt64 = 0x9_8000, trap: Bool = false) -> FaultKind {
        FaultKind.classify(vector: vector, errorCode: error, address: address, stackPointer: rsp,
                           stack: 0x9_0000..<0xA_0000, isTrapInstruction: trap)
    }

    @Test func exceptionsAreNamed() {
        #expect(kind(6, trap: true) == .swiftTrap)
        #expect(kind(6) == .invalidInstruction)
        #expect(kind(0) == .divideError)
        #expect(kind(13) == .generalProtection)
        #expect(kind(2) == .nonMaskableInterrupt)
        #expect(kind(18) == .machineCheck)
        #expect(kind(8) == .doubleFault)
        #expect(kind(8, rsp: 0x8_FFF8) == .stackOverflow)
    }

    @Test func pageFaultsAreNamedByWhatWasTried() {
        #expect(kind(14, address: 0x18) == .nullDereference)
        #expect(kind(14) == .badAddress)
        #expect(kind(14, error: 3) == .writeToReadOnly)
        #expect(kind(14, error: 2) == .badAddress)
        #expect(kind(14, error: 17) == .executeData)
        #expect(kind(14, error: 16, address: 8) == .nullDereference)
        #expect(kind(14, error: 16, address: 0x7000_0000_0000) == .badAddress)
        #expect(kind(14, error: 2, address: 0x8_FFF8) == .stackOverflow)
        #expect(kind(14, error: 2, address: 0xA_0000) == .badAddress)
    }

    @Test func theRingKeepsTheLast() {
        var ring = FaultRing()
        #expect(ring.last == nil)
        for number in 1...100 {
            var record = FaultRecord(kind: .injected, vector: 0)
            record.address = UInt64(number)
            #expect(withUnsafeMutablePointer(to: &ring) { $0.pointee.append(record).sequence } == UInt64(number))
        }
        var kept: [UInt64] = []
        ring.forEach { kept.append($0.address) }
        #expect(kept == Array(37...100))
        #expect(ring.count == 100 && ring.last?.sequence == 100)
    }

    @Test func generatedCodeIsNamedWithinItsBytes() {
        let region = CodeRegion(start: 0x1000, byteCount: 0x20, name: "kernel f_1_add")
        #expect(region.contains(0x1000) && region.contains(0x101F) && !region.contains(0x1020) && !region.contains(0xFFF))
        func text(_ region: CodeRegion) -> String {
            var bytes: [UInt8] = []
            region.write(0x1012) { bytes.append($0) }
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(text(region) == "kernel f_1_add + 0x12")
        for count in 60..<70 {
            // Three bytes each: some names end within a character.
            let long = text(CodeRegion(start: 0x1000, byteCount: 0x20, name: String(repeating: "x", count: count % 3)
                                       + String(repeating: "→", count: count)))
            #expect(!long.contains("\u{FFFD}") && long.hasSuffix("→ + 0x12"), "\(long)")
            #expect(long.utf8.count <= CodeRegion.maximumName + 7)
        }
    }

    @Test func addressesAreNamed() throws {
        var bytes: [UInt8] = []
        func word(_ value: UInt32) {
            for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
        }
        word(0x5953_4A42)
        word(2)
        word(0x10); word(0)
        word(0x40); word(6)
        bytes += Array("first\0second\0".utf8)
        try bytes.withUnsafeBytes { raw in
            let table = try #require(SymbolTable(raw, imageBase: 0x1000))
            #expect(table.find(0x100F) == nil)
            #expect(table.find(0xFFF) == nil)
            let first = try #require(table.find(0x103F))
            #expect(String(decoding: first.name, as: UTF8.self) == "first" && first.offset == 0x2F)
            let second = try #require(table.find(0x1044))
            #expect(String(decoding: second.name, as: UTF8.self) == "second" && second.offset == 4)
            #expect(SymbolTable(UnsafeRawBufferPointer(rebasing: raw[0..<12]), imageBase: 0) == nil)
        }
    }
}
