import Foundation
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxTransform
import Testing

/// Exports by real JAX; `Tests/LoadTests/Fixtures/make.py` says what each is.
private func program(_ name: String) throws -> Module {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.appendingPathComponent("LoadTests/Fixtures/" + name + ".jaxexp")
    return try loadArtifact([UInt8](try Data(contentsOf: file))).module()
}

private func iota(_ shape: [Int]) throws -> Tensor {
    let tensor = try Tensor(TensorType(.f32, shape))
    for index in 0..<tensor.elementCount { tensor.elements(as: Float.self)[index] = Float(index) }
    return tensor
}

private func floats(_ tensor: Tensor) -> [Float] { Array(tensor.elements(as: Float.self)) }

/// Verifies, specialises, verifies again and runs.
private func run(_ module: Module, _ arguments: [Tensor], platformIndex: Int? = nil) throws -> [Tensor] {
    try verify(module, requiringKnownCalls: false)
    let specialised = try specialise(module, argumentTypes: arguments.map { $0.type }, platformIndex: platformIndex)
    #expect(specialised.isStatic)
    try verify(specialised)
    let main = try #require(specialised.function(named: "main"))
    return try EvaluationPlan(specialised).call(main, arguments.map { .tensor($0) }).map { try $0.asTensor() }
}

@Suite struct SpecialiseTests {
    @Test func sizesFlowThroughAProgram() throws {
        let results = try run(program("polymorphic"), [iota([3, 4])])
        let x = (0..<12).map { Float($0) }
        #expect(results.map { $0.type.description }
            == ["f32[5,4]", "f32[4]", "i32[6]", "f32[3]", "f32[2,4]", "f32[7,4]", "f32[3,4]", "f32[2,4]", "f32[3,4]"])
        #expect(floats(results[0]) == Array((x + x)[4...]))
        #expect(floats(results[1]) == [12, 15, 18, 21])
        #expect(Array(results[2].elements(as: Int32.self)) == [0, 1, 2, 3, 4, 5])
        #expect(floats(results[3]) == [0, 0, 0])
        #expect(floats(results[4]) == Array(x[4...]))
        #expect(floats(results[5]) == [Float](repeating: 0, count: 4) + x + [Float](repeating: 0, count: 12))
        #expect(floats(results[6]) == [0, 1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21])
        #expect(floats(results[7]) == Array(x[..<4]) + Array(x[8...]))
        #expect(floats(results[8]) == [Float](repeating: 0, count: 4) + Array(x[4...]))
    }

    @Test func loopsOverASymbolicCount() throws {
        let results = try run(program("polymorphic_while"), [iota([5, 2])])
        #expect(floats(results[0]) == [20, 25])
    }

    @Test func constraintsThatHold() throws {
        let module = try program("symbolic")
        let specialised = try specialise(module, argumentTypes: [TensorType(.f32, [2, 5]), TensorType(.f32, [5, 3])])
        let main = try #require(specialised.function(named: "main"))
        #expect(main.resultTypes.map { $0.description } == ["f32[10]", "f32[2,3]"])
    }

    @Test(arguments: [
        ([1, 5], [5, 3], "Input shapes do not match the symbolic shape constraint b >= 2. "
            + "Expected 'b - 2' to be greater or equal to 0, but found -1."),
        ([2, 4], [4, 3], "Division had remainder 1 when computing the value of 'k'."),
        ([2, 5], [7, 3], "Found inconsistency between dimension size args[1].shape[0] (= 7) and the specification '2*k + 1' (= 5)."),
        ([2, 5], [5, 9], "Input shapes do not match the symbolic shape constraint m <= 8."),
    ])
    func assertionsSpeakForThemselves(_ x: [Int], _ y: [Int], _ text: String) throws {
        let module = try program("symbolic")
        do throws(JaxError) {
            _ = try specialise(module, argumentTypes: [TensorType(.f32, x), TensorType(.f32, y)])
            Issue.record("expected a shape assertion")
        } catch {
            #expect(error.kind == .valueError)
            #expect(error.message.contains(text))
        }
    }

    @Test func wrongArgumentsAreTypeErrors() throws {
        let module = try program("symbolic")
        for types in [[TensorType(.f32, [2, 5])], [TensorType(.f32, [2, 5]), TensorType(.i32, [5, 3])],
                      [TensorType(.f32, [2]), TensorType(.f32, [5, 3])]] {
            #expect(throws: JaxError.self) { try specialise(module, argumentTypes: types) }
        }
    }

    @Test func branchesOfOtherPlatformsGo() throws {
        let index = try Tensor(TensorType(.i32, []))
        for (platform, expected) in [(0, [2, 3, 4]), (1, [1, 2, 3])] as [(Int, [Float])] {
            index.elements(as: Int32.self)[0] = Int32(platform)
            let module = try program("platforms")
            #expect(floats(try run(module, [index, iota([3])])[0]) == expected)
            let pruned = try specialise(module, argumentTypes: [index.type, TensorType(.f32, [3])], platformIndex: platform)
            let codes = pruned.functions.flatMap { $0.body.operations.map { $0.code } }
            #expect(!codes.contains(.case))
            #expect(floats(try run(module, [index, iota([3])], platformIndex: platform)[0]) == expected)
        }
    }

    @Test func staticProgramsStayAsTheyAre() throws {
        let module = try program("version9")
        #expect(try specialise(module, argumentTypes: [TensorType(.f32, [2])]) === module)
    }
}
