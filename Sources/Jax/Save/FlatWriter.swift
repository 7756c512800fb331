// A writer of flatbuffers (flatbuffers.dev, Internals), the counterpart of the loader's `FlatTable`: a tree of tables, vectors and
// strings, laid out from the root on, each before what it refers to.

/// A value of a flatbuffer.
indirect enum FlatValue {
    /// An integer of `width` bytes, in its table's place.
    case scalar(Int, width: Int)
    case string(String)
    case integers([Int], width: Int)
    case bytes([UInt8])
    /// A vector of strings or tables.
    case list([FlatValue])
    /// Fields by their numbers, ascending.
    case table([(field: Int, value: FlatValue)])
}

struct FlatWriter {
    private var bytes = ByteWriter()
    /// Values that are still to be laid out, and where their offsets stand.
    private var pending: [(place: Int, value: FlatValue)] = []

    /// The file whose root is `root`, a table.
    static func file(_ root: FlatValue) -> [UInt8] {
        var writer = FlatWriter()
        writer.refer(to: root)
        var next = 0
        while next < writer.pending.count {
            let (place, value) = writer.pending[next]
            next += 1
            let position = writer.lay(value)
            writer.bytes.patch(UInt32(truncatingIfNeeded: position - place), at: place)
        }
        return writer.bytes.bytes
    }

    private mutating func refer(to value: FlatValue) {
        pending.append((bytes.count, value))
        bytes.fixed(UInt32(0))
    }

    /// Appends a value; gives its position.
    private mutating func lay(_ value: FlatValue) -> Int {
        bytes.align(to: 4)
        let position = bytes.count
        switch value {
        case .table(let fields): return table(fields)
        case .scalar(let number, let width): integer(number, width)
        case .string(let text):
            bytes.fixed(UInt32(truncatingIfNeeded: text.utf8.count))
            bytes.text(text)
            bytes.byte(0)
        case .bytes(let list):
            bytes.fixed(UInt32(truncatingIfNeeded: list.count))
            bytes.append(list)
        case .integers(let list, let width):
            bytes.fixed(UInt32(truncatingIfNeeded: list.count))
            for number in list { integer(number, width) }
        case .list(let values):
            bytes.fixed(UInt32(truncatingIfNeeded: values.count))
            for value in values { refer(to: value) }
        }
        return position
    }

    private mutating func integer(_ value: Int, _ width: Int) {
        for index in 0..<width { bytes.byte(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }

    /// The list of the fields' places, then the table: its distance from that list, and the fields, wide ones first.
    private mutating func table(_ fields: [(field: Int, value: FlatValue)]) -> Int {
        var order: [(field: Int, value: FlatValue, width: Int)] = []
        for field in fields {
            if case .scalar(_, let width) = field.value { order.append((field.field, field.value, width)) } else {
                order.append((field.field, field.value, 4))
            }
        }
        let listing = bytes.count, last = fields.last?.field ?? -1
        var places = [Int](repeating: 0, count: last + 1), size = 4
        for width in [4, 2, 1] {
            for entry in order where entry.width == width {
                places[entry.field] = size
                size += width
            }
        }
        integer(4 + 2 * places.count, 2)
        integer(size, 2)
        for place in places { integer(place, 2) }
        bytes.align(to: 4)
        let position = bytes.count
        integer(position - listing, 4)
        for width in [4, 2, 1] {
            for entry in order where entry.width == width {
                if case .scalar(let number, _) = entry.value { integer(number, width) } else { refer(to: entry.value) }
            }
        }
        return position
    }
}
