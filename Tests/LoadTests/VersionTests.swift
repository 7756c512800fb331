import Foundation
import JaxIR
import JaxOps
import JaxPlatform
import Testing
@testable import JaxLoad

/// One program, as different producers and versions write it (`Fixtures/make.py`).
@Suite struct VersionTests {
    static let names: [String] = (0...6).map { "container\($0)" }
        + ["0.9.0", "0.12.0", "0.14.0", "1.0.0", "1.5.0", "1.9.0", "1.17.0"].map { "vhlo\($0)" }

    private func load(_ name: String) throws -> Module {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = folder.appendingPathComponent("Fixtures/versions/\(name).mlirbc")
        return try loadModule([UInt8](try Data(contentsOf: file)))
    }

    private func run(_ module: Module) throws -> [[UInt8]] {
        try verify(module)
        let main = try #require(module.function(named: "main"))
        var arguments: [RuntimeValue] = []
        for type in main.parameterTypes {
            let tensor = try Tensor(try #require(type.tensor))
            for index in 0..<tensor.elementCount {
                if tensor.dtype == .f32 { tensor.elements(as: Float.self)[index] = Float(index) / 2 - 1 } else {
                    tensor.elements(as: Int32.self)[index] = Int32(index)
                }
            }
            arguments.append(.tensor(tensor))
        }
        return try EvaluationPlan(module).call(main, arguments).map { value in
            let tensor = try value.asTensor()
            return Array(UnsafeRawBufferPointer(start: tensor.bytes, count: tensor.type.byteCount))
        }
    }

    @Test(arguments: names) func everyVersionComputesTheSame(_ name: String) throws {
        let results = try run(load(name))
        #expect(results.count == 9)
        #expect(try results == run(load("vhlo1.17.0")))
    }

    @Test func containersSayTheirVersion() throws {
        for version in 0...6 {
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/versions/container\(version).mlirbc"))
            let found = try [UInt8](data).withUnsafeBytes { try Container(ByteReader($0)).version }
            #expect(found == version)
        }
    }

    @Test func newerContainersAreRefused() throws {
        do throws(JaxError) {
            _ = try loadModule([0x4D, 0x4C, 0xEF, 0x52, 7 << 1 | 1, 0])
            Issue.record("expected an error")
        } catch {
            #expect(error.message == "MLIR bytecode version 7 is newer than the newest known, 6")
            #expect(error.offset == 4)
        }
    }
}
