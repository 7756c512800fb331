// The parameters of a native function, read from their text: "a axis? *rest **options". Every call binds its arguments by them, so
// that reading takes no memory; a name becomes a string where somebody asks for it.

struct ParameterList {
    private let text: StaticString
    /// Those that have a place of their own.
    private(set) var count = 0
    /// A bit for each of those that may be left out.
    private var optional: UInt64 = 0
    /// Whether there is one that takes the positional arguments that are left, and one that takes all other keywords.
    private(set) var hasRest = false, hasOptions = false

    init(_ text: StaticString) {
        self.text = text
        ParameterList.forEachWord(of: text) { word in
            if word[0] == UInt8(ascii: "*") {
                if word.count > 1, word[1] == UInt8(ascii: "*") { hasOptions = true } else { hasRest = true }
                return
            }
            if word[word.count - 1] == UInt8(ascii: "?") { optional |= 1 << UInt64(count) }
            count += 1
        }
    }

    func isOptional(_ index: Int) -> Bool { optional >> UInt64(index) & 1 != 0 }

    /// How many of them positional arguments may take. Before a '*' parameter there are only such without '?'; those with one are
    /// keywords then.
    var positionalCount: Int { hasRest ? min(count, optional.trailingZeroBitCount) : count }

    func name(_ index: Int) -> String {
        var text = ""
        forEachName { if $0 == index { text = String(decoding: $1, as: UTF8.self) } }
        return text
    }

    func index(of name: String) -> Int? {
        var found: Int?
        forEachName { if $1.elementsEqual(name.utf8) { found = $0 } }
        return found
    }

    private func forEachName(_ body: (Int, UnsafeBufferPointer<UInt8>) -> Void) {
        var index = 0
        ParameterList.forEachWord(of: text) { word in
            if word[0] == UInt8(ascii: "*") { return }
            body(index, isOptional(index) ? UnsafeBufferPointer(rebasing: word.dropLast()) : word)
            index += 1
        }
    }

    @inline(__always)
    private static func forEachWord(of text: StaticString, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        var start = 0
        for end in 0...bytes.count where end == bytes.count || bytes[end] == UInt8(ascii: " ") {
            if end > start { body(UnsafeBufferPointer(rebasing: bytes[start..<end])) }
            start = end + 1
        }
    }
}
