// The kernel's command line: words separated by spaces, "name" or "name=value".
#if hasFeature(Embedded)
import Boot

public enum CommandLine {
    nonisolated(unsafe) private static var words: [String] = []

    static func start(_ info: UnsafePointer<boot_info>) {
        words = split(String(cString: boot_get_command_line(info)))
    }

    public static func has(_ word: String) -> Bool { words.contains { $0 == word } }

    /// The text after "name=" of the last word that has it.
    public static func value(_ name: String) -> String? {
        let prefix = Array((name + "=").utf8)
        var found: String?
        for word in words {
            let bytes = Array(word.utf8)
            guard bytes.count >= prefix.count, bytes[..<prefix.count].elementsEqual(prefix) else { continue }
            found = String(decoding: bytes[prefix.count...], as: UTF8.self)
        }
        return found
    }
}
#endif

/// The words of a text, at spaces.
func split(_ text: String) -> [String] {
    var words: [String] = []
    var word: [UInt8] = []
    for byte in text.utf8 {
        if byte == 32 {
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word = []
        } else {
            word.append(byte)
        }
    }
    if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
    return words
}
