// What a ledger that differs holds more than before: `soak --explain` asks the machine for its blocks and names them by the
// symbol that their first word points to, which for a Swift object is its metadata.
import Foundation

struct Blocks {
    struct Block {
        let byteCount: Int
        let words: [UInt64]
    }

    private let blocks: [UInt64: Block]

    /// A line for each block: address, bytes, its first words, in hexadecimal digits.
    init(_ text: String) {
        var blocks: [UInt64: Block] = [:]
        for line in text.split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { UInt64($0, radix: 16) }
            guard numbers.count > 2 else { continue }
            blocks[numbers[0]] = Block(byteCount: Int(numbers[1]), words: Array(numbers[2...]))
        }
        self.blocks = blocks
    }

    /// The blocks that `self` has and `earlier` has not, a line each.
    func added(since earlier: Blocks, _ symbols: ImageSymbols) -> [String] {
        var lines: [String] = []
        for (address, block) in blocks.sorted(by: { $0.key < $1.key }) {
            let before = earlier.blocks[address]
            // The same place may hold another object now; its count of references may have changed.
            if let before, before.byteCount == block.byteCount, before.words[0] == block.words[0] { continue }
            var line = "0x\(String(address, radix: 16)) \(block.byteCount) bytes: \(symbols.name(block.words[0]))"
            for word in block.words.dropFirst() { line += " " + String(word, radix: 16) }
            let characters = block.words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
            line += "  " + String(decoding: characters.map { (32..<127).contains($0) ? $0 : 46 }, as: UTF8.self)
            lines.append(line)
        }
        return lines
    }
}

/// The symbols of the image, from `nm`.
struct ImageSymbols {
    private var list: [(address: UInt64, name: String)] = []

    init(image: String) {
        let process = Process(), pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["nm", "-n", image]
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count == 3, let address = UInt64(fields[0], radix: 16) { list.append((address, String(fields[2]))) }
        }
    }

    /// "symbol + offset", or the digits where there is none near.
    func name(_ word: UInt64) -> String {
        let index = list.partitioningIndex { $0.address > word }
        guard index > 0, word - list[index - 1].address < 4096 else { return String(word, radix: 16) }
        return list[index - 1].name + (word == list[index - 1].address ? "" : " + \(word - list[index - 1].address)")
    }
}

extension Array {
    /// The first index whose element satisfies `predicate`, which holds for all elements from there on.
    func partitioningIndex(_ predicate: (Element) -> Bool) -> Int {
        var low = 0, high = count
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
