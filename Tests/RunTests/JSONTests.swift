import JaxPlatform
import JaxRun
import Testing

@Suite struct JSONTests {
    @Test func readsWhatItWrites() throws {
        let text = #"{"program": "p", "args": ["a", "b\n\u0001\"\\"], "limits": {"memory": 1048576, "time": -1}, "x": [null, true, false, 1.5]}"#
        #expect(try JSON(parsing: text).description == text)
    }

    @Test func decodesEscapes() throws {
        #expect(try JSON(parsing: #""é😀\t\/""#).string == "é😀\t/")
    }

    @Test(arguments: ["", "{", "[1,]", "{\"a\" 1}", "\"abc", "\"\u{1}\"", "nul", "1 2", "\"\\ud800\"", "{\"a\":1,}", "--1"])
    func refuses(_ text: String) {
        do throws(JaxError) {
            _ = try JSON(parsing: text)
            Issue.record("accepted \(text)")
        } catch {
            #expect(error.kind == .malformed)
            #expect(error.offset != nil)
        }
    }

    @Test func refusesDeepNesting() {
        let deep = String(repeating: "[", count: 10_000)
        #expect(throws: JaxError.self) { try JSON(parsing: deep) }
    }

    @Test func survivesMutation() {
        let seed = Array(#"{"program": "p", "args": ["a\u00e9", 12, -3.5e2], "out": []}"#.utf8)
        var state: UInt64 = 11
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<3 {
                state = state &* 6364136223846793005 &+ 1442695040888963407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 25)
            }
            _ = try? JSON(parsing: String(decoding: bytes, as: UTF8.self))
        }
    }
}
