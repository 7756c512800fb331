import Foundation
import JaxIR
import JaxLoad
import JaxPlatform
import Testing

@Suite struct NpyTests {
    /// A file as NumPy writes it: the header's text, filled with spaces to a multiple of 64, then the elements.
    private func file(_ text: String, _ elements: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let prefix = version == 1 ? 10 : 12
        let length = (prefix + text.utf8.count + 1 + 63) / 64 * 64 - prefix
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(length & 255), UInt8(length >> 8)]
        if version > 1 { bytes += [0, 0] }
        bytes += Array(text.utf8) + [UInt8](repeating: 32, count: length - text.utf8.count - 1) + [10]
        return bytes + elements
    }

    private func read(_ bytes: [UInt8], expected: DType? = nil) throws -> Tensor {
        try bytes.withUnsafeBytes { try Npy.read($0, expected: expected) }
    }

    @Test func everyTypeComesBack() throws {
        for dtype in DType.allCases {
            for shape in [[], [3], [2, 0], [2, 3]] as [[Int]] {
                let tensor = try Tensor(TensorType(dtype, shape))
                let bytes = tensor.elements(as: UInt8.self).baseAddress!
                for index in 0..<tensor.type.byteCount { bytes[index] = UInt8(index & 1) }
                let copy = try read(Npy.write(tensor), expected: dtype)
                #expect(copy.type == tensor.type)
                #expect(memcmp(copy.bytes, tensor.bytes, tensor.type.byteCount) == 0)
            }
        }
    }

    @Test func bfloat16AsJaxWritesIt() throws {
        let tensor = try read(file("{'descr': '<V2', 'fortran_order': False, 'shape': (2,), }", [0x80, 0x3F, 0, 0x40]))
        #expect(tensor.type == TensorType(.bf16, [2]))
        let expected = file("{'descr': '<V2', 'fortran_order': False, 'shape': (2,), }", [0x80, 0x3F, 0, 0x40])
        #expect(Npy.write(tensor) == expected)
    }

    @Test func columnMajorIsTransposed() throws {
        let tensor = try read(file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", [1, 4, 2, 5, 3, 6], version: 2))
        #expect(Array(tensor.elements(as: UInt8.self)) == [1, 2, 3, 4, 5, 6])
    }

    @Test(arguments: [
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, }",
        "{'descr': '<f4', 'fortran_order': Fa", "", "{'shape': (", "{'descr': '|V1', 'fortran_order': False, 'shape': (4,), }",
    ])
    func whatIsNoArrayIsRefused(_ text: String) {
        #expect(throws: JaxError.self) { try read(file(text, [0, 0, 0, 0])) }
    }

    @Test func booleansAreZeroOrOne() throws {
        let tensor = try read(file("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", [0, 7, 1]))
        #expect(Array(tensor.elements(as: UInt8.self)) == [0, 1, 1])
    }
}
