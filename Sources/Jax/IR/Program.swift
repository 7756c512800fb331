// The program form: modules of functions of single-assignment values over tensors. Built by the loader and by tracing,
// rewritten by passes, executed by the evaluator and the compilers.
import JaxPlatform

/// A value of a function: an index into `Function.types`. Regions share their function's numbering, so a region may use
/// any value that is defined before it.
public struct ValueID: Hashable {
    public var index: Int

    public init(_ index: Int) { self.index = index }
}

/// One operation.
public final class Operation {
    public var code: OpCode
    public var operands: [ValueID]
    public var results: [ValueID]
    public var attributes: Attributes
    public var regions: [Region]
    public var location: LocationID
    /// Filled by `markLastUses`: bit i says that operand i is not needed any more once this operation has it.
    public var lastUses: UInt64 = 0
    /// Filled by `markLastUses`: further values that can go when this operation is done: used last by its regions, or never.
    public var releases: [ValueID] = []

    public init(_ code: OpCode, operands: [ValueID] = [], results: [ValueID] = [], attributes: Attributes = Attributes(),
                regions: [Region] = [], location: LocationID = .unknown) {
        self.code = code
        self.operands = operands
        self.results = results
        self.attributes = attributes
        self.regions = regions
        self.location = location
    }
}

/// A nested body with one block: parameters, operations, and the values that it returns.
public struct Region {
    public var parameters: [ValueID]
    public var operations: [Operation]
    /// The operands of the terminator (`stablehlo.return`, `func.return`, `sdy.return`).
    public var results: [ValueID]
    /// Filled by `markLastUses`: what this region defines and returns, and parameters that nothing uses.
    public var releases: [ValueID] = []

    public init(parameters: [ValueID] = [], operations: [Operation] = [], results: [ValueID] = []) {
        self.parameters = parameters
        self.operations = operations
        self.results = results
    }
}

/// A function: its body's parameters are its arguments.
public final class Function {
    public var name: String
    public var isPublic: Bool
    public var body: Region
    /// The type of each value by `ValueID.index`.
    public var types: [ValueType]
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

    /// A new value of `type`.
    public func makeValue(_ type: ValueType) -> ValueID {
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
