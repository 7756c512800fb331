import JaxPlatform
import Testing
@testable import JaxLoad

@Suite struct ByteReaderTests {
    private func varint(_ bytes: [UInt8]) throws -> Int {
        try bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            return try reader.varint("number")
        }
    }

    private func signed(_ bytes: [UInt8]) throws -> Int {
        try bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            return try reader.signedVarint("number")
        }
    }

    @Test func variableWidthIntegers() throws {
        #expect(try varint([0x0F]) == 7)
        #expect(try varint([0x02, 0x04]) == 0x100)
        #expect(try varint([0x00, 1, 0, 0, 0, 0, 0, 0, 0x40]) == 1 << 62 | 1)
        #expect(try signed([0x07]) == -2)
        #expect(throws: JaxError.self) { try varint([0x00, 1, 0, 0, 0, 0, 0, 0, 0x80]) }
        #expect(throws: JaxError.self) { try varint([0x02]) }
    }

    @Test func errorsNameTheOffset() {
        [UInt8]([1, 2, 3]).withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            do throws(JaxError) {
                try reader.skip(2, "a header")
                _ = try reader.fixed(UInt32.self, "a word")
                Issue.record("expected an error")
            } catch {
                #expect(error.kind == .malformed)
                #expect(error.offset == 2)
                #expect(error.message == "expected 4 bytes of a word, but only 1 are left")
            }
        }
    }

    @Test func paddingStaysInside() {
        [UInt8](repeating: 0, count: 3).withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            #expect(throws: JaxError.self) {
                try reader.skip(1, "a byte")
                try reader.align(to: 8)
            }
            #expect(throws: JaxError.self) { try reader.align(to: 3) }
        }
    }
}

@Suite struct ValueScopeTests {
    @Test func regionsThatAnnounceMoreValuesThanThereAreNumbersAreRefused() throws {
        var scope = ValueScope()
        try scope.enter(reserving: Int.max, 0)
        try scope.enter(reserving: 1, 0)
        #expect(throws: JaxError.self) { try scope.enter(reserving: 1, 7) }
        #expect(scope.value(Int.max) == nil)
    }
}
