// Attributes and types that a producer wrote as text in MLIR's assembly.
import JaxIR
import JaxPlatform

enum TextParser {
    static func attribute(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        .opaque(try reader.zeroTerminatedText("an attribute's text"))
    }

    static func type(_ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        .unsupported(try reader.zeroTerminatedText("a type's text"))
    }
}
