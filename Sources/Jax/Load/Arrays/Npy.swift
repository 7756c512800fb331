// NumPy's file format for one array, versions 1 to 3 (numpy/lib/format.py): a header, then the elements.
//
// NumPy has no names for bfloat16 and the other types of ml_dtypes; it writes them as void: "<V2" is bfloat16, as jax.numpy.load
// takes it, "<f1" is float8_e5m2, and "<V1" any other one-byte type, which the reader has to know from elsewhere.
import JaxIR
import JaxPlatform

/// What a file says about its array.
public struct NpyHeader {
    /// Nil for "<V1".
    public var dtype: DType?
    public var shape: [Int]
    public var isColumnMajor: Bool
    /// Where the elements begin.
    public var dataOffset: Int
}

public enum Npy {
    /// The array of a file, row-major. `expected` settles what "<V1" is; a dtype that differs from it is otherwise returned
    /// as the file has it. Throws `malformed` for what is no such file, `notImplemented` for objects, strings, structures
    /// and big-endian elements, `resourceExhausted`.
    public static func read(_ bytes: UnsafeRawBufferPointer, expected: DType? = nil) throws(JaxError) -> Tensor {
        let header = try header(of: bytes)
        guard let dtype = header.dtype ?? (expected?.byteWidth == 1 ? expected : nil) else {
            throw JaxError(.valueError, "the file's dtype is |V1, which is one of several one-byte types; the program does not say which")
        }
        let type = TensorType(dtype, header.shape)
        guard let count = type.checkedElementCount else {
            throw JaxError(.malformed, "an array of type \(type) has no size in memory", offset: 0)
        }
        let size = count * dtype.byteWidth
        guard bytes.count - header.dataOffset == size else {
            throw JaxError(.malformed, "expected \(size) bytes of a \(type), found \(bytes.count - header.dataOffset)",
                           offset: header.dataOffset)
        }
        let tensor = try Tensor(type)
        var reader = try ByteReader(bytes).seeking(to: header.dataOffset, "the elements")
        if header.isColumnMajor && type.rank > 1 {
            let copy = try Tensor(TensorType(dtype, header.shape.reversed()))
            reader.copy(to: copy.bytes, count: size)
            transpose(copy, to: tensor)
        } else {
            reader.copy(to: tensor.bytes, count: size)
        }
        dtype.canonicalise(tensor.bytes, count: count)
        return tensor
    }

    /// The header of a file that holds an array of `type`, row-major; the elements follow as they lie in memory.
    public static func header(for type: TensorType) -> [UInt8] {
        var shape = "("
        for (index, size) in type.shape.enumerated() { shape += (index > 0 ? ", " : "") + "\(size)" }
        shape += type.rank == 1 ? ",)" : ")"
        let text = "{'descr': '" + descriptor(type.dtype) + "', 'fortran_order': False, 'shape': " + shape + ", }"
        // Spaces and a line feed fill up to a multiple of 64 bytes.
        let length = (10 + text.utf8.count + 1 + 63) / 64 * 64 - 10
        var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
        bytes += Array(text.utf8)
        while bytes.count < 10 + length - 1 { bytes.append(0x20) }
        bytes.append(0x0A)
        return bytes
    }

    /// A whole file.
    public static func write(_ tensor: Tensor) -> [UInt8] {
        var bytes = header(for: tensor.type)
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: tensor.bytes, count: tensor.type.byteCount))
        return bytes
    }

    public static func header(of bytes: UnsafeRawBufferPointer) throws(JaxError) -> NpyHeader {
        var reader = ByteReader(bytes)
        var magic: [UInt8] = []
        for _ in 0..<6 { magic.append(try reader.byte("the magic string \\x93NUMPY")) }
        guard magic == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59] else {
            throw JaxError(.malformed, "expected a .npy file, which begins with \\x93NUMPY", offset: 0)
        }
        let major = try reader.byte("the version")
        _ = try reader.byte("the version")
        guard (1...3).contains(major) else {
            throw JaxError(.malformed, ".npy version \(major) is not known; 1 to 3 are", offset: 6)
        }
        let length = try major == 1 ? Int(reader.fixed(UInt16.self, "the header's length"))
                                    : Int(reader.fixed(UInt32.self, "the header's length"))
        let end = reader.offset + length
        var parser = NpyHeaderParser(try reader.slice(length, "the header"))
        return try parser.header(dataOffset: end)
    }

    private static func transpose(_ source: Tensor, to target: Tensor) {
        let width = target.dtype.byteWidth
        let strides = Array(TensorType(source.dtype, source.shape).strides.reversed())
        var index = [Int](repeating: 0, count: target.shape.count)
        var position = 0
        for element in 0..<target.elementCount {
            (target.bytes + element * width).copyMemory(from: source.bytes + position * width, byteCount: width)
            var axis = index.count - 1
            while axis >= 0 {
                index[axis] += 1
                position += strides[axis]
                if index[axis] < target.shape[axis] { break }
                position -= strides[axis] * target.shape[axis]
                index[axis] = 0
                axis -= 1
            }
        }
    }

    static func descriptor(_ dtype: DType) -> String {
        switch dtype {
        case .i1: return "|b1"
        case .i8: return "|i1"
        case .u8: return "|u1"
        case .f8E5M2: return "<f1"
        case .bf16: return "<V2"
        default:
            let width = "\(dtype.byteWidth)"
            if dtype.bitWidth <= 8 { return "<V1" }
            switch dtype.kind {
            case .signed: return "<i" + width
            case .unsigned: return "<u" + width
            case .complex: return "<c" + width
            default: return "<f" + width
            }
        }
    }
}

/// The header's text: a Python dictionary with the keys descr, fortran_order and shape.
private struct NpyHeaderParser {
    private var reader: ByteReader

    init(_ reader: ByteReader) { self.reader = reader }

    mutating func header(dataOffset: Int) throws(JaxError) -> NpyHeader {
        var header = NpyHeader(dtype: nil, shape: [], isColumnMajor: false, dataOffset: dataOffset)
        var seen = 0
        try expect("{")
        while try next() != 0x7D {
            let key = try string()
            try expect(":")
            switch key {
            case "descr": header.dtype = try descriptor()
            case "fortran_order": header.isColumnMajor = try boolean()
            case "shape": header.shape = try shape()
            default: throw reader.malformed("expected the keys descr, fortran_order and shape, found '\(key)'")
            }
            seen += 1
            if try next() == 0x2C { try expect(",") }
        }
        guard seen == 3 else { throw reader.malformed("expected three keys, found \(seen)") }
        return header
    }

    /// The next character that is no space, which stays.
    private mutating func next() throws(JaxError) -> UInt8 {
        while true {
            var peek = reader
            let byte = try peek.byte("the header")
            if byte != 0x20 && byte != 0x0A { return byte }
            reader = peek
        }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(JaxError) {
        guard try next() == UInt8(ascii: character) else { throw reader.malformed("expected '\(character)' in the header") }
        _ = try reader.byte("the header")
    }

    private mutating func string() throws(JaxError) -> String {
        let quote = try next()
        guard quote == 0x27 || quote == 0x22 else { throw reader.malformed("expected a string in the header") }
        _ = try reader.byte("a quote")
        var bytes: [UInt8] = []
        while true {
            let byte = try reader.byte("a string's end")
            if byte == quote { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }

    private mutating func boolean() throws(JaxError) -> Bool {
        let isTrue = try next() == 0x54
        for expected in (isTrue ? "True" : "False").utf8 where try reader.byte("a boolean") != expected {
            throw reader.malformed("expected True or False")
        }
        return isTrue
    }

    private mutating func shape() throws(JaxError) -> [Int] {
        var shape: [Int] = []
        try expect("(")
        while try next() != 0x29 {
            var size = 0, digits = 0
            while case let digit = try next(), (0x30...0x39).contains(digit) {
                _ = try reader.byte("a digit")
                digits += 1
                let (product, overflow) = size.multipliedReportingOverflow(by: 10)
                guard !overflow, product <= Int.max - 9 else { throw reader.malformed("a dimension is too large") }
                size = product + Int(digit - 0x30)
            }
            guard digits > 0, shape.count < 64 else { throw reader.malformed("expected a tuple of at most 64 dimensions") }
            shape.append(size)
            if try next() == 0x2C { try expect(",") }
        }
        try expect(")")
        return shape
    }

    private mutating func descriptor() throws(JaxError) -> DType? {
        let start = reader
        let quote = try next()
        guard quote == 0x27 || quote == 0x22 else {
            throw JaxError(.notImplemented, "arrays of structures are not supported", offset: start.offset)
        }
        let text = try string()
        let bytes = Array(text.utf8)
        guard bytes.count >= 3 else { throw start.malformed("'\(text)' is no dtype") }
        if bytes[0] == UInt8(ascii: ">") {
            throw JaxError(.notImplemented, "big-endian elements ('\(text)') are not supported", offset: start.offset)
        }
        switch String(decoding: bytes[1...], as: UTF8.self) {
        case "b1": return .i1
        case "i1": return .i8
        case "i2": return .i16
        case "i4": return .i32
        case "i8": return .i64
        case "u1": return .u8
        case "u2": return .u16
        case "u4": return .u32
        case "u8": return .u64
        case "f1": return .f8E5M2
        case "f2": return .f16
        case "f4": return .f32
        case "f8": return .f64
        case "c8": return .c64
        case "c16": return .c128
        case "V2": return .bf16
        case "V1": return nil
        default:
            throw JaxError(.notImplemented, "the dtype '\(text)' is not supported", offset: start.offset)
        }
    }
}
