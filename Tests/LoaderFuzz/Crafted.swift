// Programs made to cost as much as possible for their size, or to never end.

/// Their names, and whether they are sound.
func craftedPrograms() -> [(name: String, bytes: [UInt8])] {
    let v = BytecodeWriter.varint
    var list: [(name: String, bytes: [UInt8])] = []

    func add(_ name: String, _ make: (inout BytecodeWriter) -> (count: Int, body: [UInt8])) {
        var writer = BytecodeWriter()
        let (count, body) = make(&writer)
        list.append((name, writer.program(count, body)))
    }

    /// `count` operations in a function that returns nothing.
    func inFunction(_ writer: inout BytecodeWriter, values: Int, _ count: Int, _ operations: [UInt8]) -> (count: Int, body: [UInt8]) {
        let unknown = writer.attribute(0, v(15))
        let end = v(writer.operation("return_v1")) + [0] + v(unknown)
        return (1, writer.function("main", values: values, count + 1, operations + end))
    }

    add("an attribute that contains itself") { writer in
        let index = writer.attributes.count
        let attribute = writer.attribute(0, v(0) + v(1) + v(index))
        let dictionary = writer.attribute(0, v(1) + v(1) + v(writer.attributes.count + 1) + v(attribute))
        let name = writer.string("x")
        _ = writer.attribute(0, v(2) + v(name))
        let code = writer.operation("add_v1")
        let unknown = writer.attribute(0, v(15))
        return inFunction(&writer, values: 0, 1, v(code) + [1] + v(unknown) + v(dictionary))
    }
    add("attributes that double") { writer in
        var last = writer.attribute(0, v(7))
        for _ in 0..<44 { last = writer.attribute(0, v(0) + v(2) + v(last) + v(last)) }
        let name = writer.string("x")
        let key = writer.attribute(0, v(2) + v(name))
        let dictionary = writer.attribute(0, v(1) + v(1) + v(key) + v(last))
        let unknown = writer.attribute(0, v(15))
        let code = writer.operation("add_v1")
        return inFunction(&writer, values: 0, 1, v(code) + [1] + v(unknown) + v(dictionary))
    }
    add("types that double") { writer in
        var last = writer.type(1, v(22))
        for _ in 0..<44 { last = writer.type(1, v(23) + v(2) + v(last) + v(last)) }
        let unknown = writer.attribute(0, v(15))
        let code = writer.operation("create_token_v1")
        return inFunction(&writer, values: 1, 1, v(code) + [2] + v(unknown) + v(1) + v(last))
    }
    add("attributes nested deeply") { writer in
        var last = writer.attribute(0, v(7))
        for _ in 0..<20_000 { last = writer.attribute(0, v(0) + v(1) + v(last)) }
        let dictionary = writer.attribute(0, v(1) + v(1) + v(last) + v(last))
        let unknown = writer.attribute(0, v(15))
        let code = writer.operation("add_v1")
        return inFunction(&writer, values: 0, 1, v(code) + [1] + v(unknown) + v(dictionary))
    }
    add("locations in a chain and in a circle") { writer in
        var last = writer.attribute(0, v(15))
        for _ in 0..<20_000 { last = writer.attribute(0, v(10) + v(last) + v(last)) }
        let first = writer.attributes.count
        _ = writer.attribute(0, v(10) + v(first + 1) + v(first + 1))
        _ = writer.attribute(0, v(10) + v(first) + v(last))
        let code = writer.operation("create_token_v1")
        let type = writer.type(1, v(22))
        return inFunction(&writer, values: 1, 1, v(code) + [2] + v(first) + v(1) + v(type))
    }
    add("regions nested deeply") { writer in
        let unknown = writer.attribute(0, v(15))
        let code = writer.operation("case_v1")
        var body: [UInt8] = []
        for _ in 0..<20_000 { body += v(code) + [16] + v(unknown) + v(1 << 1) + v(1) + v(0) + v(1 << 1) }
        return inFunction(&writer, values: 0, 1, body)
    }
    add("many operations without anything") { writer in
        let unknown = writer.attribute(0, v(15))
        let code = writer.operation("after_all_v1")
        return inFunction(&writer, values: 0, 20_000, (0..<20_000).flatMap { _ in v(code) + [0] + v(unknown) })
    }
    add("many results") { writer in
        let unknown = writer.attribute(0, v(15))
        let code = writer.operation("create_token_v1")
        let type = writer.type(1, v(22))
        return inFunction(&writer, values: 20_000, 20_000, (0..<20_000).flatMap { _ in v(code) + [2] + v(unknown) + v(1) + v(type) })
    }
    add("many convolutions that share their properties") { writer in
        let unknown = writer.attribute(0, v(15))
        let flag = writer.attribute(1, v(2) + v(1))
        let code = writer.operation("convolution_v1")
        let property = writer.property((0..<17).flatMap { _ in v(flag) })
        return inFunction(&writer, values: 0, 20_000, (0..<20_000).flatMap { _ in v(code) + [64] + v(unknown) + v(property) })
    }
    add("many convolutions that mix properties and attributes") { writer in
        let unknown = writer.attribute(0, v(15))
        let flag = writer.attribute(1, v(2) + v(1))
        let text = writer.string("x")
        let key = writer.attribute(0, v(2) + v(text))
        let code = writer.operation("convolution_v1")
        let properties = (0..<60).map { _ in writer.property((0..<17).flatMap { _ in v(flag) }) }
        let dictionaries = (0..<60).map { _ in
            writer.attribute(0, v(1) + v(20) + (0..<20).flatMap { _ in v(key) + v(flag) })
        }
        var body: [UInt8] = []
        for index in 0..<20_000 {
            body += v(code) + [65] + v(unknown) + v(dictionaries[index % 60]) + v(properties[index / 60 % 60])
        }
        return inFunction(&writer, values: 0, 20_000, body)
    }
    add("lists that a few bytes stand for") { writer in
        let unknown = writer.attribute(0, v(15))
        let integer = writer.type(1, v(14))
        let tensor = writer.type(1, v(20) + v(1) + v(128) + v(integer))
        let code = writer.operation("transpose_v1")
        var body: [UInt8] = []
        for _ in 0..<5_000 {
            let splat = writer.attribute(1, v(15) + v(tensor) + v(8) + [UInt8](repeating: 0, count: 8))
            body += v(code) + [64] + v(unknown) + v(writer.property(v(splat)))
        }
        return inFunction(&writer, values: 0, 5_000, body)
    }
    add("empty strings") { writer in
        writer.strings += [String](repeating: "", count: 20_000)
        return (0, [])
    }
    add("entries of no bytes") { writer in
        for _ in 0..<20_000 { _ = writer.attribute(0, []) }
        return (0, [])
    }
    add("properties of no bytes") { writer in
        for _ in 0..<20_000 { _ = writer.property([]) }
        return (0, [])
    }
    add("scalars") { writer in
        let unknown = writer.attribute(0, v(15))
        let integer = writer.type(1, v(11))
        let tensor = writer.type(1, v(20) + v(0) + v(integer))
        let code = writer.operation("constant_v1")
        var body: [UInt8] = []
        for _ in 0..<5_000 {
            let scalar = writer.attribute(1, v(15) + v(tensor) + v(1) + [1])
            body += v(code) + [66] + v(unknown) + v(writer.property(v(scalar))) + v(1) + v(tensor)
        }
        return inFunction(&writer, values: 5_000, 5_000, body)
    }
    add("many functions") { writer in
        let unknown = writer.attribute(0, v(15))
        let end = v(writer.operation("return_v1")) + [0] + v(unknown)
        var body: [UInt8] = []
        for index in 0..<2_000 { body += writer.function("f\(index)", values: 0, 1, end) }
        return (2_000, body)
    }
    return list
}
