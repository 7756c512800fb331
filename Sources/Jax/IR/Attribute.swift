// Attributes of operations, under the names that StableHLO gives them.

/// A compile-time property of an operation or a function.
public indirect enum Attribute: Equatable {
    case unit
    case bool(Bool)
    case integer(Int, DType)
    case float(Double, DType)
    case string(String)
    case type(ValueType)
    /// The name of a function.
    case symbol(String)
    /// A list of 64-bit integers: dimensions, strides, permutations (dense i64 arrays and tensors alike).
    /// Two-dimensional ones (padding, replica groups) are flattened row-major; `literal` keeps a shape.
    case integers([Int])
    case bools([Bool])
    /// An enum case by its StableHLO name: "LT", "DEFAULT", "UNIT_DIAGONAL".
    case enumeration(String)
    case literal(Literal)
    case array([Attribute])
    case dictionary([NamedAttribute])
    /// Something this machine has no use for, kept for printing.
    case opaque(String)
}

public struct NamedAttribute: Equatable {
    public var name: String
    public var value: Attribute

    public init(_ name: String, _ value: Attribute) {
        self.name = name
        self.value = value
    }
}

/// A short list of attributes, looked up by name.
public struct Attributes: Equatable {
    public var entries: [NamedAttribute]

    public init(_ entries: [NamedAttribute] = []) { self.entries = entries }

    public subscript(name: String) -> Attribute? {
        get {
            for entry in entries where entry.name == name { return entry.value }
            return nil
        }
        set {
            entries.removeAll { $0.name == name }
            if let newValue { entries.append(NamedAttribute(name, newValue)) }
        }
    }

    /// Takes the attribute of that name out of the list.
    public mutating func remove(_ name: String) -> Attribute? {
        guard let index = entries.firstIndex(where: { $0.name == name }) else { return nil }
        return entries.remove(at: index).value
    }

    public func integers(_ name: String) -> [Int]? {
        if case .integers(let list)? = self[name] { return list }
        return nil
    }

    public func integer(_ name: String) -> Int? {
        if case .integer(let value, _)? = self[name] { return value }
        return nil
    }

    public func bool(_ name: String) -> Bool? {
        if case .bool(let value)? = self[name] { return value }
        return nil
    }

    public func bools(_ name: String) -> [Bool]? {
        if case .bools(let list)? = self[name] { return list }
        return nil
    }

    public func float(_ name: String) -> Double? {
        if case .float(let value, _)? = self[name] { return value }
        return nil
    }

    public func string(_ name: String) -> String? {
        if case .string(let text)? = self[name] { return text }
        return nil
    }

    public func enumeration(_ name: String) -> String? {
        if case .enumeration(let text)? = self[name] { return text }
        return nil
    }

    public func symbol(_ name: String) -> String? {
        if case .symbol(let text)? = self[name] { return text }
        return nil
    }

    public func literal(_ name: String) -> Literal? {
        if case .literal(let value)? = self[name] { return value }
        return nil
    }

    public func array(_ name: String) -> [Attribute]? {
        if case .array(let list)? = self[name] { return list }
        return nil
    }

    public func dictionary(_ name: String) -> Attributes? {
        if case .dictionary(let list)? = self[name] { return Attributes(list) }
        return nil
    }
}
