import Foundation
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxSave
import Testing

private let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
private let conformance = tests.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/conformance/stablehlo")

private func programs(in folder: URL, _ kind: String) -> [URL] {
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return files.filter { $0.pathExtension == kind }.sorted { $0.path < $1.path }
}

private let complete = PrintOptions(locations: true, constantElements: Int.max, annotations: true)

/// The program that is read from what is written of `module`, which must be the same and be written in the same way.
@discardableResult
func roundTrip(_ module: Module, _ name: String = "") throws -> Module {
    try verify(module, requiringKnownCalls: false)
    let written = try bytecode(of: module)
    let again = try loadModule(written)
    try verify(again, requiringKnownCalls: false)
    #expect(again.text(complete) == module.text(complete), "\(name)")
    #expect(try bytecode(of: again) == written, "\(name)")
    return again
}

/// Programs that are written and read again.
@Suite struct RoundTripTests {
    @Test(.enabled(if: FileManager.default.fileExists(atPath: conformance.path))) func conformancePrograms() throws {
        let files = programs(in: conformance, "mlirbc")
        #expect(files.count == 1350)
        for file in files { try roundTrip(try loadModule([UInt8](try Data(contentsOf: file))), file.lastPathComponent) }
    }

    @Test func everyVersionsProgram() throws {
        let files = programs(in: tests.appendingPathComponent("LoadTests/Fixtures/versions"), "mlirbc")
        #expect(!files.isEmpty)
        for file in files { try roundTrip(try loadModule([UInt8](try Data(contentsOf: file))), file.lastPathComponent) }
    }

    @Test(arguments: ["donated", "effects", "platforms", "polymorphic", "polymorphic_while", "symbolic", "trees", "version9", "vjp"])
    func exports(_ name: String) throws {
        let data = try Data(contentsOf: tests.appendingPathComponent("LoadTests/Fixtures/\(name).jaxexp"))
        let exported = try loadArtifact([UInt8](data))
        try roundTrip(try exported.module(), name)
        // The record itself, its program as it came.
        let again = try loadArtifact(try artifact(of: exported))
        #expect(again.description == exported.description)
        #expect(again.program == exported.program)
        #expect(again.keptArguments == exported.keptArguments)
        #expect(again.usesGlobalConstants == exported.usesGlobalConstants)
        #expect(again.disabledChecks == exported.disabledChecks)
        #expect(again.vjp?.description == exported.vjp?.description)
    }

    /// Of a mesh of one device nothing is left, nor of the constraints on it.
    @Test func constraintsOnOneDevice() throws {
        let data = try Data(contentsOf: tests.appendingPathComponent("LoadTests/Fixtures/keys.jaxexp"))
        let module = try loadArtifact([UInt8](data)).module()
        try verify(module)
        let again = try loadModule(try bytecode(of: module))
        try verify(again)
        #expect(again.meshes.isEmpty)
        #expect(!again.text(complete).contains("Sharding"))
    }

    @Test func meshesOfSeveralDevicesAreRefused() throws {
        let data = try Data(contentsOf: tests.appendingPathComponent("LoadTests/Fixtures/sharded.jaxexp"))
        let module = try loadArtifact([UInt8](data)).module()
        refuses("programs for several devices are not written") { () throws(JaxError) in _ = try bytecode(of: module) }
    }
}

/// Expects that `body` throws `notImplemented` with this text in its message.
func refuses(_ text: String, _ kind: JaxError.Kind = .notImplemented, _ body: () throws(JaxError) -> Void) {
    do throws(JaxError) {
        try body()
        Issue.record("expected an error that says: \(text)")
    } catch {
        #expect(error.kind == kind)
        #expect(error.message.contains(text), "\(error.message)")
    }
}

/// A verified program; the text's operations and regions may follow each other on a line.
func program(_ text: String) throws -> Module {
    let module = try parseProgram(text.replacingOccurrences(of: " in (", with: "\n in (").replacingOccurrences(of: " { lambda ;", with: "\n { lambda ;")
        .replacingOccurrences(of: "= \n", with: "= "))
    try verify(module, requiringKnownCalls: false)
    return module
}
