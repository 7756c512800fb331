// Programs as text, close to jaxpr's notation: "{ lambda ; a:f32[3] b:f32[3]. let c:f32[3] = add a b in (c,) }".

/// What to print beside the operations.
public struct PrintOptions {
    /// Each operation's source location, as a comment.
    public var locations: Bool
    /// Constants up to this many elements are written out.
    public var constantElements: Int

    public init(locations: Bool = false, constantElements: Int = 8) {
        self.locations = locations
        self.constantElements = constantElements
    }
}

extension Module {
    /// The whole program. Functions follow each other; regions are indented.
    public func text(_ options: PrintOptions = PrintOptions()) -> String {
        var printer = Printer(self, options)
        printer.module()
        return printer.output
    }
}

private struct Printer {
    private let program: Module
    private let options: PrintOptions
    private(set) var output = ""
    /// Names of the current function's values, given in the order of their definition.
    private var names: [Int: String] = [:]

    init(_ module: Module, _ options: PrintOptions) {
        program = module
        self.options = options
    }

    mutating func module() {
        if !program.name.isEmpty { output += "# module " + program.name + "\n" }
        for mesh in program.meshes {
            output += "# mesh " + mesh.name + ":"
            for axis in mesh.axes { output += " " + axis.name + "=\(axis.size)" }
            output += "\n"
        }
        for function in program.functions { self.function(function) }
    }

    private mutating func function(_ function: Function) {
        names = [:]
        output += (function.isPublic ? "" : "private ") + function.name + " = { lambda ;"
        for (index, id) in function.body.parameters.enumerated() {
            output += " " + binding(id, function)
            if index < function.parameterAttributes.count, function.parameterAttributes[index]["tf.aliasing_output"] != nil {
                output += "{donated}"
            }
        }
        output += ". let\n"
        body(function.body, function, indent: 4)
        output += "  in " + tuple(function.body.results) + " }\n"
    }

    private mutating func body(_ region: Region, _ function: Function, indent: Int) {
        for operation in region.operations { self.operation(operation, function, indent: indent) }
    }

    private mutating func operation(_ operation: Operation, _ function: Function, indent: Int) {
        let margin = String(repeating: " ", count: indent)
        var operands = ""
        for id in operation.operands { operands += " " + name(id) }
        var results = ""
        for id in operation.results { results += (results.isEmpty ? "" : " ") + binding(id, function) }
        output += margin + results + (results.isEmpty ? "" : " = ") + operation.code.name
        let attributes = self.attributes(operation)
        if !attributes.isEmpty { output += "[" + attributes + "]" }
        output += operands
        if options.locations, let place = program.locations.describe(operation.location) { output += "  # " + place }
        output += "\n"
        for region in operation.regions {
            output += margin + "  { lambda ;"
            for id in region.parameters { output += " " + binding(id, function) }
            output += ". let\n"
            body(region, function, indent: indent + 6)
            output += margin + "    in " + tuple(region.results) + " }\n"
        }
    }

    private func attributes(_ operation: Operation) -> String {
        var text = ""
        for entry in operation.attributes.entries {
            let value: String
            if case .literal(let literal) = entry.value, operation.code == .constant {
                text += (text.isEmpty ? "" : " ") + literal.text(upTo: options.constantElements)
                continue
            }
            if entry.value.isEmpty && operation.code == .customCall { continue }
            value = entry.value.text(upTo: options.constantElements)
            text += (text.isEmpty ? "" : " ") + entry.name + "=" + value
        }
        return text
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

    /// a, b, …, z, ba, bb, …: numbers in base 26, as jaxpr counts.
    private static func letters(_ number: Int) -> String {
        var digits: [UInt8] = []
        var rest = number
        repeat {
            digits.append(UInt8(97 + rest % 26))
            rest /= 26
        } while rest > 0
        return String(decoding: digits.reversed(), as: UTF8.self)
    }
}

extension Attribute {
    /// Whether it says nothing: an empty list or text, or False.
    fileprivate var isEmpty: Bool {
        switch self {
        case .array(let list): return list.isEmpty
        case .string(let text): return text.isEmpty
        case .bool(let value): return !value
        default: return false
        }
    }

    /// Python-like text; long constants are summarised, and what is longer than a screen is cut.
    public func text(upTo elements: Int = 8) -> String {
        var text = ""
        write(to: &text, elements)
        return text
    }

    /// Attributes may share parts many times over; a bound on the text bounds the walk.
    private static let longestText = 2000

    private func write(to text: inout String, _ elements: Int) {
        guard text.utf8.count < Attribute.longestText else {
            text += "…"
            return
        }
        switch self {
        case .unit: text += "True"
        case .bool(let value): text += value ? "True" : "False"
        case .integer(let value, _): text += "\(value)"
        case .float(let value, _): text += "\(value)"
        case .string(let value): text += Attribute.quote(value)
        case .type(let type): text += type.description
        case .symbol(let name): text += "@" + name
        case .enumeration(let name): text += name
        case .opaque(let value): text += "<" + value + ">"
        case .literal(let literal): text += literal.text(upTo: elements)
        case .integers(let list): Attribute.list(list.count, &text) { $1 += "\(list[$0])" }
        case .bools(let list): Attribute.list(list.count, &text) { $1 += list[$0] ? "True" : "False" }
        case .array(let list): Attribute.list(list.count, &text) { list[$0].write(to: &$1, elements) }
        case .dictionary(let entries):
            text += "{"
            for (index, entry) in entries.enumerated() where text.utf8.count < Attribute.longestText {
                text += (index > 0 ? ", " : "") + entry.name + ": "
                entry.value.write(to: &text, elements)
            }
            text += "}"
        }
    }

    /// "(1, 2)", with Python's comma after a single element.
    private static func list(_ count: Int, _ text: inout String, _ element: (Int, inout String) -> Void) {
        text += "("
        for index in 0..<count {
            if index > 0 { text += ", " }
            guard text.utf8.count < longestText else {
                text += "…"
                break
            }
            element(index, &text)
        }
        text += count == 1 ? ",)" : ")"
    }

    private static func quote(_ text: String) -> String {
        var quoted = "'"
        for character in text.unicodeScalars {
            switch character {
            case "'": quoted += "\\'"
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            default:
                if character.value < 32 || character.value == 127 { quoted += "\\x" + hex(UInt8(character.value)) } else {
                    quoted.unicodeScalars.append(character)
                }
            }
        }
        return quoted + "'"
    }

    private static func hex(_ value: UInt8) -> String {
        let digits = String(value, radix: 16)
        return value < 16 ? "0" + digits : digits
    }
}

extension Literal {
    /// The elements, or how many there are.
    func text(upTo limit: Int) -> String {
        let count = type.elementCount
        if isSplat && count > 1 { return element(0) + " everywhere" }
        if type.rank == 0 { return element(0) }
        guard count <= limit else { return "… \(count) elements" }
        var text = ""
        for index in 0..<count { text += (index > 0 ? ", " : "") + element(index) }
        return "[" + text + "]"
    }

    private func read<Value: BitwiseCopyable>(_ index: Int, _ type: Value.Type) -> Value {
        storage.bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self)
    }

    private func element(_ index: Int) -> String {
        guard storage.byteCount >= (index + 1) * type.dtype.byteWidth else { return "?" }
        switch type.dtype {
        case .i1: return read(index, UInt8.self) != 0 ? "True" : "False"
        case .i2, .i4, .i8: return "\(read(index, Int8.self))"
        case .u2, .u4, .u8: return "\(read(index, UInt8.self))"
        case .i16: return "\(read(index, Int16.self))"
        case .u16: return "\(read(index, UInt16.self))"
        case .i32: return "\(read(index, Int32.self))"
        case .u32: return "\(read(index, UInt32.self))"
        case .i64: return "\(read(index, Int64.self))"
        case .u64: return "\(read(index, UInt64.self))"
        case .f32: return "\(read(index, Float.self))"
        case .f64: return "\(read(index, Double.self))"
        case .f16: return "\(Float(read(index, Float16.self)))"
        case .bf16: return "\(Float(bitPattern: UInt32(read(index, UInt16.self)) << 16))"
        case .c64: return "(\(read(2 * index, Float.self))+\(read(2 * index + 1, Float.self))j)"
        case .c128: return "(\(read(2 * index, Double.self))+\(read(2 * index + 1, Double.self))j)"
        default: return "0x" + String(read(index, UInt8.self), radix: 16)
        }
    }
}
