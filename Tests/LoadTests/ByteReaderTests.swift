import JaxPlatform
import Testing
@testable import JaxLoad

@Suite struct ByteReaderTests {
    private func read<Value>(_ bytes: [UInt8], _ body: (inout ByteReader) throws -> Value) rethrows -> Value {
        try bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            return try body(&reader)
        }
    }

    @Test func variableWidthIntegers() throws {
        try read([0x0F]) { #expect(try $0.varint("n") == 7) }
        try read([0x02, 0x04]) { #expect(try $0.varint("n") == 0x100) }
        try read([0x00, 1, 0, 0, 0, 0, 0, 0, 0x40]) { #expect(try $0.varint("n") == 1 << 62 | 1) }
        try read([0x07]) { #expect(try $0.signedVarint("n") == -2) }
        read([0x00, 1, 0, 0, 0, 0, 0, 0, 0x80]) { reader in
            #expect(throws: JaxError.self) { try reader.varint("n") }
        }
    }

    @Test func errorsNameTheOffset() {
        read([1, 2, 3]) { reader in
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
        read([0, 0, 0]) { reader in
            #expect(throws: JaxError.self) {
                try reader.skip(1, "a byte")
                try reader.align(to: 8)
            }
            #expect(throws: JaxError.self) { try reader.align(to: 3) }
        }
    }
}
