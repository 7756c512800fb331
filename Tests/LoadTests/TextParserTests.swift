import JaxIR
import JaxPlatform
import Testing
@testable import JaxLoad

@Suite struct TextParserTests {
    private func attribute(_ text: String) throws -> String {
        let bytes = Array(text.utf8) + [0]
        return try bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            return try TextParser.attribute(&reader).text()
        }
    }

    @Test(arguments: [
        ("42 : i32", "42"), ("-1", "-1"), ("1.5e-3 : f32", "0.0015"), ("\"a\\22b\\0A\"", "'a\"b\\n'"), ("@main", "@main"),
        ("true", "True"), ("unit", "unit"), ("[1, [2]]", "[1, [2]]"), ("{a = 1, \"b c\" = \"x\", d}", "{a=1, 'b c'='x', d=unit}"),
        ("tensor<2x?xbf16>", "bf16[2,?]"), ("tensor<complex<f32>>", "c64[]"), ("dense<[[1, 2], [3, 4]]> : tensor<2x2xi64>", "(1, 2, 3, 4)"),
        ("dense<0> : tensor<3xi64>", "(0, 0, 0)"), ("dense<true> : tensor<2xi1>", "(True, True)"), ("dense<> : tensor<0xi64>", "()"),
        ("array<i64: 1, 2>", "(1, 2)"), ("array<i1: true>", "(True,)"), ("array<i64>", "()"),
        ("#stablehlo<comparison_direction LT>", "LT"), ("#vhlo<precision_v1 HIGH>", "HIGH"),
        ("(tensor<2xf32>, !stablehlo.token) -> tensor<i1>", "((f32[2], token), (bool[]))"),
        // Kept as they are.
        ("#sdy.sharding<@mesh, []>", "opaque'#sdy.sharding<@mesh, []>'"),
            ("dense<1> : tensor<9999999999xi64>", "opaque'dense<1> : tensor<9999999999xi64>'"),
        ("[1, 2", "opaque'[1, 2'"), ("", "opaque''"), ("\"open", "opaque'\"open'"), ("1 2", "opaque'1 2'"),
    ])
    func attributesAsText(_ text: String, _ expected: String) throws {
        #expect(try attribute(text) == expected)
    }

    @Test func deepTextIsRefused() {
        #expect(throws: JaxError.self) { try attribute(String(repeating: "[", count: 10_000)) }
    }
}
