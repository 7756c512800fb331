import Testing
import JaxIR
@testable import JaxOps

@Suite struct ShapeTests {
    private func iota(_ shape: [Int]) throws -> Tensor {
        try ints((0..<Int32(shape.reduce(1, *))).map { $0 }, shape)
    }

    private func axes(_ name: String, _ list: [Int]) -> NamedAttribute { NamedAttribute(name, .integers(list)) }

    @Test func transposeAndReverse() throws {
        let a = try iota([2, 3])
        #expect(try evaluate(.transpose, [a], TensorType(.i32, [3, 2]),
                             [axes("permutation", [1, 0])]).list(Int32.self) == [0, 3, 1, 4, 2, 5])
        #expect(try evaluate(.reverse, [a], a.type, [axes("dimensions", [1])]).list(Int32.self) == [2, 1, 0, 5, 4, 3])
        let b = try iota([2, 2, 2])
        #expect(try transpose(b, [2, 0, 1]).list(Int32.self) == [0, 2, 4, 6, 1, 3, 5, 7])
    }

    @Test func broadcasts() throws {
        let a = try iota([3])
        let down = try evaluate(.broadcastInDim, [a], TensorType(.i32, [3, 2]), [axes("broadcast_dimensions", [0])])
        #expect(down.list(Int32.self) == [0, 0, 1, 1, 2, 2])
        let wide = try evaluate(.broadcastInDim, [try iota([1, 2])], TensorType(.i32, [2, 2]), [axes("broadcast_dimensions", [0, 1])])
        #expect(wide.list(Int32.self) == [0, 1, 0, 1])
        // Dimensions may change places: the operand's second becomes the result's first.
        let turned = try evaluate(.broadcastInDim, [try iota([2, 3])], TensorType(.i32, [3, 2]), [axes("broadcast_dimensions", [1, 0])])
        #expect(turned.list(Int32.self) == [0, 3, 1, 4, 2, 5])
        #expect(throws: (any Error).self) {
            try evaluate(.broadcastInDim, [a], TensorType(.i32, [4]), [axes("broadcast_dimensions", [0])])
        }
    }

    @Test func padding() throws {
        func pad(_ size: Int, _ low: Int, _ high: Int, _ interior: Int, _ expected: [Int32]) throws {
            let r = try evaluate(.pad, [try iota([size]), try scalar(9)], TensorType(.i32, [expected.count]),
                                 [axes("edge_padding_low", [low]), axes("edge_padding_high", [high]), axes("interior_padding", [interior])])
            #expect(r.list(Int32.self) == expected)
        }
        try pad(3, 1, 2, 0, [9, 0, 1, 2, 9, 9])
        try pad(3, -1, 1, 0, [1, 2, 9])
        try pad(3, 0, 0, 1, [0, 9, 1, 9, 2])
        try pad(4, -1, -1, 1, [9, 1, 9, 2, 9])
        try pad(3, -2, -2, 1, [1])
        try pad(2, -5, 6, 0, [9, 9, 9])
        try pad(0, 1, 1, 3, [9, 9])
    }

    @Test func slices() throws {
        let a = try iota([3, 4])
        let s = try evaluate(.slice, [a], TensorType(.i32, [2, 2]),
                             [axes("start_indices", [0, 1]), axes("limit_indices", [3, 4]), axes("strides", [2, 2])])
        #expect(s.list(Int32.self) == [1, 3, 9, 11])
        // Starts are moved inside.
        let d = try evaluate(.dynamicSlice, [a, try scalar(2), try scalar(-7)], TensorType(.i32, [2, 2]), [axes("slice_sizes", [2, 2])])
        #expect(d.list(Int32.self) == [4, 5, 8, 9])
        let u = try evaluate(.dynamicUpdateSlice, [a, try ints([70, 71], [1, 2]), try scalar(9), try scalar(9)], a.type)
        #expect(u.list(Int32.self) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 70, 71])
        #expect(a.list(Int32.self)[10] == 10)
        #expect(throws: (any Error).self) {
            try evaluate(.slice, [a], TensorType(.i32, [1, 1]),
                         [axes("start_indices", [3, 4]), axes("limit_indices", [4, 5]), axes("strides", [1, 1])])
        }
    }

    @Test func concatenateAndIota() throws {
        let a = try iota([2, 1]), b = try iota([2, 2])
        #expect(try evaluate(.concatenate, [a, b], TensorType(.i32, [2, 3]),
                             [NamedAttribute("dimension", .integer(1, .i64))]).list(Int32.self) == [0, 0, 1, 1, 2, 3])
        #expect(try evaluate(.iota, [], TensorType(.f32, [2, 3]),
                             [NamedAttribute("iota_dimension", .integer(1, .i64))]).list(Float.self) == [0, 1, 2, 0, 1, 2])
    }

    @Test func bitcastSplitsAndJoins() throws {
        let a = try tensor(.u32, [1], [UInt32(0x11223344)])
        let bytes = try evaluate(.bitcastConvert, [a], TensorType(.u8, [1, 4]))
        #expect(bytes.list(UInt8.self) == [0x44, 0x33, 0x22, 0x11])
        #expect(try evaluate(.bitcastConvert, [bytes], a.type).list(UInt32.self) == [0x11223344])
    }
}
