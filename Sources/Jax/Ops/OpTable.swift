// The table of all operations: one line a family.
import JaxIR
import JaxPlatform

/// Definitions by operation. Filled once by `load_jax_library`; read-only afterwards.
struct OpTable {
    private var definitions: [OpDefinition?]

    init(families: [[OpDefinition]]) {
        definitions = []
        for family in families {
            for definition in family {
                let index = OpTable.index(definition.code)
                while definitions.count <= index { definitions.append(nil) }
                precondition(definitions[index] == nil)
                definitions[index] = definition
            }
        }
    }

    subscript(code: OpCode) -> OpDefinition? {
        let index = OpTable.index(code)
        return index < definitions.count ? definitions[index] : nil
    }

    /// The case's ordinal: a payload-free enum is stored as its ordinal in one byte.
    @inline(__always)
    private static func index(_ code: OpCode) -> Int { Int(unsafeBitCast(code, to: UInt8.self)) }
}

nonisolated(unsafe) private let opTable = OpTable(families: opFamilies())

/// All that the machine knows of an operation, or nil. The table is made at the first call, which `load_jax_library` does.
///
/// This is the one way from other modules to the families. Its body stays in this module (`@export(interface)`): an
/// Embedded Swift module that saw it would compile all operations once more.
@export(interface)
public func opDefinition(_ code: OpCode) -> OpDefinition? { opTable[code] }

/// The definition of an operation: of a custom call, that of its target. Nil where there is none.
@export(interface)
public func opDefinition(_ operation: Operation) -> OpDefinition? {
    operation.code == .customCall ? operation.parameters(CustomCallParameters.self).definition : opTable[operation.code]
}

/// How often each operation has been evaluated in programs that the compiler has been over, since start; those that never were are left
/// out. Custom calls go by their targets.
@export(interface)
public func fallbackExecutions() -> [(name: String, count: Int)] {
    var counts: [(name: String, count: Int)] = []
    func add(_ definition: OpDefinition) {
        let count = definition.fallbackCount
        if count > 0 { counts.append((definition.name, count)) }
    }
    for code in OpCode.allCases { if let definition = opTable[code] { add(definition) } }
    forEachCustomCall(add)
    return counts
}

/// What to say of an operation without a definition.
func undefinedOperation(_ operation: Operation) -> JaxError {
    if operation.code == .customCall {
        return JaxError(.notImplemented, "the custom call \"\(operation.parameters(CustomCallParameters.self).target)\" is not available")
    }
    return JaxError(.notImplemented, "the operation \(operation.code.name) is not available")
}

/// Every family of operations; one line each. Not for inlining: embedded code of every module that can see the bodies
/// behind the table would be compiled again with all operations in it.
@export(interface)
func opFamilies() -> [[OpDefinition]] {
    [
        arithmeticFamily(),
        bitwiseFamily(),
        comparisonFamily(),
        roundingFamily(),
        complexFamily(),
        transcendentalFamily(),
        conversionFamily(),
        constantFamily(),
        broadcastFamily(),
        reorderFamily(),
        padFamily(),
        sliceFamily(),
        dynamicFamily(),
        controlFlowFamily(),
        structuredFamily(),
        fusionFamily(),
        tupleFamily(),
        collectiveFamily(),
        manualComputationFamily(),
        unavailableFamily(),
        rngBitGeneratorFamily(),
        rngFamily(),
        reduceFamily(),
        reduceWindowFamily(),
        sortFamily(),
        topKFamily(),
        gatherFamily(),
        scatterFamily(),
        selectAndScatterFamily(),
        customCallFamily(),
        dotFamily(),
        convolutionFamily(),
        fourierFamily(),
        matrixFamily(),
    ]
}
