// Writes MLIR bytecode by hand, for programs that no compiler would make.

struct BytecodeWriter {
    var strings: [String] = ["builtin", "vhlo", "module"]
    /// Names of VHLO operations; their indices follow builtin.module's.
    var operations: [String] = []
    /// Encodings with their dialect (0 builtin, 1 vhlo).
    var attributes: [(dialect: Int, bytes: [UInt8])] = []
    var types: [(dialect: Int, bytes: [UInt8])] = []
    var properties: [[UInt8]] = []

    mutating func string(_ text: String) -> Int {
        strings.append(text)
        return strings.count - 1
    }

    mutating func operation(_ name: String) -> Int {
        operations.append(name)
        return operations.count
    }

    mutating func attribute(_ dialect: Int, _ bytes: [UInt8]) -> Int {
        attributes.append((dialect, bytes))
        return attributes.count - 1
    }

    mutating func type(_ dialect: Int, _ bytes: [UInt8]) -> Int {
        types.append((dialect, bytes))
        return types.count - 1
    }

    mutating func property(_ bytes: [UInt8]) -> Int {
        properties.append(bytes)
        return properties.count - 1
    }

    static func varint(_ value: Int) -> [UInt8] {
        if value < 128 { return [UInt8(value << 1 | 1)] }
        for extra in 1..<8 where value < 1 << (7 * (extra + 1)) {
            let raw = (value << 1 | 1) << extra
            return (0...extra).map { UInt8(truncatingIfNeeded: raw >> (8 * $0)) }
        }
        return [0] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func section(_ id: UInt8, _ body: [UInt8]) -> [UInt8] { [id] + varint(body.count) + body }

    /// A module whose body holds `count` operations, encoded in `body`.
    mutating func program(_ count: Int, _ body: [UInt8]) -> [UInt8] {
        let v = BytecodeWriter.varint
        let unknown = attribute(0, v(15))
        let inner = v(1) + v(0) + v(count << 1) + body
        let module = v(0) + [16] + v(unknown) + v(1 << 1 | 1) + BytecodeWriter.section(4, inner)
        var names: [Int] = []
        for name in operations { names.append(string(name)) }
        var dialects = v(2) + v(0) + v(1 << 1) + v(operations.count + 1)
        dialects += v(0) + v(1) + v(2 << 1 | 1)
        if !names.isEmpty { dialects += v(1) + v(names.count) + names.flatMap { v($0 << 1 | 1) } }
        var table = v(strings.count)
        for text in strings.reversed() { table += v(text.utf8.count + 1) }
        for text in strings { table += Array(text.utf8) + [0] }
        var offsets = v(attributes.count) + v(types.count), encodings: [UInt8] = []
        for entry in attributes + types {
            offsets += v(entry.dialect) + v(1) + v(entry.bytes.count << 1 | 1)
            encodings += entry.bytes
        }
        var bytes: [UInt8] = [0x4D, 0x4C, 0xEF, 0x52] + v(6) + Array("crafted".utf8) + [0]
        bytes += BytecodeWriter.section(0, table) + BytecodeWriter.section(1, dialects)
        bytes += BytecodeWriter.section(2, encodings) + BytecodeWriter.section(3, offsets)
        bytes += BytecodeWriter.section(8, v(properties.count) + properties.flatMap { v($0.count) + $0 })
        bytes += BytecodeWriter.section(4, v(1 << 1) + module)
        return bytes
    }

    /// A function without parameters or results around `count` operations, the return included.
    mutating func function(_ name: String, values: Int, _ count: Int, _ body: [UInt8], isolated: Bool = true) -> [UInt8] {
        let v = BytecodeWriter.varint
        let empty = attribute(1, v(1) + v(0))
        let type = self.type(1, v(8) + v(0) + v(0))
        let text = string(name)
        let signature = attribute(1, v(17) + v(type)), symbol = attribute(1, v(14) + v(text))
        let property = self.property(v(empty) + v(signature) + v(empty) + v(symbol) + v(symbol))
        let unknown = attribute(0, v(15))
        let inner = v(1) + v(values) + v(count << 1) + body
        return v(operation("func_v1")) + [64 | 16] + v(unknown) + v(property) + v(1 << 1 | 1) + BytecodeWriter.section(4, inner)
    }
}
