// A Python function on its way to being a program.
//
// A trace has a function under construction, in memory of its own that outlives the jobs which record into it: a job returns what it
// has recorded (Staging.swift), and it is appended here, outside. What ends a job loses one call, and the trace goes on.
//
// Traces nest as the functions do. A call is recorded in the innermost trace that one of its operands belongs to, or that records all;
// operands of traces outside, and arrays that are no tracers, become further parameters of the function: its captures.
import JaxIR
import JaxOps
import JaxPlatform
import JaxRun
import JaxTransform

final class Trace {
    enum Kind {
        /// Whatever is computed while the function runs is recorded: jit, and the bodies of loops and branches.
        case jit
        /// grad, jvp, vjp: only what depends on the arguments is recorded, and its values are known where those of the arguments are.
        case derivative
        case vmap

        var name: String {
            switch self {
            case .jit: return "jit"
            case .derivative: return "jvp"
            case .vmap: return "vmap"
            }
        }
    }

    /// More than a program that somebody wrote has; what makes programs by loops without an end is told so.
    static let maximumOperations = 1 << 19

    let serial: Int
    let kind: Kind
    let functionName: String
    let owner: MemoryOwner
    private let builder: Builder
    /// The arguments, where they are arrays: what a derivative is taken at.
    private let arguments: [ArrayObject]
    private(set) var parameters: [ValueID] = []
    private(set) var captures: [ArrayObject] = []
    private var captureParameters: [ValueID] = []
    /// Programs that parts were taken from.
    private(set) var sources: [LoadedProgram] = []
    /// Functions that operations name.
    private var functions: [Function] = []

    /// Whether any interpreter has traced anything yet: before that no array is a tracer.
    nonisolated(unsafe) static var haveBegun = false

    var recordsAll: Bool { kind == .jit }

    init(_ serial: Int, _ kind: Kind, _ functionName: String, _ types: [TensorType], arguments: [ArrayObject]) {
        self.serial = serial
        self.kind = kind
        self.functionName = functionName
        self.arguments = arguments
        owner = platform.makeOwner(name: "trace of " + functionName)
        var builder: Builder?, parameters: [ValueID] = []
        platform.charging(owner) {
            let made = Builder(Function(name: "main"), maximumOperations: Trace.maximumOperations)
            for type in types { parameters.append(made.parameter(.tensor(type.detached()))) }
            builder = made
        }
        self.builder = builder!
        self.parameters = parameters
    }

    /// Does what adds to the function, in the trace's memory.
    private func extend<Result>(_ body: () throws(JaxError) -> Result) throws(JaxError) -> Result {
        var outcome: Swift.Result<Result, JaxError>?
        platform.charging(owner) {
            do throws(JaxError) { outcome = .success(try body()) } catch { outcome = .failure(error.detached()) }
        }
        return try outcome!.get()
    }

    // MARK: Operands

    /// The value that stands for an array here: itself, or a parameter that captures it.
    func value(of array: ArrayObject) throws(JaxError) -> ValueID {
        if let traced = array.traced {
            if traced.trace == serial { return traced.value }
            guard Interpreter.current.trace(traced.trace) != nil else { throw unexpectedTracer(array.handle.type) }
        }
        if array.handle.isConcrete && array.handle.elementCount == 1 {
            let tensor = try array.handle.elements()
            return try extend { () throws(JaxError) in
                let copy = try tensor.borrowed().owned()
                return try builder.constant(Literal(type: copy.type, isSplat: false, storage: copy.storage))
            }
        }
        for (index, capture) in captures.enumerated() {
            if capture === array || (capture.traced != nil && capture.traced == array.traced) { return captureParameters[index] }
        }
        let parameter = try extend { () throws(JaxError) in builder.parameter(.tensor(array.handle.type.detached())) }
        // The array may be a job's, in the memory of a trace; captures outlive both.
        platform.charging(.library) {
            if let traced = array.traced {
                captures.append(ArrayObject(Handle(array.handle.type.detached(), traced), isWeak: array.isWeak))
            } else {
                captures.append(array)
            }
        }
        captureParameters.append(parameter)
        return parameter
    }

    // MARK: Recording

    /// Appends what a call has recorded; its results, as tracers.
    func append(_ call: RecordedCall) throws(JaxError) -> Value {
        var operands: [ValueID] = []
        for input in call.inputs { operands.append(try value(of: input)) }
        let values = try append(call.function, operands)
        var next = 0
        return mapArrays(call.value) { array in
            guard case .staged = array.handle.content else { return array }
            next += 1
            return tracer(values[next - 1], isWeak: array.isWeak)
        }
    }

    /// Appends the operations of a program on these arguments; its results, as tracers.
    func append(_ program: LoadedProgram, _ arguments: [ArrayObject], isWeak: [Bool]) throws(JaxError) -> [ArrayObject] {
        guard let main = program.module.function(named: "main") else { throw JaxError(.internalError, "a program has no @main") }
        var operands: [ValueID] = []
        for argument in arguments { operands.append(try value(of: argument)) }
        keep(program)
        let values = try append(main, operands)
        return values.enumerated().map { tracer($1, isWeak: $0 < isWeak.count && isWeak[$0]) }
    }

    /// A program of which parts have been recorded must stay.
    func keep(_ program: LoadedProgram) {
        if !sources.contains(where: { $0 === program }) { sources.append(program) }
        for function in program.module.functions where function.name != "main" && !functions.contains(where: { $0 === function }) {
            functions.append(function)
        }
    }

    /// Emits operations on values of this trace; the results, as tracers.
    func emit(isWeak: [Bool] = [], _ body: (Builder) throws(JaxError) -> [ValueID]) throws(JaxError) -> [ArrayObject] {
        let values = try extend { () throws(JaxError) in try body(builder) }
        return values.enumerated().map { tracer($1, isWeak: $0 < isWeak.count && isWeak[$0]) }
    }

    private func append(_ function: Function, _ operands: [ValueID]) throws(JaxError) -> [ValueID] {
        try extend { () throws(JaxError) in try spliced(function, operands, into: builder) }
    }

    /// The array that Python has for a value.
    func tracer(_ value: ValueID, isWeak: Bool) -> ArrayObject {
        var made: ArrayObject?
        platform.charging(.library) {
            let type = builder.type(of: value).tensor ?? TensorType(.f32, [])
            made = ArrayObject(Handle(type.detached(), TracedValue(trace: serial, value: value)), isWeak: isWeak)
        }
        return made!
    }

    // MARK: The end

    /// Ends the function, which returns `results`: a module whose `main` takes the parameters and then the captures.
    func finish(_ results: [ArrayObject]) throws(JaxError) -> Module {
        var values: [ValueID] = []
        for result in results { values.append(try value(of: result)) }
        return try extend { () throws(JaxError) in
            builder.finish(values)
            // Captures may stand between parameters that were made later than they; parameters come first.
            let function = builder.function, body = function.body
            function.body = Region(parameters: parameters + captureParameters, operations: body.operations, results: body.results)
            let module = Module(name: String(decoding: Array(functionName.utf8), as: UTF8.self))
            try module.add(function)
            for other in functions { try module.add(other) }
            return module
        }
    }

    // MARK: Known values

    /// The elements of a value, computed now, where those of the arguments are known.
    func known(_ value: ValueID) throws(JaxError) -> Tensor? {
        guard kind == .derivative else { return nil }
        var inputs: [RuntimeValue] = []
        for array in arguments + captures {
            if array.handle.isConcrete {
                inputs.append(.tensor(try array.handle.elements().borrowed()))
            } else if let traced = array.traced, let trace = Interpreter.current.trace(traced.trace), let tensor = try trace.known(traced.value) {
                inputs.append(.tensor(tensor))
            } else {
                return nil
            }
        }
        let function = builder.prefix(computing: value, of: parameters + captureParameters)
        let module = Module()
        try module.add(function)
        for other in functions { try module.add(other) }
        return try EvaluationPlan(module).call(function, inputs).first?.asTensor().owned()
    }
}
