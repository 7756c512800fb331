import Testing
import JaxIR

@Suite struct DTypeTests {
    @Test func everyNameFindsItsType() {
        for dtype in DType.allCases { #expect(DType(name: dtype.name) == dtype) }
        #expect(DType(name: "float") == nil)
    }

    @Test func elementCountRefusesOverflow() {
        #expect(TensorType(.f64, [1 << 40, 1 << 40]).checkedElementCount == nil)
        #expect(TensorType(.f64, [1 << 40, 0]).checkedElementCount == 0)
        // An empty array, whose other dimensions no evaluation could multiply.
        #expect(TensorType(.f64, [1 << 40, 1 << 40, 0]).checkedElementCount == nil)
        #expect(TensorType(.f32, [2, TensorType.dynamic]).checkedElementCount == nil)
        #expect(TensorType(.i4, [2, 3]).checkedElementCount == 6)
    }
}
