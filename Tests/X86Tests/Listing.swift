// Instructions with the text that a disassembler should give for them. GNU objdump reads the code in one run and is compared line by
// line; GNU as, given the same text, says how short an instruction can be.
import Foundation
import Testing
import X86Assembler

struct Listing {
    var assembler = Assembler()
    /// Bound at the first byte: instructions relative to it go backward.
    let start: Label
    /// Bound behind the last instruction.
    let end: Label
    private var lines: [(offset: Int, text: String, isPadding: Bool)] = []

    init() {
        start = assembler.makeLabel()
        end = assembler.makeLabel()
        assembler.bind(start)
    }

    /// `isPadding` says that the instruction is longer than it need be.
    mutating func add(_ text: String, isPadding: Bool = false, _ emit: (inout Assembler) -> Void) {
        lines.append((assembler.offset, text, isPadding))
        emit(&assembler)
    }

    /// What is not as expected. `START` and `END` in a text stand for the places of the labels.
    mutating func differences() throws -> [String] {
        let endOffset = assembler.offset
        assembler.bind(end)
        let read = try disassemble(assembler.finish())
        let shortest = try assembledLengths(lines.map { line in
            // An address relative to the instruction pointer is as long as any; as has no label for it.
            line.text.replacing("[START]", with: "[rip+0x1000]").replacing("[END]", with: "[rip+0x1000]")
        })
        var result: [String] = []
        for (index, line) in lines.enumerated() {
            let next = index + 1 < lines.count ? lines[index + 1].offset : endOffset
            let text = line.text.replacing("START", with: "0x0").replacing("END", with: "0x" + String(endOffset, radix: 16))
            guard let got = read[line.offset] else {
                result.append("\(line.text): nothing begins at \(line.offset)")
                continue
            }
            if got.text != text { result.append("\(text) reads as \(got.text)  [\(got.bytes)]") }
            if line.offset + got.length != next { result.append("\(text) has \(next - line.offset) bytes, \(got.length) for objdump") }
            if let length = shortest[index], length < next - line.offset, !line.isPadding {
                result.append("\(text) has \(next - line.offset) bytes, \(length) for as")
            }
        }
        return result
    }

    var count: Int { lines.count }
}

/// Fails with the first differences.
func report(_ listing: inout Listing) throws {
    let count = listing.count
    let differences = try listing.differences()
    #expect(differences.isEmpty, "\(differences.count) for \(count): \(differences.prefix(20).joined(separator: "\n"))")
}

private struct ReadLine {
    let length: Int
    let bytes: String
    let text: String
}

private func run(_ tool: String, _ arguments: [String]) throws -> String {
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/" + tool)
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus != 0 { throw ToolFailure(tool: tool) }
    return text
}

/// What the tool complains of stands in the test's output.
private struct ToolFailure: Error {
    let tool: String
}

private func withTemporaryFile<R>(_ suffix: String, _ body: (URL) throws -> R) rethrows -> R {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + suffix)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file)
}

private func parse(_ output: String) -> [Int: ReadLine] {
    var result: [Int: ReadLine] = [:]
    for line in output.split(separator: "\n") {
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard parts.count >= 2, let offset = Int(parts[0].trimmingCharacters(in: [" ", ":"]), radix: 16) else { continue }
        let bytes = parts[1].trimmingCharacters(in: [" "])
        let text = parts.count > 2 ? normalised(String(parts[2])) : ""
        result[offset] = ReadLine(length: bytes.split(separator: " ").count, bytes: bytes, text: text)
    }
    return result
}

/// One space only, and the target of an address in place of its distance.
private func normalised(_ text: String) -> String {
    let halves = text.split(separator: "#", maxSplits: 1)
    var words = halves[0].split(separator: " ").joined(separator: " ")
    if halves.count > 1, let from = words.range(of: "[rip"), let to = words.range(of: "]", range: from.upperBound..<words.endIndex) {
        words.replaceSubrange(from.lowerBound..<to.upperBound, with: "[" + halves[1].trimmingCharacters(in: [" "]) + "]")
    }
    return words
}

private func disassemble(_ code: [UInt8]) throws -> [Int: ReadLine] {
    try withTemporaryFile(".bin") { file in
        try Data(code).write(to: file)
        return parse(try run("objdump", ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "-w", file.path]))
    }
}

/// The length of each text as `as` encodes it; nothing for jumps, whose targets it does not know.
private func assembledLengths(_ texts: [String]) throws -> [Int?] {
    try withTemporaryFile(".s") { source in
        try withTemporaryFile(".o") { object in
            // Every instruction begins at a multiple of 16.
            // Between registers as would choose the store's opcode where that is shorter.
            let lines = texts.map { "{load} " + ($0.contains("START") || $0.contains("END") ? "ud2" : $0) + "\n.balign 16,0xcc\n" }
            try (".intel_syntax noprefix\n" + lines.joined()).write(to: source, atomically: true, encoding: .utf8)
            _ = try run("as", ["--64", "-o", object.path, source.path])
            let read = parse(try run("objdump", ["-d", "-M", "intel", "-w", object.path]))
            return texts.indices.map { texts[$0].contains("START") || texts[$0].contains("END") ? nil : read[$0 * 16]?.length }
        }
    }
}
