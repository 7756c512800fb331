// Programs in JAX's notation of jaxprs, as `jax.make_jaxpr` prints them: primitives by JAX's names, scalars where they are used,
// what fits a line on one line. Operations of StableHLO that have no primitive keep their names.
import JaxIR
import JaxOps
import JaxPlatform

/// "{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }".
func jaxprText(_ function: Function) -> String {
    var printer = JaxprPrinter(function)
    return printer.text(function.body, indent: 0)
}

private struct JaxprPrinter {
    private static let width = 80

    let function: Function
    private var names: [Int: String] = [:]
    private var nextName = 0
    /// The operations that define values, and how often values are used.
    private var definitions: [Int: Operation] = [:]
    private var needed: Set<Int> = []

    init(_ function: Function) {
        self.function = function
        note(function.body)
    }

    /// Remembers definitions, and which values are used otherwise than as scalars in front of an elementwise operation.
    private mutating func note(_ region: Region) {
        for operation in region.operations {
            for result in operation.results { definitions[result.index] = operation }
            for operand in operation.operands where scalar(operand, of: operation) == nil { needed.insert(operand.index) }
            for inner in operation.regions { note(inner) }
        }
        for result in region.results where literal(result) == nil { needed.insert(result.index) }
    }

    private mutating func name(_ value: ValueID) -> String {
        if let name = names[value.index] { return name }
        var number = nextName, text = ""
        repeat {
            text = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(number % 26))) + text
            number = number / 26 - 1
        } while number >= 0
        nextName += 1
        names[value.index] = text
        return text
    }

    private mutating func typed(_ value: ValueID) -> String { name(value) + ":" + function.type(of: value).description }

    // MARK: Scalars

    /// The number of a constant of one element: "2.0:f32[]".
    private func literal(_ value: ValueID) -> String? {
        guard let operation = definitions[value.index], operation.code == .constant, let type = function.type(of: value).tensor,
              type.rank == 0 else { return nil }
        let literal = operation.parameters(ConstantParameters.self).value
        let tensor = Tensor(TensorType(type.dtype, []), storage: literal.storage)
        return number(tensor) + ":" + type.description
    }

    private func number(_ tensor: Tensor) -> String {
        switch tensor.dtype.kind {
        case .boolean: return elementAsInt(tensor, 0) != 0 ? "True" : "False"
        case .signed, .unsigned: return "\(elementAsInt(tensor, 0))"
        case .float where tensor.dtype.bitWidth >= 16: return scalarText(elementAsDouble(tensor, 0), tensor.dtype)
        default: return "?"
        }
    }

    /// The scalar that an operand of an elementwise operation is everywhere.
    private func scalar(_ value: ValueID, of operation: Operation) -> String? {
        if let own = literal(value) { return own }
        guard opTraits(operation).contains(.elementwise), let definition = definitions[value.index], definition.code == .broadcastInDim else { return nil }
        return literal(definition.operands[0])
    }

    private func opTraits(_ operation: Operation) -> Traits { opDefinition(operation)?.traits ?? [] }

    // MARK: Regions and operations

    mutating func text(_ region: Region, indent: Int) -> String {
        let head = "{ lambda ; " + region.parameters.map { typed($0) }.joined(separator: " ") + ". let"
        let space = String(repeating: " ", count: indent)
        var lines: [String] = []
        for operation in region.operations {
            // Scalars stand where they are used.
            if operation.code == .constant, literal(operation.results[0]) != nil { continue }
            if !operation.results.contains(where: { needed.contains($0.index) }) && operation.regions.isEmpty { continue }
            lines.append(text(operation, indent: indent + 4))
        }
        let results = region.results.map { literal($0) ?? name($0) }.joined(separator: ", ") + (region.results.count == 1 ? "," : "")
        let single = head + (lines.isEmpty ? " " : " " + lines.joined(separator: "; ")) + " in (" + results + ") }"
        if single.utf8.count + indent <= JaxprPrinter.width && !single.contains("\n") { return single }
        var text = head + "\n"
        for line in lines { text += space + "    " + line + "\n" }
        return text + space + "  in (" + results + ") }"
    }

    private mutating func text(_ operation: Operation, indent: Int) -> String {
        let operands = self.operands(operation).joined(separator: " ")
        var text = operation.results.map { needed.contains($0.index) ? typed($0) : "_:" + function.type(of: $0).description }.joined(separator: " ")
        let parameters = self.parameters(operation, indent: indent)
        text += " = " + primitive(operation)
        if !parameters.isEmpty {
            let flat = "[" + parameters.joined(separator: " ") + "]"
            if text.utf8.count + flat.utf8.count + operands.utf8.count + indent <= JaxprPrinter.width && !flat.contains("\n") {
                text += flat
            } else {
                let space = String(repeating: " ", count: indent)
                text += "[\n" + parameters.map { space + "  " + $0 }.joined(separator: "\n") + "\n" + space + "]"
            }
        }
        return text + (operands.isEmpty ? "" : " " + operands)
    }

    private mutating func operands(_ operation: Operation) -> [String] {
        var values = operation.operands
        // A reduction starts from its neutral element; select_n has the cases in the order of their numbers.
        if operation.code == .reduce { values = Array(values.prefix(1)) }
        if operation.code == .select { values = [values[0], values[2], values[1]] }
        return values.map { scalar($0, of: operation) ?? name($0) }
    }

    private func primitive(_ operation: Operation) -> String {
        switch operation.code {
        case .subtract: return "sub"
        case .multiply: return "mul"
        case .divide: return "div"
        case .negate: return "neg"
        case .sine: return "sin"
        case .cosine: return "cos"
        case .exponential: return "exp"
        case .exponentialMinusOne: return "expm1"
        case .logPlusOne: return "log1p"
        case .maximum: return "max"
        case .minimum: return "min"
        case .power: return "pow"
        case .remainder: return "rem"
        case .select: return "select_n"
        case .convert: return "convert_element_type"
        case .roundNearestEven, .roundNearestAfz: return "round"
        case .reverse: return "rev"
        case .case, .if: return "cond"
        case .compare:
            switch operation.parameters(CompareParameters.self).direction {
            case .equal: return "eq"
            case .notEqual: return "ne"
            case .less: return "lt"
            case .lessOrEqual: return "le"
            case .greater: return "gt"
            case .greaterOrEqual: return "ge"
            }
        case .reduce:
            switch operation.regions[0].operations.first?.code {
            case .add?: return "reduce_sum"
            case .multiply?: return "reduce_prod"
            case .maximum?: return "reduce_max"
            case .minimum?: return "reduce_min"
            case .and?: return "reduce_and"
            case .or?: return "reduce_or"
            default: return "reduce"
            }
        default: return operation.code.name
        }
    }

    private mutating func parameters(_ operation: Operation, indent: Int) -> [String] {
        switch operation.code {
        case .convert: return ["new_dtype=" + operation.parameters(DTypeParameters.self).dtype.name, "weak_type=False"]
        case .compare: return []
        case .reduce:
            let axes = "axes=" + shapeText(operation.parameters(DimensionsParameters.self).dimensions)
            return primitive(operation) == "reduce_sum" ? [axes, "out_sharding=None"] : [axes]
        case .reshape: return ["dimensions=None", "new_sizes=" + shapeText(operation.parameters(ReshapeParameters.self).shape), "sharding=None"]
        case .transpose: return ["permutation=" + shapeText(operation.parameters(TransposeParameters.self).permutation)]
        case .broadcastInDim:
            let parameters = operation.parameters(BroadcastParameters.self)
            if parameters.dimensions.isEmpty { return [] }
            return ["broadcast_dimensions=" + shapeText(parameters.dimensions), "shape=" + shapeText(parameters.shape), "sharding=None"]
        case .slice:
            let parameters = operation.parameters(SliceParameters.self)
            return ["limit_indices=" + shapeText(parameters.limits), "start_indices=" + shapeText(parameters.starts),
                    "strides=" + (parameters.strides.allSatisfy { $0 == 1 } ? "None" : shapeText(parameters.strides))]
        case .concatenate: return ["dimension=\(operation.parameters(DimensionParameters.self).dimension)"]
        case .dotGeneral:
            let dimensions = operation.parameters(DotParameters.self).dimensions
            func list(_ axes: [Int]) -> String { "[" + axes.map { "\($0)" }.joined(separator: ", ") + "]" }
            return ["dimension_numbers=((\(list(dimensions.lhsContracting)), \(list(dimensions.rhsContracting))), "
                        + "(\(list(dimensions.lhsBatching)), \(list(dimensions.rhsBatching))))",
                    "preferred_element_type=" + operation.parameters(DotParameters.self).dtype.name]
        case .scan:
            let parameters = operation.parameters(ScanParameters.self)
            return ["jaxpr=" + text(operation.regions[0], indent: indent + 2), "length=\(parameters.length)", "num_carry=\(parameters.carryCount)",
                    "num_consts=0", "reverse=" + (parameters.isReverse ? "True" : "False"), "unroll=1"]
        case .while:
            return ["body_jaxpr=" + text(operation.regions[1], indent: indent + 2), "cond_jaxpr=" + text(operation.regions[0], indent: indent + 2)]
        case .case, .if:
            let space = String(repeating: " ", count: indent + 4)
            var lines = "branches=(\n"
            for region in operation.regions { lines += space + text(region, indent: indent + 4) + "\n" }
            return [lines + String(repeating: " ", count: indent + 2) + ")"]
        default:
            if !operation.regions.isEmpty { return operation.regions.map { "jaxpr=" + text($0, indent: indent + 2) } }
            var list: [String] = []
            for entry in operation.parameters.attributes(omittingDefaults: true).entries { list.append(entry.name + "=" + entry.value.text()) }
            return list
        }
    }
}
