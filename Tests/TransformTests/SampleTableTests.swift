// The table of samples goes with the table of operations: what has no sample says why.
import JaxIR
import JaxOps
import JaxPlatform
import Testing

extension OpDefinition {
    var hasDerivative: Bool { jvp != nil || linearity != .none || decomposition != nil || hasZeroDerivative }
    var hasRule: Bool { hasDerivative || transpose != nil || batch != nil || traits.contains(.elementwise) }
}

@Suite struct SampleTableTests {
    private var definitions: [OpDefinition] { OpCode.allCases.compactMap { opDefinition($0) } + customCallDefinitions() }

    @Test func everyOperationHasASample() {
        let sampled = Set(allSamples.map { $0.operation })
        let missing = definitions.filter { !sampled.contains($0.name) && Exemptions.reasons[$0.name] == nil }
        #expect(missing.isEmpty, "without a sample or a reason: \(missing.map { $0.name }.joined(separator: ", "))")
        for definition in definitions where Exemptions.reasons[definition.name] != nil {
            #expect(!definition.hasRule, "\(definition.name) has rules and is exempt")
            #expect(!sampled.contains(definition.name), "\(definition.name) has samples and is exempt")
        }
        let names = Set(definitions.map { $0.name })
        for name in Exemptions.reasons.keys where !names.contains(name) { Issue.record("\(name) is exempt and no operation") }
    }

    /// What has a derivative has a sample of which it is checked, in reverse mode too where it can be transposed.
    @Test func everyRuleIsChecked() {
        for definition in definitions where Exemptions.reasons[definition.name] == nil && !Exemptions.withoutDerivative.contains(definition.name) {
            let samples = allSamples.filter { $0.operation == definition.name }
            let isInteger = definition.traits.contains(.elementwise) && definition.linearity == .none && definition.jvp == nil
            // Single precision has the rules of double precision.
            if ["lapack_s", "lapack_c"].contains(where: { definition.name.hasPrefix($0) }) { continue }
            if definition.hasDerivative && !isInteger && definition.code != .bitcastConvert {
                #expect(samples.contains { $0.modes != .none }, "\(definition.name) has a derivative that no sample checks")
            }
            if definition.transpose != nil { #expect(samples.contains { $0.modes == .both }, "the transpose of \(definition.name) is not checked") }
        }
    }

    @Test(arguments: Exemptions.withoutDerivative)
    func whatHasNoDerivativeSaysSo(_ name: String) throws {
        let sample = try #require(allSamples.first { $0.operation == name })
        let function = try Callable(try sample.module())
        do {
            _ = try function.applying(.jvp())
            Issue.record("\(name) has a derivative")
        } catch let error as JaxError {
            #expect(error.kind == .notImplemented && error.message.hasPrefix("Differentiation rule for '")
                    && error.message.hasSuffix("' not implemented"), "\(error)")
        }
    }

    @Test func samplesAreDifferentAndOfTheirOperations() throws {
        #expect(Set(allSamples.map { $0.testDescription }).count == allSamples.count)
        for sample in allSamples {
            let module: Module
            do { module = try sample.module() } catch {
                Issue.record("\(sample.testDescription): \(error)\n\(sample.text)")
                continue
            }
            let body = module.function(named: "main")!.body
            #expect(contains(body, sample.operation), "\(sample.testDescription) does not contain the operation")
        }
    }

    private func contains(_ region: Region, _ name: String) -> Bool {
        region.operations.contains { opDefinition($0)?.name == name || $0.regions.contains { contains($0, name) } }
    }
}
