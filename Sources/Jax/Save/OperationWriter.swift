// The operations of a module as bytes: the IR section of MLIR bytecode (BytecodeFormat.md, IR Section), in one pass.
import JaxEncoding
import JaxIR
import JaxOps
import JaxPlatform

/// An operation of StableHLO as the file has it: the index of its name, and the names of its properties.
struct WrittenName {
    var name: String
    var index: Int
    /// Nil where the operation has none.
    var properties: [String]?
}

/// Writes one module.
final class OperationWriter {
    let entries: EntryWriter
    let module: Module
    /// Names of VHLO's operations in the order of their first use; builtin.module stands before them.
    private(set) var mnemonics: [String] = []
    private var names: [WrittenName] = []
    /// A platform index in front of the parameters of `main`, which does not use it.
    private let takesPlatformIndex: Bool
    /// Numbers of the current function's values, in the order in which its regions are entered.
    private var numbers: [Int32] = []
    private var function = Function(name: "")
    /// Whether what is said of the spreading over devices says nothing.
    private let isUndivided: Bool
    private var depth = 0

    init(_ module: Module, takesPlatformIndex: Bool) {
        self.module = module
        self.takesPlatformIndex = takesPlatformIndex
        isUndivided = module.isUndivided
        entries = EntryWriter(module.locations)
    }

    /// The operation `builtin.module`, in the block around it.
    func write() throws(JaxError) -> ByteWriter {
        guard module.meshes.isEmpty || isUndivided else { throw JaxError(.notImplemented, "programs for several devices are not written") }
        var body = ByteWriter()
        body.varint(1)
        body.varint(0)
        body.varint(module.functions.count, flag: false)
        for function in module.functions { try write(function, &body) }

        var result = ByteWriter()
        result.varint(1, flag: false)
        result.varint(0)
        var mask = OperationMask.regions | OperationMask.properties
        if !module.attributes.entries.isEmpty { mask |= OperationMask.attributes }
        result.byte(mask)
        result.varint(try entries.location(.unknown))
        if !module.attributes.entries.isEmpty { result.varint(try entries.builtin(.dictionary(module.attributes.entries))) }
        // sym_name and sym_visibility, which may both be absent.
        var properties = ByteWriter()
        if module.name.isEmpty { properties.varint(0) } else { properties.varint(try entries.builtin(string: module.name), flag: true) }
        properties.varint(0)
        result.varint(entries.add(properties: properties))
        result.varint(1, flag: true)
        result.section(SectionID.operations, body.bytes)
        return result
    }

    /// The index and the properties of an operation of VHLO.
    private func name(_ name: String) -> WrittenName {
        for known in names where known.name == name { return known }
        let mnemonic = vhloMnemonic(name)
        mnemonics.append(mnemonic)
        names.append(WrittenName(name: name, index: mnemonics.count, properties: vhloProperties(mnemonic).map { propertyNames($0) }))
        return names[names.count - 1]
    }

    /// Whether an attribute says how to divide what is not divided: alone, a rule does not say that anything is.
    private func saysNothing(_ entry: NamedAttribute) -> Bool {
        entry.name == shardyRuleField || isUndivided && entry.name.hasPrefix(shardyPrefix)
    }

    // MARK: Functions and regions

    private func write(_ function: Function, _ bytes: inout ByteWriter) throws(JaxError) {
        self.function = function
        numbers = [Int32](repeating: -1, count: function.types.count)
        let hasIndex = takesPlatformIndex && function.name == "main"
        var inputs = function.parameterTypes, attributes = function.parameterAttributes
        if hasIndex {
            inputs.insert(.tensor(TensorType(.i32, [])), at: 0)
            attributes.insert(Attributes([NamedAttribute(FunctionField.globalConstant, .string(FunctionField.platformIndex))]), at: 0)
        }
        var fields = Attributes()
        fields[FunctionField.parameters] = dictionaries(attributes, inputs.count)
        fields[FunctionField.results] = dictionaries(function.resultAttributes, function.resultTypes.count)
        fields[FunctionField.name] = .string(function.name)
        fields[FunctionField.visibility] = .string(function.isPublic ? FunctionField.public : FunctionField.private)
        var region = ByteWriter()
        depth = 2
        try write(function.body, from: 0, leading: hasIndex ? [inputs[0]] : [], &region)
        let type = try entries.type(attribute: entries.functionType(inputs, function.resultTypes))
        try operation("func", fields, Attributes(function.attributes.entries.filter { !saysNothing($0) }),
                      replacing: (FunctionField.type, type), [], [], function.location, regions: true, &bytes)
        bytes.varint(1, flag: true)
        bytes.section(SectionID.operations, region.bytes)
    }

    /// One dictionary for each parameter or result; none where all are empty.
    private func dictionaries(_ lists: [Attributes], _ count: Int) -> Attribute {
        var dictionaries: [Attribute] = [], isEmpty = true
        for index in 0..<count {
            let entries = index < lists.count ? lists[index].entries.filter { !saysNothing($0) } : []
            if !entries.isEmpty { isEmpty = false }
            dictionaries.append(.dictionary(entries))
        }
        return .array(isEmpty ? [] : dictionaries)
    }

    /// A region of one block, whose own values are numbered from `start` on. The regions inside begin behind them.
    private func write(_ region: Region, from start: Int, leading: [ValueType] = [], _ bytes: inout ByteWriter) throws(JaxError) {
        guard depth < EncodingLimit.regionDepth else {
            throw JaxError(.notImplemented, "regions that are nested deeper than \(EncodingLimit.regionDepth) are not written")
        }
        depth += 1
        defer { depth -= 1 }
        var forms: [WrittenForm] = [], count = leading.count + region.parameters.count, operations = 1
        for operation in region.operations {
            let form = try located(operation) { () throws(JaxError) in
                try writtenForm(operation, in: self.function, isUndivided: self.isUndivided)
            }
            forms.append(form)
            if case .expansion(let body) = form {
                operations += body.body.operations.count
                for inner in body.body.operations { count += inner.results.count }
            } else {
                operations += 1
                count += operation.results.count
            }
        }
        bytes.varint(1)
        bytes.varint(count)
        var next = start + leading.count
        let parameters = leading + region.parameters.map { function.type(of: $0) }
        for id in region.parameters { try number(id, &next) }
        bytes.varint(operations, flag: !parameters.isEmpty)
        if !parameters.isEmpty {
            bytes.varint(parameters.count)
            for type in parameters { bytes.varint(try entries.type(type), flag: false) }
            bytes.byte(0) // No use lists.
        }
        for (operation, form) in zip(region.operations, forms) {
            try located(operation) { () throws(JaxError) in try self.write(operation, as: form, inner: start + count, &next, &bytes) }
        }
        try self.operation("return", Attributes(), Attributes(), try operands(region.results), [], .unknown, &bytes)
    }

    /// Gives the errors of `body` the place of an operation.
    private func located<Result>(_ operation: Operation, _ body: () throws(JaxError) -> Result) throws(JaxError) -> Result {
        do throws(JaxError) {
            try checkpoint()
            return try body()
        } catch {
            throw error.located(module.locations.describe(operation.location))
        }
    }

    private func number(_ id: ValueID, _ next: inout Int) throws(JaxError) {
        guard next < Int(Int32.max) else { throw JaxError(.resourceExhausted, "the program has too many values to be written") }
        numbers[id.index] = Int32(next)
        next += 1
    }

    private func operands(_ ids: [ValueID]) throws(JaxError) -> [Int] {
        var list: [Int] = []
        list.reserveCapacity(ids.count)
        for id in ids {
            guard numbers[id.index] >= 0 else { throw JaxError(.internalError, "a value is used before it is defined") }
            list.append(Int(numbers[id.index]))
        }
        return list
    }

    // MARK: Operations

    /// Writes an operation whose regions' values are numbered from `inner` on.
    private func write(_ operation: Operation, as form: WrittenForm, inner: Int, _ next: inout Int, _ bytes: inout ByteWriter) throws(JaxError) {
        let operands = try operands(operation.operands)
        var types: [ValueType] = []
        for id in operation.results { types.append(function.type(of: id)) }
        switch form {
        case .vhlo:
            let (properties, others) = properties(of: operation, name(operation.code.name))
            try self.operation(operation.code.name, properties, others, operands, types, operation.location,
                               regions: !operation.regions.isEmpty, &bytes)
            if !operation.regions.isEmpty { bytes.varint(operation.regions.count, flag: false) }
            for region in operation.regions { try write(region, from: inner, &bytes) }
        case .chloCall(let attributes):
            let call = Attributes([NamedAttribute("call_target_name", .string(operation.code.chloTarget))])
            var others = operation.annotations
            others.entries.append(NamedAttribute(ChloCall.attributes, .dictionary(attributes)))
            others.entries.append(NamedAttribute(ChloCall.version, .integer(1, .i64)))
            try self.operation(OpCode.customCall.name, call, others, operands, types, operation.location, &bytes)
        case .expansion(let body):
            let results = try write(body, operands, operation.location, inner: inner, &next, &bytes)
            for (id, result) in zip(operation.results, results) { numbers[id.index] = result }
            return
        }
        for id in operation.results { try number(id, &next) }
    }

    /// Writes the operations of `body`, which are operations of VHLO, on these operands; gives the numbers of its results.
    private func write(_ body: Function, _ operands: [Int], _ location: LocationID, inner: Int, _ next: inout Int,
                       _ bytes: inout ByteWriter) throws(JaxError) -> [Int32] {
        let outer = (function, numbers)
        defer { (function, numbers) = outer }
        function = body
        numbers = [Int32](repeating: -1, count: body.types.count)
        for (id, operand) in zip(body.body.parameters, operands) { numbers[id.index] = Int32(operand) }
        for operation in body.body.operations {
            let placed = Operation(operation.code, operands: operation.operands, results: operation.results,
                                   parameters: operation.parameters, location: location)
            try write(placed, as: .vhlo, inner: inner, &next, &bytes)
        }
        return body.body.results.map { numbers[$0.index] }
    }

    /// An operation's attributes: those that are properties of the name, and the others.
    private func properties(of operation: Operation, _ name: WrittenName) -> (properties: Attributes, others: Attributes) {
        var properties = Attributes(), others = Attributes()
        for entry in operation.parameters.encodedAttributes().entries + operation.annotations.entries {
            if name.properties?.contains(entry.name) == true {
                properties.entries.append(entry)
            } else if entry != NamedAttribute(CustomCallParameters.shapeOperandsName, .integers([])), !saysNothing(entry) {
                others.entries.append(entry)
            }
        }
        return (properties, others)
    }

    /// What stands in front of an operation's regions. `replacing` is a property that is encoded already.
    private func operation(_ name: String, _ properties: Attributes, _ others: Attributes, replacing: (name: String, index: Int)? = nil,
                           _ operands: [Int], _ results: [ValueType], _ location: LocationID, regions: Bool = false,
                           _ bytes: inout ByteWriter) throws(JaxError) {
        entries.earn()
        let name = self.name(name)
        var mask: UInt8 = 0
        if !others.entries.isEmpty { mask |= OperationMask.attributes }
        if name.properties != nil { mask |= OperationMask.properties }
        if !results.isEmpty { mask |= OperationMask.results }
        if !operands.isEmpty { mask |= OperationMask.operands }
        if regions { mask |= OperationMask.regions }
        bytes.varint(name.index)
        bytes.byte(mask)
        bytes.varint(try entries.location(location))
        if !others.entries.isEmpty {
            var dictionary: [(name: String, value: Int)] = []
            for entry in others.entries { dictionary.append((entry.name, try entries.attribute(entry.value, named: entry.name))) }
            bytes.varint(try entries.builtin(dictionary: dictionary))
        }
        if let list = name.properties {
            var encoded = ByteWriter()
            for property in list {
                let isDone = property == replacing?.name
                encoded.varint(isDone ? replacing!.index : try entries.property(property, properties[property], beside: properties))
            }
            bytes.varint(entries.add(properties: encoded))
        }
        if !results.isEmpty {
            bytes.varint(results.count)
            for type in results { bytes.varint(try entries.type(type)) }
        }
        if !operands.isEmpty { bytes.varints(operands) }
    }
}
