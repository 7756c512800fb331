// What shape rules share: access to operand types and attributes with an error text, and dimensions that may be
// dynamic, which agree with any size until a program is specialised.
import JaxIR
import JaxPlatform

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

func isDynamic(_ dimension: Int) -> Bool { dimension == TensorType.dynamic }

/// Whether two sizes may be the same: equal, or one of them dynamic.
func agree(_ a: Int, _ b: Int) -> Bool { a == b || isDynamic(a) || isDynamic(b) }

/// Whether two shapes may be the same.
func agree(_ a: [Int], _ b: [Int]) -> Bool {
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

extension OpView {
    var name: String { operation.code.name }

    /// An error about this operation: "add: …".
    func error(_ kind: JaxError.Kind, _ message: String) -> JaxError { JaxError(kind, name + ": " + message) }

    /// Throws `typeError` with the text where `condition` does not hold.
    func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(JaxError) {
        if !condition { throw error(.typeError, message()) }
    }

    /// The operand's tensor type. Throws `typeError` where there is none.
    func tensor(_ index: Int) throws(JaxError) -> TensorType {
        guard index < operandCount else { throw error(.typeError, "operand \(index) is missing") }
        guard let type = operandType(index).tensor else {
            throw error(.typeError, "operand \(index) is a \(operandType(index)), expected an array")
        }
        return type
    }

    /// The declared result's tensor type.
    func declaredTensor(_ index: Int = 0) throws(JaxError) -> TensorType {
        guard index < operation.results.count else { throw error(.typeError, "result \(index) is missing") }
        guard let type = declaredType(index).tensor else {
            throw error(.typeError, "result \(index) is a \(declaredType(index)), expected an array")
        }
        return type
    }

    func requireOperands(_ count: Int) throws(JaxError) {
        try require(operandCount == count, "takes \(count) operands, given \(operandCount)")
    }

    func requireResults(_ count: Int) throws(JaxError) {
        try require(operation.results.count == count, "has \(count) results, \(operation.results.count) declared")
    }

    func requireRegions(_ count: Int) throws(JaxError) {
        try require(operation.regions.count == count, "takes \(count) regions, given \(operation.regions.count)")
    }

    func require(_ type: TensorType, rank: Int, _ what: String) throws(JaxError) {
        try require(type.rank == rank, "\(what) must have rank \(rank), is \(type)")
    }

    func requireScalar(_ index: Int, _ what: String) throws(JaxError) {
        let type = try tensor(index)
        try require(type.rank == 0, "\(what) must be a scalar, is \(type)")
    }

    func requireInteger(_ index: Int, _ what: String) throws(JaxError) {
        let type = try tensor(index)
        try require(type.dtype.isInteger, "\(what) must hold integers, is \(type)")
    }

    /// The attribute's integers. Throws `malformed` where it is missing.
    func requiredIntegers(_ attribute: String) throws(JaxError) -> [Int] {
        guard let list = attributes.integers(attribute) else {
            throw error(.malformed, "the attribute \(attribute) is missing")
        }
        return list
    }

    func requiredInteger(_ attribute: String) throws(JaxError) -> Int {
        guard let value = attributes.integer(attribute) else {
            throw error(.malformed, "the attribute \(attribute) is missing")
        }
        return value
    }

    func requiredEnumeration(_ attribute: String) throws(JaxError) -> String {
        guard let value = attributes.enumeration(attribute) else {
            throw error(.malformed, "the attribute \(attribute) is missing")
        }
        return value
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

    /// The types of a region's parameters and results.
    func regionTypes(_ index: Int) -> (parameters: [ValueType], results: [ValueType]) {
        let region = operation.regions[index]
        var parameters: [ValueType] = []
        for id in region.parameters { parameters.append(function.type(of: id)) }
        var results: [ValueType] = []
        for id in region.results { results.append(function.type(of: id)) }
        return (parameters, results)
    }
}

extension OpView {
    /// The types of all operands, which must be arrays.
    func tensors() throws(JaxError) -> [TensorType] {
        var types: [TensorType] = []
        for index in 0..<operandCount { types.append(try tensor(index)) }
        return types
    }
}
