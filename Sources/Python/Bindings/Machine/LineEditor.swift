// The prompt's lines: typed, edited, completed and remembered. Text is UTF-8; a line is edited by characters, each as wide as the
// terminal shows it. The terminal is a VT100.
import PythonPort

public struct LineEditor {
    /// What was typed: a statement of one or more lines, or pasted text.
    public struct Statement {
        public let text: [UInt8]
        public let isPaste: Bool
    }

    /// The console, and the names that may follow a text: what to add, nil where possible names were written instead.
    public struct Terminal {
        let read: () -> UInt8
        let write: (UnsafeBufferPointer<UInt8>) -> Void
        let complete: ([UInt8]) -> [UInt8]?

        public init(read: @escaping () -> UInt8, write: @escaping (UnsafeBufferPointer<UInt8>) -> Void,
                    complete: @escaping ([UInt8]) -> [UInt8]?) {
            self.read = read
            self.write = write
            self.complete = complete
        }
    }

    private enum LineEnd {
        case entered, interrupted, ended, paste
    }

    private static let historySize = 100
    private static let indent = 4

    private var history: [[Unicode.Scalar]] = []
    // The line that is being edited.
    private var line: [Unicode.Scalar] = []
    private var cursor = 0
    private var prompt: StaticString = ""
    /// Lines of the statement before this one.
    private var before: [UInt8] = []
    private var historyPlace = 0
    private var unfinished: [Unicode.Scalar] = []

    public init() {}

    /// The next statement; nil at Ctrl-D on an empty line.
    public mutating func readStatement(_ terminal: Terminal) -> Statement? {
        while true {
            before = []
            var end = readLine(">>> ", terminal)
            var text = encode(line)
            while end == .entered && Interpreter.wantsMore(text) {
                text.append(UInt8(ascii: "\n"))
                before = text
                end = readLine("... ", terminal)
                // A last line of indentation only counts as empty: it ends the block.
                if line.contains(where: { $0 != " " }) { text += encode(line) }
                if end == .ended {
                    end = .entered
                    break
                }
            }
            switch end {
            case .entered:
                if !text.isEmpty { return Statement(text: text, isPaste: false) }
            case .ended:
                put("\r\n", terminal)
                return nil
            case .paste:
                if let pasted = readPaste(terminal) { return Statement(text: pasted, isPaste: true) }
                put("KeyboardInterrupt\r\n", terminal)
            case .interrupted:
                put("\r\nKeyboardInterrupt\r\n", terminal)
            }
        }
    }

    // MARK: One line

    private mutating func readLine(_ prompt: StaticString, _ terminal: Terminal) -> LineEnd {
        self.prompt = prompt
        line = indentation()
        cursor = line.count
        historyPlace = history.count
        unfinished = []
        put(prompt, terminal)
        put(encode(line), terminal)
        while true {
            let byte = terminal.read()
            let isEmpty = line.isEmpty && before.isEmpty
            switch byte {
            case 3: return .interrupted
            case 4 where line.allSatisfy({ $0 == " " }): return .ended
            case 5 where isEmpty: return .paste
            case 10, 13:
                put("\r\n", terminal)
                remember()
                return .entered
            case 27: escape(terminal)
            default: control(byte, terminal)
            }
        }
    }

    private mutating func control(_ byte: UInt8, _ terminal: Terminal) {
        switch byte {
        case 1: move(to: 0, terminal)
        case 2: move(to: cursor - 1, terminal)
        case 4: delete(cursor..<min(cursor + 1, line.count), terminal)
        case 5: move(to: line.count, terminal)
        case 6: move(to: cursor + 1, terminal)
        case 8, 127: deleteBackwards(terminal)
        case 9: complete(terminal)
        case 11: delete(cursor..<line.count, terminal)
        case 14: recall(historyPlace + 1, terminal)
        case 16: recall(historyPlace - 1, terminal)
        case 21: delete(0..<cursor, terminal)
        case 23: delete(startOfWord()..<cursor, terminal)
        case 32...: if let character = readCharacter(byte, terminal) { insert([character], terminal) }
        default: break
        }
    }

    /// ESC [ … and ESC O …: arrows, home, end, delete. ESC b and ESC f: a word to the left and to the right.
    private mutating func escape(_ terminal: Terminal) {
        let first = terminal.read()
        if first == UInt8(ascii: "b") { return move(to: startOfWord(), terminal) }
        if first == UInt8(ascii: "f") { return move(to: endOfWord(), terminal) }
        guard first == UInt8(ascii: "[") || first == UInt8(ascii: "O") else { return }
        var number = 0, byte = terminal.read()
        while byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte == UInt8(ascii: ";") {
            number = byte == UInt8(ascii: ";") ? 0 : min(number * 10 + Int(byte - UInt8(ascii: "0")), 99)
            byte = terminal.read()
        }
        switch byte {
        case UInt8(ascii: "A"): recall(historyPlace - 1, terminal)
        case UInt8(ascii: "B"): recall(historyPlace + 1, terminal)
        case UInt8(ascii: "C"): move(to: number == 5 ? endOfWord() : cursor + 1, terminal)
        case UInt8(ascii: "D"): move(to: number == 5 ? startOfWord() : cursor - 1, terminal)
        case UInt8(ascii: "H"): move(to: 0, terminal)
        case UInt8(ascii: "F"): move(to: line.count, terminal)
        case UInt8(ascii: "~") where number == 1 || number == 7: move(to: 0, terminal)
        case UInt8(ascii: "~") where number == 4 || number == 8: move(to: line.count, terminal)
        case UInt8(ascii: "~") where number == 3: delete(cursor..<min(cursor + 1, line.count), terminal)
        default: break
        }
    }

    /// A character whose first byte is given; nil for what is no UTF-8.
    private func readCharacter(_ first: UInt8, _ terminal: Terminal) -> Unicode.Scalar? {
        if first < 0x80 { return Unicode.Scalar(first) }
        let count = first >= 0xF0 && first < 0xF8 ? 3 : first >= 0xE0 ? 2 : 1
        guard first >= 0xC2, first < 0xF5 else { return nil }
        var value = UInt32(first) & (0x3F >> UInt32(count))
        for _ in 0..<count {
            let next = terminal.read()
            guard next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3F)
        }
        return Unicode.Scalar(value)
    }

    // MARK: Changes

    private mutating func insert(_ characters: [Unicode.Scalar], _ terminal: Terminal) {
        line.insert(contentsOf: characters, at: cursor)
        cursor += characters.count
        put(encode(characters), terminal)
        redrawRest(terminal)
    }

    private mutating func delete(_ range: Range<Int>, _ terminal: Terminal) {
        if range.isEmpty { return }
        move(to: range.lowerBound, terminal)
        line.removeSubrange(range)
        put("\u{1b}[K", terminal)
        redrawRest(terminal)
    }

    /// One character; of an indentation, down to the next step.
    private mutating func deleteBackwards(_ terminal: Terminal) {
        guard cursor > 0 else { return }
        var count = 1
        if line[..<cursor].allSatisfy({ $0 == " " }) { count = (cursor - 1) % LineEditor.indent + 1 }
        delete(cursor - count..<cursor, terminal)
    }

    private mutating func complete(_ terminal: Terminal) {
        // At the beginning of a line a tabulator indents.
        if line[..<cursor].allSatisfy({ $0 == " " }) && prompt.utf8CodeUnitCount > 0 && !before.isEmpty {
            let count = LineEditor.indent - cursor % LineEditor.indent
            return insert([Unicode.Scalar](repeating: " ", count: count), terminal)
        }
        guard let completion = terminal.complete(encode(line[..<cursor])) else {
            // The names were written below: the line once more.
            put(prompt, terminal)
            put(encode(line), terminal)
            moveBack(width(line[cursor...]), terminal)
            return
        }
        insert(Array(String(decoding: completion, as: UTF8.self).unicodeScalars), terminal)
    }

    private mutating func recall(_ place: Int, _ terminal: Terminal) {
        guard place >= 0, place <= history.count, place != historyPlace else { return }
        if historyPlace == history.count { unfinished = line }
        historyPlace = place
        move(to: 0, terminal)
        put("\u{1b}[K", terminal)
        line = place == history.count ? unfinished : history[place]
        cursor = line.count
        put(encode(line), terminal)
    }

    private mutating func remember() {
        guard line.contains(where: { $0 != " " }), history.last != line else { return }
        history.append(line)
        if history.count > LineEditor.historySize { history.removeFirst() }
    }

    // MARK: Places

    private mutating func move(to place: Int, _ terminal: Terminal) {
        let place = min(max(place, 0), line.count)
        if place < cursor { moveBack(width(line[place..<cursor]), terminal) } else { put(encode(line[cursor..<place]), terminal) }
        cursor = place
    }

    private func startOfWord() -> Int {
        var place = cursor
        while place > 0 && !isWord(line[place - 1]) { place -= 1 }
        while place > 0 && isWord(line[place - 1]) { place -= 1 }
        return place
    }

    private func endOfWord() -> Int {
        var place = cursor
        while place < line.count && !isWord(line[place]) { place += 1 }
        while place < line.count && isWord(line[place]) { place += 1 }
        return place
    }

    private func isWord(_ character: Unicode.Scalar) -> Bool {
        switch character {
        case "a"..."z", "A"..."Z", "0"..."9", "_": return true
        default: return character.value >= 0xAA
        }
    }

    /// Spaces for the line after `before`: as many as its last line has, more after a colon.
    private func indentation() -> [Unicode.Scalar] {
        let last = before.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).last ?? []
        let count = last.prefix { $0 == UInt8(ascii: " ") }.count
        let opens = last.last { $0 != UInt8(ascii: " ") } == UInt8(ascii: ":")
        return [Unicode.Scalar](repeating: " ", count: count + (opens ? LineEditor.indent : 0))
    }

    // MARK: Pasted text

    /// Takes text as it comes until Ctrl-D; nil on Ctrl-C.
    private func readPaste(_ terminal: Terminal) -> [UInt8]? {
        put("\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ", terminal)
        var text: [UInt8] = []
        while true {
            let byte = terminal.read()
            if byte == 3 || byte == 4 {
                put("\r\n", terminal)
                return byte == 4 ? text : nil
            }
            text.append(byte)
            if byte == 13 { put("\r\n=== ", terminal) } else { put([byte], terminal) }
        }
    }

    // MARK: The terminal

    private func put(_ text: StaticString, _ terminal: Terminal) {
        terminal.write(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private func put(_ bytes: [UInt8], _ terminal: Terminal) { bytes.withUnsafeBufferPointer { terminal.write($0) } }

    private func moveBack(_ columns: Int, _ terminal: Terminal) {
        if columns > 0 { put(Array("\u{1b}[\(columns)D".utf8), terminal) }
    }

    /// What stands behind the cursor, which stays.
    private func redrawRest(_ terminal: Terminal) {
        guard cursor < line.count else { return }
        put(encode(line[cursor...]), terminal)
        put("\u{1b}[K", terminal)
        moveBack(width(line[cursor...]), terminal)
    }

    private func encode(_ characters: some Sequence<Unicode.Scalar>) -> [UInt8] {
        var bytes: [UInt8] = []
        for character in characters { bytes += UTF8.encode(character)! }
        return bytes
    }

    private func width(_ characters: ArraySlice<Unicode.Scalar>) -> Int {
        var columns = 0
        for character in characters { columns += LineEditor.width(character) }
        return columns
    }

    /// Columns that a character takes: none for marks that combine, two for the wide ones of East Asia and for pictures.
    static func width(_ character: Unicode.Scalar) -> Int {
        switch character.value {
        case 0x300...0x36F, 0x483...0x489, 0x591...0x5BD, 0x610...0x61A, 0x64B...0x65F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF,
             0x200B...0x200F, 0x20D0...0x20FF, 0xFE00...0xFE0F, 0xFE20...0xFE2F, 0xE0100...0xE01EF: return 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
             0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD: return 2
        default: return 1
        }
    }
}
