// A function that has been traced: a program of the session, and what a Python function has beside it.
import JaxIR
import JaxPlatform
import JaxRun
import JaxTransform

/// The program is registered in the session while Python holds the object. Its `main` takes the arguments of the function that was traced,
/// then the captures, then what a transformation has added: tangents, cotangents.
final class TracedObject: NativeObject {
    let program: LoadedProgram
    let captures: [ArrayObject]
    /// How many arguments stand before the captures.
    private let leadingCount: Int
    let argumentIsWeak, resultIsWeak: [Bool]

    init(_ program: LoadedProgram, captures: [ArrayObject], leading: Int, argumentIsWeak: [Bool], resultIsWeak: [Bool]) {
        leadingCount = leading
        self.program = program
        self.captures = captures
        self.argumentIsWeak = argumentIsWeak
        self.resultIsWeak = resultIsWeak
    }

    deinit { session?.drop(program.name) }

    override var className: StaticString { "Traced" }

    var argumentTypes: [TensorType] {
        let all = program.convention.argumentTypes
        return Array(all[..<leadingCount] + all[(leadingCount + captures.count)...])
    }
    var resultTypes: [TensorType] { program.convention.resultTypes }

    /// `main` of the program, which calls nothing.
    func main() throws(JaxError) -> Function {
        guard let main = program.module.function(named: "main") else { throw JaxError(.internalError, "a traced program has no @main") }
        return main
    }

    /// Recorded, where one of the arguments or captures is a tracer or all is recorded; otherwise executed. What is called but once is not
    /// worth compiling, unless it has loops.
    func call(_ arguments: [Value], isJit: Bool, donating: [Int]) throws(JaxError) -> [Value] {
        guard let session else { throw JaxError(.internalError, "the JAX library is not loaded") }
        guard arguments.count == argumentIsWeak.count else {
            throw JaxError(.typeError, "the program takes \(argumentIsWeak.count) arguments, but \(arguments.count) were given")
        }
        var arrays: [ArrayObject] = []
        for (value, type) in zip(arguments, argumentTypes) {
            let array = try makeArray(value, dtype: nil)
            arrays.append(array.dtype == type.dtype || !array.handle.isConcrete || value.arrayObject != nil ? array : try makeArray(value, dtype: type.dtype))
        }
        arrays.insert(contentsOf: captures, at: leadingCount)
        let interpreter = Interpreter.current
        if let trace = try interpreter.target(of: arrays.map { .object($0) }) {
            return try trace.append(program, arrays, isWeak: resultIsWeak).map { .object($0) }
        }
        let device = try session.device("cpu")
        var inputs: [DeviceArray] = []
        for array in arrays { inputs.append(try device.put(try array.handle.elements())) }
        let body = try main().body, method = isJit || hasLoop(body) ? Method.compiled : .evaluated
        let results = try session.execute(program, inputs, device: device, donating: donating, by: method, limits: interpreter.limits)
        withExtendedLifetime(arrays) {}
        var values: [Value] = []
        for (index, result) in results.enumerated() {
            values.append(.array(try device.fetch(result), isWeak: index < resultIsWeak.count && resultIsWeak[index]))
        }
        return values
    }

    /// What a transformation makes of it; `resultIsWeak` of the new results.
    func transformed(_ step: Transformation, _ name: String, argumentIsWeak: [Bool], resultIsWeak: [Bool]) throws(JaxError) -> TracedObject {
        guard let session else { throw JaxError(.internalError, "the JAX library is not loaded") }
        let made = try session.transform(TransformationRequest(steps: [step]), program, nil, as: session.freshName(name),
                                         limits: Interpreter.current.limits)
        return TracedObject(made, captures: captures, leading: leadingCount, argumentIsWeak: argumentIsWeak, resultIsWeak: resultIsWeak)
    }
}

private func hasLoop(_ region: Region) -> Bool {
    region.operations.contains { $0.code == .scan || $0.code == .while || $0.code == .countedLoop || $0.regions.contains(where: hasLoop) }
}

extension Value {
    /// The traced function that it is. Throws `typeError` for other values.
    func asTraced() throws(JaxError) -> TracedObject {
        if case .object(let object) = self, let traced = object as? TracedObject { return traced }
        throw JaxError(.typeError, "expected a traced function, not \(typeName)")
    }
}
