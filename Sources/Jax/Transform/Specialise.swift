// Specialisation: from a program with dynamic dimensions and the shapes of its arguments to a program whose types are all
// static. Sizes flow through the program as known values: what computes shapes is folded away, what takes shapes as
// operands becomes the plain operation, and what asserts something about shapes is decided here.
import JaxIR
import JaxOps
import JaxPlatform

/// The program for arguments of `argumentTypes`, one for each tensor parameter of `main`, all static.
///
/// With `platformIndex`, the first of them (a scalar i32) is known to have this value, and the branches for other platforms
/// go. A program without dynamic dimensions is otherwise returned as it is. Throws `typeError` where the arguments do not fit, and
/// `valueError` with the program's own message where one of its shape assertions does not hold.
@export(interface)
public func specialise(_ module: Module, argumentTypes: [TensorType],
                       platformIndex: Int? = nil) throws(JaxError) -> Module {
    guard let main = module.function(named: "main") else {
        throw JaxError(.valueError, "the module has no function @main")
    }
    var types: [ValueType] = []
    var next = 0
    for (index, declared) in main.parameterTypes.enumerated() {
        guard let tensor = declared.tensor else {
            types.append(declared)
            continue
        }
        guard next < argumentTypes.count else {
            throw JaxError(.typeError, "the program takes more than the \(argumentTypes.count) arrays given")
        }
        let given = argumentTypes[next]
        guard given.isStatic, fits(given, tensor) else {
            throw JaxError(.typeError, "argument \(index) has type \(given), but the program takes \(tensor)")
        }
        types.append(.tensor(given))
        next += 1
    }
    guard next == argumentTypes.count else {
        throw JaxError(.typeError, "the program takes \(next) arrays, \(argumentTypes.count) are given")
    }
    if module.isStatic, platformIndex == nil { return module }
    var known = [Tensor?](repeating: nil, count: types.count)
    if let platformIndex {
        let scalar = TensorType(.i32, [])
        guard let index = types.firstIndex(of: .tensor(scalar)), index == types.firstIndex(where: { $0.tensor != nil }) else {
            throw JaxError(.typeError, "the program takes no platform index")
        }
        let tensor = try Tensor(scalar)
        tensor.elements(as: Int32.self)[0] = Int32(truncatingIfNeeded: platformIndex)
        known[index] = tensor
    }
    let specialiser = Specialiser(module)
    let target = specialiser.target
    _ = try specialiser.variant(of: main, types: types, known: known, name: "main")
    return target
}

/// Whether an array of type `given` may be passed for `declared`.
func fits(_ given: TensorType, _ declared: TensorType) -> Bool {
    guard given.dtype == declared.dtype, given.rank == declared.rank else { return false }
    for (size, wanted) in zip(given.shape, declared.shape) where wanted != TensorType.dynamic && size != wanted { return false }
    return true
}

extension ValueType {
    /// Whether no dimension in it is dynamic.
    var isStatic: Bool {
        switch self {
        case .tensor(let type): return type.isStatic
        case .token: return true
        case .tuple(let types):
            for type in types where !type.isStatic { return false }
            return true
        }
    }
}

extension Module {
    /// Whether all types are static and nothing is left that only specialisation decides.
    public var isStatic: Bool {
        for function in functions {
            for type in function.types where !type.isStatic { return false }
            if hasDynamicOperation(function.body) { return false }
        }
        return true
    }
}

private func hasDynamicOperation(_ region: Region) -> Bool {
    for operation in region.operations {
        if let definition = opDefinition(operation), definition.traits.contains(.dynamic) { return true }
        for region in operation.regions where hasDynamicOperation(region) { return true }
    }
    return false
}

/// A function for given argument types and known arguments.
final class Variant {
    let function: Function
    /// The results that are known already.
    let known: [Tensor?]

    init(_ function: Function, known: [Tensor?]) {
        self.function = function
        self.known = known
    }

    /// Whether calling it does nothing but yield results that are known.
    var isConstant: Bool {
        for tensor in known where tensor == nil { return false }
        for operation in function.body.operations where operation.code != .constant { return false }
        return true
    }
}

/// The variants made so far, and the module that they are in.
final class Specialiser {
    let source: Module
    let target: Module
    private struct Made {
        var types: [ValueType]
        var arguments: [Tensor?]
        var variant: Variant
    }
    private var made: [String: [Made]] = [:]
    private var depth = 0
    private var operations = 0
    private let operationLimit: Int
    /// Calls within calls; programs of JAX stay far below.
    private static let depthLimit = 64

    init(_ source: Module) {
        self.source = source
        target = source.emptyCopy()
        var count = 0
        for function in source.functions { count += function.types.count + function.body.operations.count }
        operationLimit = 64 * count + 4096
    }

    /// Counts an operation of the result, which must not outgrow the source without bound.
    func charge() throws(JaxError) {
        operations += 1
        guard operations <= operationLimit else {
            throw JaxError(.resourceExhausted, "the specialised program has more than \(operationLimit) operations")
        }
    }

    /// `function` for arguments of `types`, some of them known.
    func variant(of function: Function, types: [ValueType], known: [Tensor?], name: String? = nil) throws(JaxError) -> Variant {
        for entry in made[function.name] ?? [] where entry.types == types && Specialiser.equal(entry.arguments, known) {
            return entry.variant
        }
        guard depth < Specialiser.depthLimit else {
            throw JaxError(.resourceExhausted, "functions call each other deeper than \(Specialiser.depthLimit)")
        }
        depth += 1
        defer { depth -= 1 }
        let number = made[function.name]?.count ?? 0
        var own = name ?? (number == 0 ? function.name : function.name + "_\(number)")
        while target.function(named: own) != nil || (name == nil && own == "main") { own += "_" }
        let variant = try SpecialisingCopier(self, function, name: own).build(types, known)
        made[function.name, default: []].append(Made(types: types, arguments: known, variant: variant))
        try target.add(variant.function)
        return variant
    }

    private static func equal(_ a: [Tensor?], _ b: [Tensor?]) -> Bool {
        guard a.count == b.count else { return false }
        for (x, y) in zip(a, b) {
            switch (x, y) {
            case (nil, nil): continue
            case (let x?, let y?): if !sameElements(x, y) { return false }
            default: return false
            }
        }
        return true
    }

    private static func sameElements(_ a: Tensor, _ b: Tensor) -> Bool {
        guard a.type == b.type else { return false }
        for index in 0..<a.type.byteCount {
            if a.bytes.load(fromByteOffset: index, as: UInt8.self) != b.bytes.load(fromByteOffset: index, as: UInt8.self) {
                return false
            }
        }
        return true
    }
}
