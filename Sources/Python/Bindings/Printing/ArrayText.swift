// Arrays as text: NumPy's nested brackets, its line breaks and its summaries (numpy/_core/arrayprint.py, array2string), and
// JAX's `Array(…, dtype=…)` around them (jax/_src/array.py).
import JaxIR
import JaxPlatform

struct ArrayText {
    private let tensor: Tensor
    private let format: ElementFormat
    private let separator: String
    private let isSummarised: Bool
    private let strides: [Int]

    /// The array in brackets. `prefix` is what stands before it on its first line, `suffix` what follows it.
    static func text(_ tensor: Tensor, _ dtype: DType, separator: String, prefix: String = "", suffix: String = "") -> String {
        if tensor.elementCount == 0 { return "[]" }
        let writer = ArrayText(tensor, dtype, separator)
        let indent = String(repeating: " ", count: prefix.utf8.count + 1)
        return writer.nested(axis: 0, offset: 0, indent: indent, width: PrintOptions.lineWidth - suffix.utf8.count)
    }

    private init(_ tensor: Tensor, _ dtype: DType, _ separator: String) {
        self.tensor = tensor
        self.separator = separator
        isSummarised = tensor.elementCount > PrintOptions.threshold
        strides = tensor.type.strides
        var shown: [Int] = []
        ArrayText.collect(tensor, strides, isSummarised, axis: 0, offset: 0, &shown)
        format = ElementFormat(tensor, dtype, shown)
    }

    private static func positions(_ size: Int, _ isSummarised: Bool) -> (leading: Range<Int>, trailing: Range<Int>, isCut: Bool) {
        let edge = PrintOptions.edgeItems
        if isSummarised && 2 * edge < size { return (0..<edge, (size - edge)..<size, true) }
        return (0..<0, 0..<size, false)
    }

    /// The elements that will be shown.
    private static func collect(_ tensor: Tensor, _ strides: [Int], _ isSummarised: Bool, axis: Int, offset: Int, _ shown: inout [Int]) {
        if axis == tensor.shape.count {
            shown.append(offset)
            return
        }
        let (leading, trailing, _) = positions(tensor.shape[axis], isSummarised)
        for index in leading { collect(tensor, strides, isSummarised, axis: axis + 1, offset: offset + index * strides[axis], &shown) }
        for index in trailing { collect(tensor, strides, isSummarised, axis: axis + 1, offset: offset + index * strides[axis], &shown) }
    }

    private func nested(axis: Int, offset: Int, indent: String, width: Int) -> String {
        let left = tensor.shape.count - axis
        if left == 0 { return format.text(tensor, offset) }
        let inner = indent + " "
        let innerWidth = width - 1
        let (leading, trailing, isCut) = ArrayText.positions(tensor.shape[axis], isSummarised)
        let bare = separator.hasSuffix(" ") ? String(separator.dropLast()) : separator
        var text = ""
        if left == 1 {
            let wordWidth = width - max(bare.utf8.count, 1)
            var line = indent
            for index in leading {
                extend(&text, &line, nested(axis: axis + 1, offset: offset + index * strides[axis], indent: inner, width: innerWidth),
                       wordWidth, indent)
                line += separator
            }
            if isCut {
                extend(&text, &line, "...", wordWidth, indent)
                line += separator
            }
            for index in trailing {
                let word = nested(axis: axis + 1, offset: offset + index * strides[axis], indent: inner, width: innerWidth)
                extend(&text, &line, word, wordWidth, indent)
                if index + 1 < trailing.upperBound { line += separator }
            }
            text += line
        } else {
            let lineEnd = bare + String(repeating: "\n", count: left - 1)
            for index in leading {
                text += indent + nested(axis: axis + 1, offset: offset + index * strides[axis], indent: inner, width: innerWidth) + lineEnd
            }
            if isCut { text += indent + "..." + lineEnd }
            for index in trailing {
                text += indent + nested(axis: axis + 1, offset: offset + index * strides[axis], indent: inner, width: innerWidth)
                if index + 1 < trailing.upperBound { text += lineEnd }
            }
        }
        return "[" + String(text.dropFirst(indent.utf8.count)) + "]"
    }

    /// Adds a word to the line, on a new one where it does not fit.
    private func extend(_ text: inout String, _ line: inout String, _ word: String, _ width: Int, _ indent: String) {
        if line.utf8.count + word.utf8.count > width && line.utf8.count > indent.utf8.count {
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
            line = indent
        }
        line += word
    }
}

extension ArrayObject {
    /// The elements in a type that can be read one by one: floats below 16 bits as float32.
    private func readable() throws(JaxError) -> Tensor {
        try (dtype.isFloat && dtype.bitWidth < 16 ? try Lax.convert(handle, to: .f32) : handle).elements()
    }

    /// `repr`: "Array([1., 2.], dtype=float32)".
    func representation() throws(JaxError) -> String {
        var kind = "dtype=" + dtype.name
        if isWeak { kind += ", weak_type=True" }
        let body = handle.elementCount == 0 ? "[], shape=" + shapeText(shape)
            : ArrayText.text(try readable(), dtype, separator: ", ", prefix: "Array(", suffix: ",")
        var last = 0
        for byte in body.utf8 { last = byte == UInt8(ascii: "\n") ? 0 : last + 1 }
        // NumPy's rfind counts from the line break, and from one before the text where there is none.
        let isLong = last + 2 + kind.utf8.count + 2 > PrintOptions.lineWidth
        return "Array(" + body + "," + (isLong ? "      " : " ") + kind + ")"
    }

    /// `str`: as NumPy prints an array; a single value as a NumPy scalar.
    func plainText() throws(JaxError) -> String {
        let tensor = try readable()
        if !shape.isEmpty { return ArrayText.text(tensor, dtype, separator: " ") }
        switch dtype.kind {
        case .boolean: return elementAsInt(tensor, 0) != 0 ? "True" : "False"
        case .signed, .unsigned: return integerText(tensor, 0)
        case .float: return scalarText(elementAsDouble(tensor, 0), dtype)
        case .complex: return complexText(elementAsDouble(tensor, 0), imaginaryPart(tensor, 0))
        }
    }

    /// "(1+2j)", "2j": whole numbers without a point, as Python writes complex numbers.
    private func complexText(_ real: Double, _ imaginary: Double) -> String {
        func part(_ value: Double) -> String {
            let text = scalarText(value, dtype.real)
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        let tail = part(imaginary) + "j"
        if real == 0 && !isNegative(real) { return tail }
        return "(" + part(real) + (isNegative(imaginary) ? "" : "+") + tail + ")"
    }
}

/// A shape as a Python tuple: "(2, 3)", "(3,)", "()".
func shapeText(_ shape: [Int]) -> String {
    var text = "("
    for (index, size) in shape.enumerated() {
        if index > 0 { text += ", " }
        text += "\(size)"
    }
    return text + (shape.count == 1 ? ",)" : ")")
}
