import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import Testing
@testable import JaxSave

/// What programs made by hand become.
@Suite struct WriterTests {
    private func results(_ module: Module, _ arguments: [Float]) throws -> [Float] {
        let tensor = try Tensor(TensorType(.f32, [arguments.count]))
        for (index, value) in arguments.enumerated() { tensor.elements(as: Float.self)[index] = value }
        let main = try #require(module.function(named: "main"))
        let result = try EvaluationPlan(module).call(main, [.tensor(tensor)])[0].asTensor()
        return withExtendedLifetime(result) { Array(result.elements(as: Float.self)) }
    }

    @Test func numbersAsTheReaderHasThem() throws {
        let numbers = [0, 1, 127, 128, 16383, 16384, 1 << 20, 1 << 34, 1 << 48, 1 << 55, 1 << 56, Int.max]
        var writer = ByteWriter()
        for number in numbers {
            writer.varint(number)
            writer.signedVarint(number)
            writer.signedVarint(-number)
            writer.varint(number >> 1, flag: true)
        }
        writer.signedVarint(Int.min)
        try writer.bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            for number in numbers {
                #expect(try reader.varint("number") == number)
                #expect(try reader.signedVarint("number") == number)
                #expect(try reader.signedVarint("number") == -number)
                let (value, flag) = try reader.flaggedVarint("number")
                #expect(value == number >> 1 && flag)
            }
            #expect(try reader.signedVarint("number") == Int.min)
            #expect(reader.isEmpty)
        }
    }

    @Test func entriesOccurOnce() {
        var table = InternTable()
        for round in 0..<2 {
            for number in 0..<1000 {
                let bytes = [UInt8](repeating: UInt8(number & 255), count: number / 256 + 1)
                #expect(table.index(of: bytes) == number, "\(round)")
            }
        }
        #expect(table.index(of: [7], tag: 1) == 1000)
        #expect(table[7] == [7])
        #expect(table.count == 1001)
    }

    @Test func functionsOfCHLO() throws {
        for name in ["acos", "acosh", "asin", "asinh", "atanh", "cosh", "erf", "sinh"] {
            try roundTrip(try program("main = { lambda ; a:f32[3]. let b:f32[3] = \(name) a in (b,) }"), name)
        }
        try roundTrip(try program("main = { lambda ; a:bf16[2,7]. let b:bf16[2,3] c:i32[2,3] = top_k[k=3] a in (b, c) }"))
        let smallest = try program("main = { lambda ; a:f32[7]. let b:f32[3] c:i32[3] = top_k[k=3 largest=False] a in (b, c) }")
        refuses("top_k of the smallest") { () throws(JaxError) in _ = try bytecode(of: smallest) }
    }

    @Test(arguments: ["atan", "erfc"]) func expansions(_ name: String) throws {
        let module = try program("""
            main = { lambda ; a:f32[9]. let
                b:f32[9] = \(name) a
                c:bool[] = constant[True]
                d:f32[9] = if c
                  { lambda ; . let e:f32[9] = \(name) b in (e,) }
                  { lambda ; . let in (b,) }
              in (d,) }
            """)
        let again = try loadModule(try bytecode(of: module))
        try verify(again)
        #expect(!again.text().contains(name + " "))
        let x: [Float] = [-9, -1, -0.3, 0, 0.3, 1, 9, .infinity, .nan]
        for (value, expected) in zip(try results(again, x), try results(module, x)) {
            #expect(value.isNaN == expected.isNaN && !(abs(value - expected) > 2e-6 * abs(expected)), "\(value), not \(expected)")
        }
    }

    @Test func whatProgramsDoNotSayIsVHLOsDefault() throws {
        // Made by hand, without the precision, the accuracy and the layouts that a producer would say.
        let module = try program("""
            main = { lambda ; a:f32[2,3] b:f32[3,2]. let
                c:f32[2,2] = dot_general[lhs_contracting_dimensions=(1,) rhs_contracting_dimensions=(0,)] a b
                d:f32[2,2] = exponential c
                e:f32[2,2] = custom_call[call_target_name='mystery'] d
              in (e,) }
            """)
        let again = try loadModule(try bytecode(of: module))
        #expect(again.text() == module.text())
    }

    @Test func structuredOperationsAreNamed() throws {
        for (name, text) in [
            ("fori_loop", "main = { lambda ; a:i32[] b:f32[]. let c:f32[] = fori_loop a a b { lambda ; i:i32[] x:f32[]. let in (x,) } in (c,) }"),
            ("named_call", "main = { lambda ; b:f32[]. let c:f32[] = named_call[name='f'] b { lambda ; x:f32[]. let in (x,) } in (c,) }"),
            ("checkpoint", "main = { lambda ; b:f32[]. let c:f32[] = checkpoint b { lambda ; x:f32[]. let in (x,) } in (c,) }"),
        ] {
            let module = try program(text)
            refuses(name + " is not written") { () throws(JaxError) in _ = try bytecode(of: module) }
        }
    }

    // MARK: Hostile modules

    @Test func locationsInThemselves() throws {
        let module = try program("main = { lambda ; a:f32[]. let b:f32[] = negate a in (b,) }")
        let id = module.locations.add(.unknown), other = module.locations.add(.name("f", id))
        module.locations.define(id, as: .callSite(callee: other, caller: id))
        var chain = id
        for _ in 0..<10_000 { chain = module.locations.add(.name("g", chain)) }
        let function = Function(name: "located")
        let builder = Builder(function)
        for location in [id, other, chain, LocationID(Int32.max), LocationID(-5)] {
            builder.location = location
            _ = try builder.constant(1, TensorType(.f32, []))
        }
        builder.finish([])
        try module.add(function)
        try verify(module)
        let again = try loadModule(try bytecode(of: module))
        #expect(again.locations.locations.count < 200)
    }

    @Test func regionsWithoutEnd() throws {
        let builder = Builder(Function(name: "main"))
        func nest(_ depth: Int) throws(JaxError) -> ValueID {
            let condition = try builder.constant(1, TensorType(.i1, []))
            let branches = try (0..<2).map { (branch: Int) throws(JaxError) in
                try builder.region([]) { builder, _ throws(JaxError) in
                    [branch == 0 && depth > 0 ? try nest(depth - 1) : try builder.constant(1, TensorType(.f32, []))]
                }
            }
            return try builder.one(.if, [condition], regions: branches)
        }
        builder.finish([try nest(120)])
        let module = Module()
        try module.add(builder.function)
        try verify(module)
        refuses("nested deeper than") { () throws(JaxError) in _ = try bytecode(of: module) }
    }

    @Test func attributesWithoutEnd() throws {
        // Each level names the one below a thousand times.
        var list = Attribute.integers(Array(0..<1000))
        for _ in 0..<6 { list = .array(Array(repeating: list, count: 1000)) }
        var deep = Attribute.unit
        for _ in 0..<100 { deep = .array([deep]) }
        for (attribute, kind, text) in [(list, JaxError.Kind.resourceExhausted, "too many parts"), (deep, .notImplemented, "nested deeper"),
                                        (.opaque("a secret"), .notImplemented, "a secret"), (.enumeration("LT"), .notImplemented, "LT")] {
            let module = try program("main = { lambda ; a:f32[]. let b:f32[] = negate a in (b,) }")
            let builder = Builder(Function(name: "hinted"))
            let x = builder.parameter(.tensor(TensorType(.f32, [])))
            builder.finish(try builder.emit(.negate, [x], annotations: Attributes([NamedAttribute("hint", attribute)])))
            try module.add(builder.function)
            try verify(module)
            refuses(text, kind) { () throws(JaxError) in _ = try bytecode(of: module) }
        }
    }
}
