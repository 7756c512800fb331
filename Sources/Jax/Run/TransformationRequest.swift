// A transformation as it is asked for: a name, or several round each other ("vmap(grad)"), with options as JSON.
import JaxPlatform
import JaxTransform

public struct TransformationRequest {
    /// The innermost first.
    public let steps: [Transformation]

    public init(steps: [Transformation]) { self.steps = steps }

    /// Options: "argnums", "in_axes", "out_axes", "axis_size", "has_aux", "allow_int", "holomorphic", as JAX's functions have them; each
    /// transformation of several takes those that it knows. Throws `valueError` for a name or an option that there is not.
    public init(_ name: String, _ options: JSON = .object([])) throws(JaxError) {
        var steps: [Transformation] = []
        for part in try TransformationRequest.names(name).reversed() { steps += try TransformationRequest.steps(part, options) }
        self.steps = steps
    }

    /// "vmap(grad)" as vmap, grad.
    private static func names(_ name: String) throws(JaxError) -> [String] {
        var names: [String] = [], current = "", depth = 0
        for character in name.utf8 where character != UInt8(ascii: " ") {
            switch character {
            case UInt8(ascii: "("):
                names.append(current)
                current = ""
                depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
            default: current += String(decoding: [character], as: UTF8.self)
            }
        }
        names.append(current)
        guard depth == 0, names.count <= 8 else { throw JaxError(.valueError, "'\(name)' is no transformation") }
        return names
    }

    private static func steps(_ name: String, _ options: JSON) throws(JaxError) -> [Transformation] {
        switch name {
        case "jit": return [.jit]
        case "grad", "value_and_grad":
            var gradient = GradientOptions()
            gradient.argnums = try argnums(options)
            gradient.withValue = name == "value_and_grad"
            gradient.hasAux = try flag(options, "has_aux")
            gradient.allowInt = try flag(options, "allow_int")
            gradient.holomorphic = try flag(options, "holomorphic")
            return [.grad(gradient)]
        case "jvp", "linearize": return [.jvp()]
        case "vjp": return [.vjp()]
        case "jacfwd": return [.jacfwd(argnums: try argnums(options))]
        case "jacrev": return [.jacrev(argnums: try argnums(options))]
        case "hessian": return [.jacrev(argnums: try argnums(options)), .jacfwd(argnums: try argnums(options))]
        case "vmap", "pmap":
            var batch = BatchOptions()
            batch.inAxes = try axes(options)
            if let value = options["out_axes"] { batch.outAxes = try integer(value.array?.first ?? value, "out_axes") }
            if let value = options["axis_size"] { batch.axisSize = try integer(value, "axis_size") }
            batch.isOverDevices = name == "pmap"
            return [.vmap(batch)]
        default:
            throw JaxError(.valueError, "there is no transformation '\(name)'; there are jit, grad, value_and_grad, jvp, vjp, linearize, jacfwd, "
                + "jacrev, hessian, vmap, pmap, and compositions such as vmap(grad)")
        }
    }

    private static func integer(_ value: JSON, _ name: String) throws(JaxError) -> Int {
        guard let number = value.integer else { throw JaxError(.typeError, "\(name) must be an integer") }
        return number
    }

    private static func argnums(_ options: JSON) throws(JaxError) -> [Int] {
        guard let value = options["argnums"] else { return [0] }
        guard let list = value.array else { return [try integer(value, "argnums")] }
        var numbers: [Int] = []
        for element in list { numbers.append(try integer(element, "argnums")) }
        guard !numbers.isEmpty else { throw JaxError(.valueError, "argnums must name an argument") }
        return numbers
    }

    private static func flag(_ options: JSON, _ name: String) throws(JaxError) -> Bool {
        guard let value = options[name] else { return false }
        guard case .bool(let flag) = value else { throw JaxError(.typeError, "\(name) must be true or false") }
        return flag
    }

    /// Nil for dimension 0 of all arguments.
    private static func axes(_ options: JSON) throws(JaxError) -> [Int?]? {
        guard let value = options["in_axes"] else { return nil }
        guard let list = value.array else { throw JaxError(.typeError, "in_axes must be a list of integers and null") }
        var axes: [Int?] = []
        for element in list { if case .null = element { axes.append(nil) } else { axes.append(try integer(element, "in_axes")) } }
        return axes
    }
}
