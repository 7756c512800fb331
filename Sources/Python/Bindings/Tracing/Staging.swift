// What a traced call records within its job, and how it leaves it: as a function of its own, whose inputs say what they stand for.
import JaxIR
import JaxOps
import JaxPlatform

/// What came of a call: a value whose arrays are results of `function` in their order, but for those that were arguments.
struct RecordedCall {
    let value: Value
    let function: Function
    /// What the function's parameters stand for.
    let inputs: [ArrayObject]
}

/// The operations of the running call.
final class Staging {
    let builder = Builder(Function(name: "call"), maximumOperations: Trace.maximumOperations)
    private var inputs: [ArrayObject] = []
    private var parameters: [ValueID] = []

    /// That of the calling task's interpreter; nil: calls are evaluated.
    static var current: Staging? { Interpreter.current.staging?.takeUnretainedValue() }

    /// Records what `body` builds of the operands.
    func record(_ operands: [Handle], _ body: (Builder, [ValueID]) throws(JaxError) -> [ValueID]) throws(JaxError) -> [Handle] {
        var values: [ValueID] = []
        for operand in operands { values.append(try value(of: operand)) }
        var results: [Handle] = []
        for value in try body(builder, values) { results.append(Handle(try builder.tensorType(value), staged: value)) }
        return results
    }

    /// Arrays of Python's become parameters; what the call itself has made, and scalars, are constants.
    func value(of handle: Handle) throws(JaxError) -> ValueID {
        switch handle.content {
        case .staged(let value): return value
        case .elements(let tensor, let array):
            if let array, tensor.elementCount != 1 { return input(array) { $0 === array } }
            let own = try tensor.owned()
            return try builder.constant(Literal(type: own.type, isSplat: false, storage: own.storage))
        case .traced(let value):
            return input(ArrayObject(Handle(handle.type, value))) { $0.traced == value }
        }
    }

    private func input(_ array: ArrayObject, _ isSame: (ArrayObject) -> Bool) -> ValueID {
        if let index = inputs.firstIndex(where: isSame) { return parameters[index] }
        let parameter = builder.parameter(.tensor(array.handle.type.detached()))
        inputs.append(array)
        parameters.append(parameter)
        return parameter
    }

    /// Ends the call. Arrays that it has made are recorded as constants.
    func finish(_ value: Value) throws(JaxError) -> RecordedCall {
        var results: [ValueID] = []
        var failure: JaxError?
        let recorded = mapArrays(value) { array in
            if array.origin != nil { return array }
            do throws(JaxError) {
                let value = try self.value(of: array.handle)
                results.append(value)
                return ArrayObject(Handle(array.handle.type, staged: value), isWeak: array.isWeak)
            } catch {
                failure = error
                return array
            }
        }
        if let failure { throw failure }
        builder.finish(results)
        return RecordedCall(value: recorded, function: builder.function, inputs: inputs)
    }
}
