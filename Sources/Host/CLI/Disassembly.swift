// Machine code as text, by the host's objdump.
import Glibc
import JaxPlatform

enum Disassembly {
    /// The first `instructionBytes` of x86-64 code in Intel's syntax, a line an instruction, then the constants behind them as
    /// doublewords. Throws `fileNotFound` where the host has no objdump.
    static func lines(_ code: [UInt8], instructionBytes: Int) throws(JaxError) -> [String] {
        var template = Array("/tmp/barejax-code-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { throw fileError("/tmp") }
        close(file)
        let path = String(cString: template)
        defer { unlink(path) }
        var failure: JaxError?
        code.withUnsafeBytes { bytes in
            do throws(JaxError) { try writeFile(path, [bytes]) } catch { failure = error }
        }
        if let failure { throw failure }
        let text = try output(of: "objdump -D -b binary -m i386:x86-64 -M intel --stop-address=\(instructionBytes) \(path)")
        // Headings have no tabulator behind the address.
        var lines: [String] = []
        for line in text.split(separator: "\n") where line.contains(":\t") { lines.append(String(line)) }
        return lines + constants(code, from: instructionBytes)
    }

    /// What stands behind the instructions, from the first multiple of 4 on; breakpoints fill up to the first constant.
    private static func constants(_ code: [UInt8], from end: Int) -> [String] {
        var lines: [String] = [], place = (end + 3) & ~3
        while place + 4 <= code.count {
            let value = code[place..<place + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            if value != 0xCCCC_CCCC || !lines.isEmpty {
                let digits = String(value, radix: 16), address = String(place, radix: 16)
                lines.append(String(repeating: " ", count: max(0, 4 - address.count)) + address + ":\t.long 0x"
                             + String(repeating: "0", count: 8 - digits.count) + digits)
            }
            place += 4
        }
        return lines
    }

    private static func output(of command: String) throws(JaxError) -> String {
        guard let pipe = popen(command + " 2>&1", "r") else { throw JaxError(.internalError, "cannot start a shell") }
        var bytes: [UInt8] = [], piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&piece, 1, piece.count, pipe)
            if count == 0 { break }
            bytes += piece[..<count]
        }
        let status = pclose(pipe) >> 8 & 0xFF, text = String(decoding: bytes, as: UTF8.self)
        if status == 127 {
            throw JaxError(.fileNotFound, "objdump, which lists machine code, is not on this host: it is in the package binutils")
        }
        guard status == 0 else { throw JaxError(.internalError, "objdump ended with status \(status): " + text) }
        return text
    }
}
