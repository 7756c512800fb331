import Foundation
import JaxIR
@testable import JaxLoad
import JaxOps
import JaxPlatform
import Testing

@Suite struct ProgramTextTests {
    /// What is printed of every fixture is read back as the same program.
    @Test func fixturesComeBack() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        var count = 0
        for file in try FileManager.default.contentsOfDirectory(at: folder,
                                                                includingPropertiesForKeys: nil) where file.pathExtension == "jaxexp" {
            let module = try loadArtifact([UInt8](try Data(contentsOf: file))).module()
            let text = module.text(.complete)
            #expect(try parseProgram(text).text(.complete) == text, "\(file.lastPathComponent)")
            count += 1
        }
        #expect(count > 5)
    }

    /// Every kind of attribute, element and annotation.
    @Test func everythingThatIsWritten() throws {
        let text = """
            # module 'a module'{mhlo.num_partitions=1:i32}
            # mesh grid: x=2 y=4
            private f.1{note='it\\'s'} = { lambda ; a:f32[2,?]{sdy.sharding=opaque'x'} b:token. let
                c:f32[2,?] = negate{kept=unit, list=[1, (2, 3), (True,), f32[2], @f.1, NAME, (f32[], token)], x=0x7ff8000000000001, l=i8[2]{1, -2}} a
              in (c, b) {jax.result_info='r'} {} }
            main = { lambda ;. let
                a:f32[4] = constant[1.0, -0.0, inf, 0x7fc00001]
                b:bf16[2] = constant[nan, 1.5]
                c:c64[2] = constant[(1.0+-2.5j), (1e+20+nanj)]
                d:bool[3] = constant[True everywhere]
                e:f8E4M3FN[2] = constant[0x38, 0xff]
                f:i64[0] = constant[]
                g:u64[] = constant[18446744073709551615]
                h:f64[1] = constant[0.1]
                i:i4[2] = constant[-8, 7]
                custom_call[call_target_name='nothing' has_side_effect=True] a b
              in () }

            """
        #expect(try parseProgram(text).text(.complete) == text)
    }

    @Test func typesFollowWhereTheyAreLeftOut() throws {
        let module = try parseProgram("""
            main = { lambda ; a:f32[2,3]. let
                b = transpose[permutation=(1, 0)] a
                c d = named_call[name='pair'] b
                  { lambda ; x:f32[3,2]. let
                    in (x, x) }
              in (c, d) }
            """)
        try verify(module)
        #expect(module.functions[0].resultTypes.map { $0.description } == ["f32[3,2]", "f32[3,2]"])
    }

    @Test(arguments: [
        ("main = { lambda ; a:f33[]. let in (a,) }", "there is no type f33", 20),
        ("main = { lambda ; a:f32[]. let in (b,) }", "the value b is not defined", 35),
        ("main = { lambda ; a:f32[]. let\n b = sum a\n in (b,) }", "there is no operation sum", 32),
        ("main = { lambda ; a:f32[]. let\n b = reverse a\n in (b,) }", "the attribute dimensions is missing", 32),
        ("main = { lambda ; a:f32[]. let\n b = negate[x=1] a\n in (b,) }", "negate has no parameter x", 32),
        ("main = { lambda ;. let\n b:f32[2] = constant[1.0]\n in (b,) }", "expected 2 elements", 48),
    ])
    func mistakesAreNamed(_ text: String, _ message: String, _ offset: Int) {
        let error = #expect(throws: JaxError.self) { try parseProgram(text) }
        #expect(error?.message.contains(message) == true && error?.offset == offset, "\(String(describing: error))")
    }

    @Test func deepTextIsRefused() {
        #expect(throws: JaxError.self) { try parseProgram("# module m{a=" + String(repeating: "[", count: 10_000)) }
        #expect(throws: JaxError.self) {
            try parseProgram("f = { lambda ;. let\n" + String(repeating: "named_call[name='x']\n{ lambda ;. let\n", count: 10_000))
        }
    }
}
