// Programs from text in the project's own notation, which `Module.text` prints (JaxIR, Printer.swift): what tests are written in.
import JaxIR
import JaxOps
import JaxPlatform

/// The program that `text` describes. Where a result has no type ("c = add a b") it gets the one that the operation's shape rule
/// gives. Throws `malformed` with the byte offset; the program is not verified.
@export(interface)
public func parseProgram(_ text: String) throws(JaxError) -> Module {
    let parser = ProgramTextParser(text)
    return try parser.module()
}

private final class ProgramTextParser {
    private var lexer: TextLexer
    private let target = Module()
    /// Functions by name, also those that have been named but not yet defined.
    private var functions: [String: Function] = [:]
    /// Values by name, in the function that is being read.
    private var values: [String: ValueID] = [:]
    /// Nesting of regions.
    private var depth = 0
    private static let depthLimit = 96

    init(_ text: String) { lexer = TextLexer(text) }

    func module() throws(JaxError) -> Module {
        lexer.skipLines()
        while lexer.take("#") {
            switch try lexer.word() {
            case "module":
                target.name = try lexer.identifier()
                target.attributes = try annotations()
            case "mesh": try mesh()
            default: lexer.skipLine()
            }
            lexer.skipLines()
        }
        while !lexer.isAtEnd {
            try function()
            lexer.skipLines()
        }
        for (name, _) in functions where target.function(named: name) == nil {
            throw JaxError(.malformed, "an operation names @\(name), which does not exist")
        }
        return target
    }

    private func mesh() throws(JaxError) {
        let name = try lexer.identifier()
        try lexer.expect(":")
        var axes: [(name: String, size: Int)] = []
        while !lexer.isAtLineEnd {
            let axis = try lexer.identifier()
            try lexer.expect("=")
            axes.append((axis, try lexer.integer()))
        }
        target.meshes.append(Mesh(name: name, axes: axes))
    }

    private func function(named name: String) -> Function {
        if let function = functions[name] { return function }
        let function = Function(name: name)
        functions[name] = function
        return function
    }

    private func annotations() throws(JaxError) -> Attributes {
        guard lexer.peek() == UInt8(ascii: "{"), case .dictionary(let entries) = try lexer.attribute() else { return Attributes() }
        return Attributes(entries)
    }

    /// "name = { lambda ; a:f32[3]. let … in (b,) }".
    private func function() throws(JaxError) {
        let isPrivate = lexer.takeWord("private")
        let function = function(named: try lexer.identifier())
        try target.add(function)
        function.isPublic = !isPrivate
        function.attributes = try annotations()
        try lexer.expect("=")
        values = [:]
        let builder = Builder(function, maximumOperations: Int.max)
        try header { name, type throws(JaxError) in
            self.values[name] = builder.parameter(type)
            function.parameterAttributes.append(try self.annotations())
        }
        let results = try body(builder)
        while lexer.peek() == UInt8(ascii: "{") { function.resultAttributes.append(try annotations()) }
        try lexer.expect("}")
        builder.finish(results)
    }

    /// "{ lambda ; a:f32[3] b:i32[]. let".
    private func header(_ parameter: (String, ValueType) throws(JaxError) -> Void) throws(JaxError) {
        lexer.skipLines()
        try lexer.expect("{")
        try lexer.expect("lambda")
        try lexer.expect(";")
        while !lexer.take(".") {
            let name = try lexer.identifier()
            try lexer.expect(":")
            try parameter(name, try lexer.type())
        }
        try lexer.expect("let")
    }

    /// Operations, then "in (b,)"; gives what is returned.
    private func body(_ builder: Builder) throws(JaxError) -> [ValueID] {
        lexer.skipLines()
        while !lexer.takeWord("in") {
            try operation(builder)
            lexer.skipLines()
        }
        try lexer.expect("(")
        var results: [ValueID] = []
        while !lexer.take(")") {
            results.append(try value())
            _ = lexer.take(",")
        }
        return results
    }

    private func value() throws(JaxError) -> ValueID {
        let start = lexer.offset
        let name = try lexer.identifier()
        guard let value = values[name] else { throw JaxError(.malformed, "the value \(name) is not defined", offset: start) }
        return value
    }

    private func region(_ builder: Builder) throws(JaxError) -> Region {
        guard depth < ProgramTextParser.depthLimit else { throw lexer.malformed("regions are nested too deep") }
        depth += 1
        defer { depth -= 1 }
        var names: [String] = [], types: [ValueType] = []
        try header { name, type throws(JaxError) in
            names.append(name)
            types.append(type)
        }
        let region = try builder.region(types) { (builder, parameters) throws(JaxError) in
            for (name, parameter) in zip(names, parameters) { self.values[name] = parameter }
            return try self.body(builder)
        }
        try lexer.expect("}")
        return region
    }

    /// "c:f32[3] d =", if the line begins so.
    private func bindings() -> (names: [String], types: [ValueType?])? {
        let saved = lexer
        var names: [String] = [], types: [ValueType?] = []
        while !lexer.take("=") {
            guard let name = try? lexer.identifier() else { break }
            names.append(name)
            guard lexer.take(":") else {
                types.append(nil)
                continue
            }
            guard let type = try? lexer.type() else { break }
            types.append(type)
        }
        if lexer.offset > saved.offset, lexer.isAfter("=") { return (names, types) }
        lexer = saved
        return nil
    }

    /// "c:f32[3] d = name[parameters]{annotations} a b", then regions on lines of their own.
    private func operation(_ builder: Builder) throws(JaxError) {
        let start = lexer.offset
        let (names, types) = bindings() ?? ([], [])
        let word = try lexer.identifier()
        guard let code = OpCode(rawValue: word), let definition = opDefinition(code) else {
            throw JaxError(.malformed, "there is no operation \(word)", offset: start)
        }
        let declared = types.compactMap { $0 }
        var attributes = Attributes()
        if lexer.take("[") {
            if code == .constant {
                guard declared.count == 1, case .tensor(let type) = declared[0] else {
                    throw lexer.malformed("a constant must have a type")
                }
                attributes["value"] = .literal(try lexer.literal(type, until: "]"))
            } else {
                attributes = try lexer.entries(until: "]", separator: nil)
            }
        }
        let annotations = lexer.peek() == UInt8(ascii: "{") ? try self.annotations() : Attributes()
        var operands: [ValueID] = []
        while !lexer.isAtLineEnd { operands.append(try value()) }
        lexer.skipLines()
        var regions: [Region] = []
        while lexer.peek() == UInt8(ascii: "{") {
            regions.append(try region(builder))
            lexer.skipLines()
        }
        do throws(JaxError) {
            let coder = ParameterCoder(reading: attributes, of: code, operandTypes: operands.map { builder.type(of: $0) },
                                       resultTypes: declared) { name in
                self.function(named: name)
            }
            let parameters = try definition.parameters(coder)
            if let rest = coder.remaining.entries.first { throw JaxError(.malformed, "\(word) has no parameter \(rest.name)") }
            let results = declared.count == names.count
                ? try builder.append(code, operands, parameters, declared, regions: regions, annotations: annotations)
                : try builder.emit(code, operands, parameters, regions: regions, annotations: annotations)
            guard results.count == names.count else {
                throw JaxError(.malformed, "\(word) has \(results.count) results, \(names.count) are named")
            }
            for (name, result) in zip(names, results) { values[name] = result }
        } catch {
            throw JaxError(error.kind, error.message, location: error.location, offset: error.offset ?? start)
        }
    }
}
