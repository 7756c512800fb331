import JaxIR
import JaxOps
import JaxPlatform
import Testing

@Suite struct PrinterTests {
    /// main = a + b over f32[3], donated first argument, a constant and a location.
    private func module() throws -> Module {
        let module = Module(name: "jit_f")
        let builder = Builder(Function(name: "main"))
        let type = ValueType.tensor(TensorType(.f32, [3]))
        let a = builder.parameter(type), _ = builder.parameter(type)
        builder.function.parameterAttributes = [Attributes([NamedAttribute("tf.aliasing_output", .integer(0, .i32))]), Attributes()]
        let storage = try Storage(byteCount: 4)
        storage.bytes.storeBytes(of: 2.5, as: Float.self)
        let place = module.locations.add(.file(name: "f.py", line: 3, column: 7))
        let c = try builder.constant(Literal(type: TensorType(.f32, [3]), isSplat: true, storage: storage))
        builder.location = module.locations.add(.name("jit(f)/add", place))
        builder.finish([try builder.add(a, c)])
        try module.add(builder.function)
        return module
    }

    @Test func likeAJaxpr() throws {
        #expect(try module().text() == """
            # module jit_f
            main = { lambda ; a:f32[3]{donated} b:f32[3]. let
                c:f32[3] = constant[2.5 everywhere]
                d:f32[3] = add a c
              in (d,) }

            """)
    }

    @Test func locationsOnRequest() throws {
        #expect(try module().text(PrintOptions(locations: true)).contains("add a c  # f.py:3:7 (jit(f)/add)\n"))
    }

    @Test func namesGoOnAfterZ() throws {
        let module = Module()
        let function = Function(name: "main")
        for _ in 0..<28 { function.body.parameters.append(function.makeValue(.token)) }
        try module.add(function)
        #expect(module.text().contains("y:token z:token ba:token bb:token."))
    }

    @Test func sharedAttributesStayShort() {
        var attribute = Attribute.unit
        for _ in 0..<60 { attribute = .array([attribute, attribute]) }
        #expect(attribute.text().utf8.count < 4000)
    }

    @Test func textIsQuoted() {
        #expect(Attribute.string("a'b\\\n\u{1b}").text() == "'a\\'b\\\\\\n\\x1b'")
    }
}
