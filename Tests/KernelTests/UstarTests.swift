import Kernel
import Testing

/// One archive member as `tar --format=ustar` writes it.
private func member(_ name: String, _ content: [UInt8], prefix: String = "", kind: UInt8 = 0x30) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) { header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
    let size = String(content.count, radix: 8)
    put(name, 0)
    put(String(repeating: "0", count: 11 - size.count) + size, 124)
    put("        ", 148)
    header[156] = kind
    put("ustar", 257)
    put("00", 263)
    put(prefix, 345)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", 148)
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
}

private func names(_ archive: [UInt8]) -> [String] { archive.withUnsafeBytes { UstarArchive($0).entries.map(\.name) } }

@Suite struct UstarTests {
    @Test func plainFilesAreFound() {
        let archive = member("a.npy", [1, 2, 3]) + member("folder/", [], kind: 0x35)
            + member("b", [UInt8](repeating: 7, count: 512), prefix: "models")
            + [UInt8](repeating: 0, count: 1024)
        archive.withUnsafeBytes { bytes in
            let entries = UstarArchive(bytes).entries
            #expect(entries.map(\.name) == ["a.npy", "models/b"])
            #expect(Array(entries[0].bytes) == [1, 2, 3])
            #expect(entries[1].bytes.count == 512)
        }
    }

    @Test func whatDoesNotFitIsLeftOut() {
        let whole = member("a", [1]) + member("b", [UInt8](repeating: 1, count: 600))
        #expect(names(Array(whole.dropLast(500))) == ["a"])
        var damaged = whole
        damaged[5] ^= 1
        #expect(names(damaged) == [])
        #expect(names([UInt8](repeating: 0xFF, count: 2048)) == [])
    }
}
