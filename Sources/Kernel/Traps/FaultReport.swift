// A fault in words: one line for errors, and the full report for the log.
#if hasFeature(Embedded)
import Boot

extension FaultRecord: CustomStringConvertible {
    public var description: String { summary }

    /// "null dereference at address 0x10 in JaxOps.f(x:) + 0x24": the second line of an error.
    public var summary: String {
        var bytes: [UInt8] = []
        writeSummary { bytes.append($0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The function that faulted, with the offset.
    public var symbol: String {
        var bytes: [UInt8] = []
        write(instruction, to: { bytes.append($0) })
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(_ address: UInt64, to put: (UInt8) -> Void) {
        if let code, code.contains(address) { code.write(address, to: put) } else { Symbols.write(address, to: put) }
    }

    public func writeSummary(to put: (UInt8) -> Void) {
        kind.text.withUTF8Buffer { for byte in $0 { put(byte) } }
        if kind == .outOfMemory {
            for byte in ": ".utf8 { put(byte) }
            writeDecimal(address, to: put)
            for byte in " bytes refused".utf8 { put(byte) }
        } else if vector == 14 {
            for byte in " at address ".utf8 { put(byte) }
            writeHex(address, to: put)
        }
        for byte in " in ".utf8 { put(byte) }
        write(instruction, to: put)
        guard let code, !code.contains(instruction) else { return }
        for index in 0..<backtraceCount where code.contains(backtrace[index]) {
            for byte in ", called by ".utf8 { put(byte) }
            code.write(backtrace[index], to: put)
            return
        }
    }

    /// The report on the log: what, where, who, and the calls that led there. Allocates nothing.
    public func writeReport() {
        logText("fault ")
        logDecimal(sequence)
        logText(": ")
        writeSummary(to: logByte)
        logText("\n  vector ")
        logDecimal(UInt64(vector))
        logText(", error code ")
        logHex(errorCode)
        logText(", stack pointer ")
        logHex(stackPointer)
        logText(", processor ")
        logDecimal(UInt64(processor))
        logText(", task ")
        logDecimal(task)
        logText(", job ")
        logDecimal(job)
        if isInInterrupt { logText(", in an interrupt handler") }
        logText("\n")
        for index in 0..<backtraceCount {
            logText("    from ")
            write(backtrace[index], to: logByte)
            logText("\n")
        }
    }
}
#endif
