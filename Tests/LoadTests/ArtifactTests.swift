import Foundation
import JaxIR
import JaxPlatform
import Testing
@testable import JaxLoad

/// The exports beside this file; `Fixtures/make.py` says what each is.
func fixture(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
    return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name + ".jaxexp")))
}

func export(_ name: String) throws -> Exported {
    try loadArtifact(fixture(name))
}

@Suite struct ArtifactTests {
    @Test func treesAndUnusedArguments() throws {
        let exported = try export("trees")
        #expect(exported.functionName == "trees")
        #expect(exported.inTree.description == "(({'b': [*, None], 'w': *}, *), {'scale': *})")
        #expect(exported.outTree.description == "{'point': fixtures.Point(*, None), 'sum': *}")
        #expect(exported.inTree.leafPaths() == ["[0][0]['b'][0]", "[0][0]['w']", "[0][1]", "[1]['scale']"])
        #expect(exported.inValues.map { $0.tensorType.description } == ["f32[]", "f32[2,3]", "f32[4]", "f32[]"])
        #expect(exported.keptArguments == [0, 1, 3])
        #expect(exported.callingConventionVersion == 10)
        #expect(exported.platforms == ["cpu"])
        let main = try #require(exported.module().function(named: "main"))
        #expect(main.parameterTypes.map { $0.description } == ["f32[]", "f32[2,3]", "f32[]"])
    }

    @Test func severalPlatformsPassAnIndex() throws {
        let exported = try export("platforms")
        #expect(exported.platforms == ["cuda", "cpu", "barejax"])
        #expect(exported.disabledChecks == ["platform", "custom_call:mine"])
        let main = try #require(exported.module().function(named: "main"))
        #expect(main.parameterTypes.map { $0.description } == ["i32[]", "f32[3]"])
    }

    @Test func typedKeys() throws {
        let exported = try export("keys")
        #expect(exported.inValues[0].element == .key("fry"))
        #expect(exported.inValues[0].shape.isEmpty)
        #expect(exported.outValues[0].tensorType.description == "u32[2,2]")
        _ = try exported.module()
    }

    @Test func symbolicDimensions() throws {
        let exported = try export("symbolic")
        #expect(exported.inValues[0].shape == [.symbolic("b"), .symbolic("2*k + 1")])
        #expect(exported.inValues[1].tensorType.description == "f32[?,?]")
        _ = try exported.module()
    }

    @Test func donation() throws {
        let main = try #require(export("donated").module().function(named: "main"))
        #expect(main.parameterAttributes.map { $0.integer("tf.aliasing_output") } == [0, nil])
    }

    @Test func backwardPasses() throws {
        let exported = try export("vjp")
        let first = try #require(exported.vjp)
        let second = try #require(first.vjp)
        #expect(second.vjp == nil)
        #expect(first.inValues.count == 2)
        _ = try first.module()
        _ = try second.module()
    }

    @Test func orderedEffects() throws {
        let exported = try export("effects")
        #expect(exported.orderedEffects.count == 1)
        let main = try #require(exported.module().function(named: "main"))
        #expect(main.parameterTypes == [.token, .tensor(TensorType(.f32, [2]))])
        #expect(main.resultTypes == [.token, .tensor(TensorType(.f32, [2]))])
    }

    @Test func shardingsOverTwoDevices() throws {
        let exported = try export("sharded")
        #expect(exported.deviceCount == 2)
        let sharding = try #require(exported.inShardings[0])
        #expect(sharding.partitions == [["d"]])
        #expect(sharding.mesh.axes.map { $0.name } == ["d"] && sharding.mesh.axes.map { $0.size } == [2])
        let module = try exported.module()
        #expect(module.meshes.map { $0.name } == ["mesh"])
        let codes = module.functions.flatMap { $0.body.operations.map { $0.code } }
        #expect(codes.contains(.manualComputation))
    }

    @Test func olderCallingConvention() throws {
        let exported = try export("version9")
        #expect(exported.callingConventionVersion == 9)
        _ = try exported.module()
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = try fixture("trees")
        for length in stride(from: 0, to: bytes.count - 64, by: 7) {
            #expect(throws: JaxError.self) {
                try loadArtifact(Array(bytes[..<length])).module()
            }
        }
    }
}
