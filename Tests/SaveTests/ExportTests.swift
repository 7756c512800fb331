import JaxEncoding
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxSave
import Testing

/// Programs as exports of `jax.export`.
@Suite struct ExportTests {
    @Test func argumentsAndResultsFollowFromMain() throws {
        let module = try program("main = { lambda ; a:f32[2,3] b:i8[]. let in (b, a) }")
        module.name = "jit_swap"
        let bytes = try exportArtifact(of: module)
        let exported = try loadArtifact(bytes)
        #expect(exported.functionName == "swap")
        #expect(exported.inTree.description == "((*, *), {})")
        #expect(exported.outTree.description == "(*, *)")
        #expect(exported.inValues.map { $0.description } == ["f32[2,3]", "i8[]"])
        #expect(exported.outValues.map { $0.description } == ["i8[]", "f32[2,3]"])
        #expect(exported.platforms == ["cpu"])
        #expect(exported.deviceCount == 1 && exported.callingConventionVersion == 10 && !exported.usesGlobalConstants)
        #expect(exported.inShardings.count == 2 && exported.outShardings.count == 2)
        #expect(try exported.module().text(.complete) == module.text(.complete))
        #expect(try exportArtifact(of: module) == bytes)
        #expect(try loadArtifact(try exportArtifact(of: program("main = { lambda ; a:f32[]. let in (a,) }"))).outTree.description == "*")
    }

    @Test func severalPlatformsTakeAnIndex() throws {
        let module = try program("main = { lambda ; a:f32[2]. let b:f32[2] = add a a in (b,) }")
        var options = ExportOptions()
        options.platforms = ["cpu", "cuda", "rocm", "tpu"]
        let exported = try loadArtifact(try exportArtifact(of: module, options))
        #expect(exported.takesPlatformIndex && exported.usesGlobalConstants)
        let read = try exported.module()
        try verify(read)
        #expect(read.function(named: "main")?.parameterTypes.map { $0.description } == ["i32[]", "f32[2]"])
        // It has the index now, and is written with no other.
        #expect(try loadArtifact(try exportArtifact(of: read, options)).module().text(.complete) == read.text(.complete))
        refuses("takes a platform's index", .valueError) { () throws(JaxError) in _ = try exportArtifact(of: read) }
    }

    @Test func openDimensionsHaveNames() throws {
        let module = try program("main = { lambda ; a:f32[?,2]. let b:f32[?,2] = add a a in (b,) }")
        refuses("must name the dimensions", .valueError) { () throws(JaxError) in _ = try exportArtifact(of: module) }
        var options = ExportOptions()
        let value = ExportedValue(element: .dtype(.f32), shape: [.symbolic("2*b + 1"), .fixed(2)])
        options.inValues = [value]
        options.outValues = [value]
        let exported = try loadArtifact(try exportArtifact(of: module, options))
        #expect(exported.inValues == [value] && exported.outValues == [value] && exported.usesGlobalConstants)
        #expect(try exported.module().text(.complete) == module.text(.complete))
    }

    @Test func whatDoesNotGoWithMainIsRefused() throws {
        let module = try program("main = { lambda ; a:f32[2]. let in (a,) }")
        var options = ExportOptions()
        options.inValues = [ExportedValue(element: .dtype(.i32), shape: [.fixed(2)])]
        refuses("the export describes i32[2]", .valueError) { () throws(JaxError) in _ = try exportArtifact(of: module, options) }
        options = ExportOptions()
        options.outTree = .tuple([])
        refuses("not one leaf for each", .valueError) { () throws(JaxError) in _ = try exportArtifact(of: module, options) }
        options = ExportOptions()
        options.keptArguments = [3]
        refuses("not an ascending list of the 1 arguments", .valueError) { () throws(JaxError) in _ = try exportArtifact(of: module, options) }
        options = ExportOptions()
        options.platforms = []
        refuses("at least one platform", .valueError) { () throws(JaxError) in _ = try exportArtifact(of: module, options) }
        let tokens = try program("main = { lambda ; a:token. let in (a,) }")
        refuses("is a token", .valueError) { () throws(JaxError) in _ = try exportArtifact(of: tokens) }
        let narrow = try program("main = { lambda ; a:u2[]. let in (a,) }")
        refuses("no values of type u2[]") { () throws(JaxError) in _ = try exportArtifact(of: narrow) }
        let other = try program("f = { lambda ; a:f32[2]. let in (a,) }")
        refuses("no function @main", .valueError) { () throws(JaxError) in _ = try exportArtifact(of: other) }
    }
}
