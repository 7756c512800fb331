// Small programs for the tests of operations: text in the project's notation, or one operation, through verifier and evaluator.
import JaxIR
import JaxLoad
import JaxPlatform
@testable import JaxOps

/// A tensor of 4-byte or other elements given as a Swift array.
func tensor<T: BitwiseCopyable>(_ dtype: DType, _ shape: [Int], _ elements: [T]) throws -> Tensor {
    let tensor = try Tensor(TensorType(dtype, shape))
    precondition(MemoryLayout<T>.stride == dtype.byteWidth && elements.count == tensor.elementCount)
    for (index, element) in elements.enumerated() { tensor.bytes.assumingMemoryBound(to: T.self)[index] = element }
    return tensor
}

func floats(_ elements: [Float], _ shape: [Int]? = nil) throws -> Tensor { try tensor(.f32, shape ?? [elements.count], elements) }
func doubles(_ elements: [Double], _ shape: [Int]? = nil) throws -> Tensor { try tensor(.f64, shape ?? [elements.count], elements) }
func ints(_ elements: [Int32], _ shape: [Int]? = nil) throws -> Tensor { try tensor(.i32, shape ?? [elements.count], elements) }
func scalar(_ value: Int32) throws -> Tensor { try tensor(.i32, [], [value]) }

extension Tensor {
    func list<T>(_ type: T.Type) -> [T] { Array(elements(as: T.self)) }
}

/// Verifies the program and calls its `main`.
func run(_ module: Module, _ arguments: [Tensor]) throws -> [Tensor] {
    try verify(module)
    guard let main = module.function(named: "main") else { throw JaxError(.valueError, "there is no main") }
    return try EvaluationPlan(module).call(main, arguments.map { .tensor($0) }).map { try $0.asTensor() }
}

/// The same for a program's text.
func run(_ text: String, _ arguments: [Tensor] = []) throws -> [Tensor] { try run(parseProgram(text), arguments) }

/// The parameters that attributes under their StableHLO names describe.
func parameters(_ code: OpCode, _ attributes: [NamedAttribute], operands: [ValueType], results: [ValueType]) throws -> Parameters {
    let coder = ParameterCoder(reading: Attributes(attributes), of: code,
                               operandTypes: operands, resultTypes: results) { name throws(JaxError) in
        throw JaxError(.malformed, "there is no @\(name)")
    }
    guard let definition = opDefinition(code) else { throw JaxError(.internalError, "\(code.name) has no definition") }
    return try definition.parameters(coder)
}

/// One operation on `operands` with one result of `type`.
func evaluate(_ code: OpCode, _ operands: [Tensor], _ type: TensorType, _ attributes: [NamedAttribute] = []) throws -> Tensor {
    let types = operands.map { ValueType.tensor($0.type) }
    let builder = Builder(Function(name: "main"))
    let ids = types.map { builder.parameter($0) }
    builder.finish(try builder.append(code, ids, try parameters(code, attributes, operands: types, results: [.tensor(type)]),
                                      [.tensor(type)]))
    let module = Module()
    try module.add(builder.function)
    return try run(module, operands)[0]
}
