// Transformations of whole programs: grad, jvp, vjp, vmap and what is made of them, each a function of `main` that gives another `main`.
import JaxIR
import JaxOps
import JaxPlatform

/// A transformation with its options, as the functions of JAX's API have them. Numbers of arguments are those of the function's positional
/// arguments, each of which may be several arrays.
public enum Transformation {
    case jit
    case grad(GradientOptions)
    /// With respect to the arguments named, or to all.
    case jvp(argnums: [Int]? = nil)
    case vjp(argnums: [Int]? = nil)
    case jacfwd(argnums: [Int])
    case jacrev(argnums: [Int])
    case vmap(BatchOptions)
}

public struct GradientOptions {
    public var argnums = [0]
    /// Whether the value comes in front of the gradients.
    public var withValue = false
    /// Whether all results but the first are passed on.
    public var hasAux = false
    public var allowInt = false
    public var holomorphic = false

    public init() {}
}

public struct BatchOptions {
    /// A dimension for each argument, or nil for one that is not batched; nil for dimension 0 of all.
    public var inAxes: [Int?]?
    public var outAxes = 0
    /// The dimension of each result, nil for one that is not batched; instead of `outAxes`.
    public var resultAxes: [Int?]?
    /// Nil: that of the arguments.
    public var axisSize: Int?
    /// `pmap`: each row is a device's, of which there must be as many.
    public var isOverDevices = false

    public init() {}
}

/// A program as transformations see it: a module whose `main` has no calls, and which of its parameters belong to each argument.
public struct TransformedProgram {
    public private(set) var module: Module
    public private(set) var arguments: [Range<Int>]
    /// The backward pass that the program was exported with, as long as nothing has been transformed: `(x…, cotangents…) -> cotangents of
    /// x…`. It knows rules that the program itself has lost.
    private(set) var backward: Function?

    /// Inlines the module's calls. Every type must be known. `backward` is a module whose `main` is the backward pass that came with the program.
    @export(interface)
    public init(_ module: Module, arguments: [Range<Int>], backward: Module? = nil) throws(JaxError) {
        if let backward { self.backward = try inlined(backward).function(named: "main") }
        self.module = try withScans(inlined(module))
        self.arguments = arguments
        for type in try main().parameterTypes + main().resultTypes where type == .token {
            throw JaxError(.notImplemented, "Ordered effects are not supported in transformations of '\(module.name)'")
        }
    }

    func main() throws(JaxError) -> Function {
        guard let main = module.function(named: "main") else { throw JaxError(.valueError, "the module has no function @main") }
        return main
    }

    /// Applies a transformation; the program that comes of it has been verified.
    @export(interface)
    public mutating func apply(_ transformation: Transformation) throws(JaxError) {
        let function: Function
        var arguments = self.arguments
        switch transformation {
        case .jit: return
        case .grad(let options): function = try gradient(options)
        case .jvp(let argnums): (function, arguments) = try tangents(argnums)
        case .vjp(let argnums): (function, arguments) = try cotangents(argnums)
        case .jacfwd(let argnums): function = try forwardJacobian(argnums)
        case .jacrev(let argnums): function = try reverseJacobian(argnums)
        case .vmap(let options): function = try vectorised(options)
        }
        let made = module.emptyCopy()
        for other in module.functions {
            try made.add(other.name == "main" ? function : other)
        }
        try verify(made)
        module = try pruned(made)
        self.arguments = arguments
        backward = nil
    }

    /// Which parameters belong to the arguments `argnums`, in their order. Throws `typeError` where there is no such argument.
    func parameters(_ argnums: [Int]) throws(JaxError) -> [Int] {
        var list: [Int] = []
        for number in argnums {
            let index = number < 0 ? number + arguments.count : number
            guard arguments.indices.contains(index) else {
                throw JaxError(.typeError, "differentiating with respect to argnums=\(number) requires at least "
                    + "\(number < 0 ? -number : number + 1) positional arguments to be passed by the caller, but got only \(arguments.count) "
                    + "positional arguments.")
            }
            list += Array(arguments[index])
        }
        return list
    }
}
