// The program form: modules of functions of single-assignment values over tensors. Built by the loader and by tracing,
// rewritten by passes, executed by the evaluator and the compilers.
import JaxPlatform

/// A value of a function: an index into `Function.types`. Regions share their function's numbering, so a region may use
/// any value that is defined before it.
public struct ValueID: Hashable {
    public var index: Int

    public init(_ index: Int) { self.index = index }
}

/// One operation. It does not change: a pass that wants another one makes another one.
public final class Operation {
    public let code: OpCode
    public let operands: [ValueID]
    public let results: [ValueID]
    /// What its definition asks for, of the class that the definition names.
    public let parameters: Parameters
    /// What this machine has no use for and keeps: shardings, layouts, hints.
    public let annotations: Attributes
    public let regions: [Region]
    public let location: LocationID

    public init(_ code: OpCode, operands: [ValueID] = [], results: [ValueID] = [], parameters: Parameters = .none,
                annotations: Attributes = Attributes(), regions: [Region] = [], location: LocationID = .unknown) {
        self.code = code
        self.operands = operands
        self.results = results
        self.parameters = parameters
        self.annotations = annotations
        self.regions = regions
        self.location = location
    }

    /// The parameters as the record of the operation's definition; the verifier has seen that they are of this class.
    @inline(__always)
    public func parameters<Record: Parameters>(_ record: Record.Type) -> Record { unsafeDowncast(parameters, to: Record.self) }
}

/// A nested body with one block: parameters, operations, and the values that it returns.
public struct Region {
    public var parameters: [ValueID]
    public var operations: [Operation]
    /// The operands of the terminator (`stablehlo.return`, `func.return`, `sdy.return`).
    public var results: [ValueID]

    public init(parameters: [ValueID] = [], operations: [Operation] = [], results: [ValueID] = []) {
        self.parameters = parameters
        self.operations = operations
        self.results = results
    }
}

/// A function: its body's parameters are its arguments. It is built once; the verifier freezes it.
public final class Function {
    public let name: String
    public var isPublic: Bool
    public var body: Region { didSet { precondition(!isFrozen, "a verified function is changed") } }
    /// The type of each value by `ValueID.index`.
    public private(set) var types: [ValueType]
    /// Whether the function has been verified: nothing in it changes from then on.
    public private(set) var isFrozen = false
    /// One for each parameter (donation: "tf.aliasing_output"; sharding).
    public var parameterAttributes: [Attributes]
    public var resultAttributes: [Attributes]
    public var resultTypes: [ValueType]
    public var attributes: Attributes
    public var location: LocationID

    public init(name: String, isPublic: Bool = true) {
        self.name = name
        self.isPublic = isPublic
        self.body = Region()
        self.types = []
        self.parameterAttributes = []
        self.resultAttributes = []
        self.resultTypes = []
        self.attributes = Attributes()
        self.location = .unknown
    }

    public var parameterTypes: [ValueType] { body.parameters.map { types[$0.index] } }

    public func freeze() { isFrozen = true }

    /// A new value of `type`.
    public func makeValue(_ type: ValueType) -> ValueID {
        precondition(!isFrozen, "a verified function is changed")
        types.append(type)
        return ValueID(types.count - 1)
    }

    public func type(of value: ValueID) -> ValueType { types[value.index] }
}

/// A mesh of devices (`sdy.mesh`).
public struct Mesh {
    public var name: String
    public var axes: [(name: String, size: Int)]

    public init(name: String, axes: [(name: String, size: Int)]) {
        self.name = name
        self.axes = axes
    }
}

/// A program: functions, of which `main` is called from outside.
public final class Module {
    public var name: String
    /// In the order of the file.
    public private(set) var functions: [Function]
    private var indexByName: [String: Int]
    public var meshes: [Mesh]
    public var attributes: Attributes
    public var locations: LocationTable

    public init(name: String = "") {
        self.name = name
        functions = []
        indexByName = [:]
        meshes = []
        attributes = Attributes()
        locations = LocationTable()
    }

    public func function(named name: String) -> Function? {
        indexByName[name].map { functions[$0] }
    }

    /// Adds a function. Throws `malformed` where the name is taken.
    public func add(_ function: Function) throws(JaxError) {
        if indexByName[function.name] != nil {
            throw JaxError(.malformed, "the module defines @\(function.name) twice")
        }
        indexByName[function.name] = functions.count
        functions.append(function)
    }
}
