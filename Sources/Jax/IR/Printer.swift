// Programs as text, close to jaxpr's notation: "{ lambda ; a:f32[3] b:f32[3]. let c:f32[3] = add a b in (c,) }". What it prints
// with `PrintOptions.complete` is a whole program again when `parseProgram` (Load/Text) has read it.

/// What to print beside the operations.
public struct PrintOptions {
    /// Each operation's source location, as a comment.
    public var locations: Bool
    /// Constants up to this many elements are written out.
    public var constantElements: Int
    /// What the machine has no use for: shardings, layouts, hints.
    public var annotations: Bool

    public init(locations: Bool = false, constantElements: Int = 8, annotations: Bool = false) {
        self.locations = locations
        self.constantElements = constantElements
        self.annotations = annotations
    }

    /// Everything but the locations: what a program needs to be read back.
    public static let complete = PrintOptions(constantElements: Int.max, annotations: true)
}

extension Module {
    /// The whole program. Functions follow each other; regions are indented.
    public func text(_ options: PrintOptions = PrintOptions()) -> String {
        var printer = Printer(locations, options)
        printer.module(self)
        return printer.output
    }
}

extension Function {
    /// One function, whose locations `locations` knows.
    public func text(_ options: PrintOptions = PrintOptions(), locations: LocationTable = LocationTable()) -> String {
        var printer = Printer(locations, options)
        printer.function(self)
        return printer.output
    }
}

private struct Printer {
    private let locations: LocationTable
    private let options: PrintOptions
    private(set) var output = ""
    /// Names of the current function's values, given in the order of their definition.
    private var names: [Int: String] = [:]

    init(_ locations: LocationTable, _ options: PrintOptions) {
        self.locations = locations
        self.options = options
    }

    mutating func module(_ module: Module) {
        if !module.name.isEmpty { output += "# module " + Attribute.identifier(module.name) + annotations(module.attributes) + "\n" }
        for mesh in module.meshes {
            output += "# mesh " + Attribute.identifier(mesh.name) + ":"
            for axis in mesh.axes { output += " " + Attribute.identifier(axis.name) + "=\(axis.size)" }
            output += "\n"
        }
        for function in module.functions { self.function(function) }
    }

    mutating func function(_ function: Function) {
        names = [:]
        output += (function.isPublic ? "" : "private ") + Attribute.identifier(function.name) + annotations(function.attributes)
            + " = { lambda ;"
        for (index, id) in function.body.parameters.enumerated() {
            output += " " + binding(id, function)
            guard index < function.parameterAttributes.count else { continue }
            if options.annotations {
                output += annotations(function.parameterAttributes[index])
            } else if function.parameterAttributes[index]["tf.aliasing_output"] != nil {
                output += "{donated}"
            }
        }
        output += ". let\n"
        for operation in function.body.operations { self.operation(operation, function, indent: 4) }
        output += "  in " + tuple(function.body.results) + resultAnnotations(function) + " }\n"
    }

    /// "{…} {…}", one for each result, where one of them has any.
    private func resultAnnotations(_ function: Function) -> String {
        guard options.annotations, function.resultAttributes.contains(where: { !$0.entries.isEmpty }) else { return "" }
        var text = ""
        for list in function.resultAttributes { text += " " + (list.entries.isEmpty ? "{}" : annotations(list)) }
        return text
    }

    private mutating func operation(_ operation: Operation, _ function: Function, indent: Int) {
        let margin = String(repeating: " ", count: indent)
        var operands = ""
        for id in operation.operands { operands += " " + name(id) }
        var results = ""
        for id in operation.results { results += (results.isEmpty ? "" : " ") + binding(id, function) }
        output += margin + results + (results.isEmpty ? "" : " = ") + operation.code.name + parameters(operation)
            + annotations(operation.annotations) + operands
        if options.locations, let place = locations.describe(operation.location) { output += "  # " + place }
        output += "\n"
        for region in operation.regions {
            output += margin + "  { lambda ;"
            for id in region.parameters { output += " " + binding(id, function) }
            output += ". let\n"
            for inner in region.operations { self.operation(inner, function, indent: indent + 6) }
            output += margin + "    in " + tuple(region.results) + " }\n"
        }
    }

    /// "[dimension=1 …]"; a constant's elements alone.
    private func parameters(_ operation: Operation) -> String {
        var text = ""
        for entry in operation.parameters.attributes(omittingDefaults: true).entries {
            if !text.isEmpty { text += " " }
            if operation.code == .constant, case .literal(let literal) = entry.value {
                text += literal.text(upTo: options.constantElements)
            } else {
                text += Attribute.identifier(entry.name) + "=" + entry.value.text(upTo: options.constantElements, cut: !options.annotations)
            }
        }
        return text.isEmpty && operation.code != .constant ? "" : "[" + text + "]"
    }

    private func annotations(_ list: Attributes) -> String {
        guard options.annotations, !list.entries.isEmpty else { return "" }
        return Attribute.dictionary(list.entries).text(upTo: options.constantElements, cut: false)
    }

    /// "(a, b)", with Python's comma after a single value.
    private func tuple(_ values: [ValueID]) -> String {
        var text = "("
        for (index, id) in values.enumerated() { text += (index > 0 ? ", " : "") + name(id) }
        return text + (values.count == 1 ? ",)" : ")")
    }

    private func name(_ id: ValueID) -> String { names[id.index] ?? "%\(id.index)" }

    private mutating func binding(_ id: ValueID, _ function: Function) -> String {
        let name = Printer.letters(names.count)
        names[id.index] = name
        return name + ":" + function.type(of: id).description
    }

    /// a, b, …, z, ba, bb, …: numbers in base 26, as jaxpr counts. The word that ends a body gets an underscore.
    private static func letters(_ number: Int) -> String {
        var digits: [UInt8] = []
        var rest = number
        repeat {
            digits.append(UInt8(97 + rest % 26))
            rest /= 26
        } while rest > 0
        let name = String(decoding: digits.reversed(), as: UTF8.self)
        return name == "in" ? "in_" : name
    }
}
