// An operation as its shape rule sees it, and what shape rules share: access with an error text, and dimensions that may be
// dynamic, which agree with any size until a program is specialised.
import JaxIR
import JaxPlatform

/// Everything of an operation but its results.
public struct OpView {
    public let name: String
    public let operandTypes: [ValueType]
    public let parameters: Parameters
    public let regions: [Region]
    private let function: Function
    /// What a custom call declares: its results are the program's choice, within what its target allows.
    let call: CustomCallParameters?

    init(_ name: String, operandTypes: [ValueType], parameters: Parameters, regions: [Region], function: Function,
         call: CustomCallParameters? = nil) {
        self.name = name
        self.operandTypes = operandTypes
        self.parameters = parameters
        self.regions = regions
        self.function = function
        self.call = call
    }

    var operandCount: Int { operandTypes.count }

    /// An error about this operation: "add: …".
    func error(_ kind: JaxError.Kind, _ message: String) -> JaxError { JaxError(kind, name + ": " + message) }

    /// Throws `typeError` with the text where `condition` does not hold.
    func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(JaxError) {
        if !condition { throw error(.typeError, message()) }
    }

    // MARK: Operands

    /// The operand's tensor type. Throws `typeError` where there is none.
    func tensor(_ index: Int) throws(JaxError) -> TensorType {
        guard index < operandCount else { throw error(.typeError, "operand \(index) is missing") }
        guard let type = operandTypes[index].tensor else {
            throw error(.typeError, "operand \(index) is a \(operandTypes[index]), expected an array")
        }
        return type
    }

    /// The types of all operands, which must be arrays.
    func tensors() throws(JaxError) -> [TensorType] {
        var types: [TensorType] = []
        for index in 0..<operandCount { types.append(try tensor(index)) }
        return types
    }

    /// The types of the first `count` operands, which must have shapes that agree; with the merged shape.
    func alikeOperands(_ count: Int) throws(JaxError) -> (types: [TensorType], shape: [Int]) {
        var types: [TensorType] = []
        for k in 0..<count { types.append(try tensor(k)) }
        var shape = types[0].shape
        for type in types {
            try require(agree(type.shape, shape), "its operands must have the same shape: \(text(types))")
            shape = merge(shape, type.shape)
        }
        return (types, shape)
    }

    func requireOperands(_ count: Int) throws(JaxError) {
        try require(operandCount == count, "takes \(count) operands, given \(operandCount)")
    }

    func requireScalar(_ index: Int, _ what: String) throws(JaxError) {
        let type = try tensor(index)
        try require(type.rank == 0, "\(what) must be a scalar, is \(type)")
    }

    func requireInteger(_ index: Int, _ what: String) throws(JaxError) {
        let type = try tensor(index)
        try require(type.dtype.isInteger, "\(what) must hold integers, is \(type)")
    }

    /// Throws unless operand `index` is a vector of `rank` integers: a shape, strides or starts.
    func requireShapeOperand(_ index: Int, rank: Int) throws(JaxError) {
        let type = try tensor(index)
        try require(type.dtype.isInteger && type.rank == 1 && agree(type.shape[0], rank),
                    "operand \(index) must be a vector of \(rank) integers, is \(type)")
    }

    /// Throws unless `axes` are distinct dimensions of an array of `rank`.
    func requireAxes(_ axes: [Int], rank: Int, _ attribute: String) throws(JaxError) {
        var seen = [Bool](repeating: false, count: rank)
        for axis in axes {
            try require(axis >= 0 && axis < rank, "\(attribute) \(text(axes)) has \(axis), not a dimension of rank \(rank)")
            try require(!seen[axis], "\(attribute) \(text(axes)) names dimension \(axis) twice")
            seen[axis] = true
        }
    }

    // MARK: Regions

    func requireRegions(_ count: Int) throws(JaxError) {
        try require(regions.count == count, "takes \(count) regions, given \(regions.count)")
    }

    /// The types of a region's parameters and results.
    func regionTypes(_ index: Int) -> (parameters: [ValueType], results: [ValueType]) {
        var parameters: [ValueType] = []
        for id in regions[index].parameters { parameters.append(function.type(of: id)) }
        var results: [ValueType] = []
        for id in regions[index].results { results.append(function.type(of: id)) }
        return (parameters, results)
    }

    /// Throws unless region `index` takes `parameters` and returns `results`.
    func requireRegion(_ index: Int, _ what: String, takes parameters: [ValueType], returns results: [ValueType]) throws(JaxError) {
        let types = regionTypes(index)
        try require(agree(types.parameters, parameters),
                    "\(what) takes (\(text(types.parameters))), expected (\(text(parameters)))")
        try require(agree(types.results, results), "\(what) returns (\(text(types.results))), expected (\(text(results)))")
    }

    /// Throws unless the operands are `callee`'s arguments.
    func requireArguments(_ callee: Function) throws(JaxError) {
        try require(agree(callee.parameterTypes, operandTypes),
                    "@\(callee.name) takes (\(text(callee.parameterTypes))), given (\(text(operandTypes)))")
    }
}

// MARK: Types and sizes

/// "[2,3]", with "?" for a dynamic dimension.
func text(_ list: [Int]) -> String {
    var text = "["
    for (index, element) in list.enumerated() {
        if index > 0 { text += "," }
        text += element == TensorType.dynamic ? "?" : "\(element)"
    }
    return text + "]"
}

/// "f32[2,3], i32[]".
func text(_ types: [TensorType]) -> String {
    var text = ""
    for (index, type) in types.enumerated() { text += (index > 0 ? ", " : "") + type.description }
    return text
}

/// "f32[2,3], token".
func text(_ types: [ValueType]) -> String {
    var text = ""
    for (index, type) in types.enumerated() { text += (index > 0 ? ", " : "") + type.description }
    return text
}

func isDynamic(_ dimension: Int) -> Bool { dimension == TensorType.dynamic }

/// Whether two sizes may be the same: equal, or one of them dynamic.
func agree(_ a: Int, _ b: Int) -> Bool { a == b || isDynamic(a) || isDynamic(b) }

/// Whether two shapes may be the same.
func agree(_ a: [Int], _ b: [Int]) -> Bool {
    guard a.count == b.count else { return false }
    for (x, y) in zip(a, b) where !agree(x, y) { return false }
    return true
}

/// Whether two types may be the same once all sizes are known.
func agree(_ a: ValueType, _ b: ValueType) -> Bool {
    switch (a, b) {
    case (.tensor(let x), .tensor(let y)): return x.dtype == y.dtype && agree(x.shape, y.shape)
    case (.token, .token): return true
    case (.tuple(let x), .tuple(let y)): return agree(x, y)
    default: return false
    }
}

func agree(_ a: [ValueType], _ b: [ValueType]) -> Bool {
    guard a.count == b.count else { return false }
    for (x, y) in zip(a, b) where !agree(x, y) { return false }
    return true
}

/// The more precise of two sizes that agree.
func merge(_ a: Int, _ b: Int) -> Int { isDynamic(a) ? b : a }

func merge(_ a: [Int], _ b: [Int]) -> [Int] {
    var merged = a
    for axis in a.indices { merged[axis] = merge(a[axis], b[axis]) }
    return merged
}

/// The product of sizes: dynamic if one of them is, unless one is zero. Throws `valueError` where it does not fit.
func product(_ sizes: [Int]) throws(JaxError) -> Int {
    if sizes.contains(0) { return 0 }
    var product = 1
    for size in sizes {
        if isDynamic(size) { return TensorType.dynamic }
        let (next, overflow) = product.multipliedReportingOverflow(by: size)
        if overflow { throw JaxError(.valueError, "a shape of \(text(sizes)) has too many elements") }
        product = next
    }
    return product
}

func scalarType(_ type: TensorType) -> TensorType { TensorType(type.dtype, []) }
