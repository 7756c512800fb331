// Small programs for the tests of operations: one function of one operation, evaluated through verifier and evaluator.
import JaxIR
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

/// A function under construction.
final class ProgramBuilder {
    let module = Module()
    let function: Function

    init(_ name: String = "main") { function = Function(name: name) }

    func parameter(_ type: TensorType) -> ValueID {
        let id = function.makeValue(.tensor(type))
        function.body.parameters.append(id)
        return id
    }

    /// An operation whose results have `types`, appended to `region` or the body.
    func make(_ code: OpCode, _ operands: [ValueID], _ types: [ValueType], _ attributes: [NamedAttribute] = [],
              regions: [Region] = []) -> Operation {
        var results: [ValueID] = []
        for type in types { results.append(function.makeValue(type)) }
        return Operation(code, operands: operands, results: results, attributes: Attributes(attributes), regions: regions)
    }

    func add(_ operation: Operation) -> [ValueID] {
        function.body.operations.append(operation)
        return operation.results
    }

    /// Ends the function with `results`, verifies and calls it.
    func run(_ results: [ValueID], _ arguments: [Tensor]) throws -> [Tensor] {
        function.body.results = results
        for id in results { function.resultTypes.append(function.type(of: id)) }
        for _ in function.body.parameters { function.parameterAttributes.append(Attributes()) }
        try module.add(function)
        try verify(module)
        module.markAllLastUses()
        var tensors: [Tensor] = []
        for value in try Evaluator(module).call(function, arguments.map { .tensor($0) }) { tensors.append(try value.asTensor()) }
        return tensors
    }
}

/// One operation on `operands` with one result of `type`.
func evaluate(_ code: OpCode, _ operands: [Tensor], _ type: TensorType, _ attributes: [NamedAttribute] = []) throws -> Tensor {
    let builder = ProgramBuilder()
    var ids: [ValueID] = []
    for operand in operands { ids.append(builder.parameter(operand.type)) }
    let results = builder.add(builder.make(code, ids, [.tensor(type)], attributes))
    return try builder.run(results, operands)[0]
}
