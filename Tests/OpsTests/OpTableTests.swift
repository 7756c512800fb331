// The table of operations as a whole: what the machine knows of each.
import JaxIR
import Testing
@testable import JaxOps

@Suite struct OpTableTests {
    private func rules(_ definition: OpDefinition) -> String {
        var rules: [String] = []
        if case .none = definition.form {} else { rules.append("evaluate") }
        if definition.scalar != nil { rules.append("loops") }
        if definition.linearity != .none { rules.append("linear") }
        if definition.jvp != nil { rules.append("jvp") }
        if definition.transpose != nil { rules.append("transpose") }
        if definition.batch != nil { rules.append("batch") }
        let traits: [(Traits, String)] = [(.elementwise, "elementwise"), (.commutative, "commutative"), (.effects, "effects"),
                                          (.scalarRegions, "scalar regions"), (.dynamic, "dynamic"), (.unavailable, "unavailable"),
                                          (.approximate, "approximate")]
        let names = traits.filter { definition.traits.contains($0.0) }.map { $0.1 }
        return definition.name + ": " + rules.joined(separator: ", ") + (names.isEmpty ? "" : " (" + names.joined(separator: ", ") + ")")
    }

    /// Every operation has a definition, and every definition an evaluation unless it says why not.
    @Test func everyOperationIsDefined() {
        var lines: [String] = []
        for code in OpCode.allCases {
            guard let definition = opDefinition(code) else {
                Issue.record("\(code.name) has no definition")
                continue
            }
            lines.append(rules(definition))
            let isEvaluated = if case .none = definition.form { false } else { true }
            let isExempt = code == .customCall || !definition.traits.isDisjoint(with: [.dynamic, .unavailable])
            #expect(isEvaluated != isExempt, "\(code.name)")
            // An elementwise operation is defined by its loops, which regions use.
            #expect(!definition.traits.contains(.elementwise) || definition.scalar != nil, "\(code.name)")
        }
        for target in customCallDefinitions() { lines.append("custom_call " + rules(target)) }
        print(lines.joined(separator: "\n"))
    }

    @Test func targetsOfCustomCallsHaveDifferentNames() {
        let names = customCallDefinitions().map { $0.name }
        #expect(Set(names).count == names.count)
        for definition in customCallDefinitions() { #expect(definition.code == .customCall) }
    }
}
