import Testing
import JaxIR
@testable import JaxOps

@Suite struct ElementwiseTests {
    @Test func integersWrapAndNeverTrap() throws {
        let a = try tensor(.i8, [4], [Int8.min, 7, 0, 127]), b = try tensor(.i8, [4], [Int8(-1), 0, 0, 1])
        let type = TensorType(.i8, [4])
        #expect(try evaluate(.divide, [a, b], type).list(Int8.self) == [Int8.min, -1, -1, 127])
        #expect(try evaluate(.remainder, [a, b], type).list(Int8.self) == [0, 7, 0, 0])
        #expect(try evaluate(.add, [a, b], type).list(Int8.self) == [127, 7, 0, -128])
        #expect(try evaluate(.negate, [a], type).list(Int8.self) == [Int8.min, -7, 0, -127])
        #expect(try evaluate(.sign, [a], type).list(Int8.self) == [-1, 1, 0, 1])
    }

    @Test func shiftsBeyondTheWidth() throws {
        let a = try ints([-8, -8, 1, 1]), b = try ints([1, 40, 31, 32])
        let type = TensorType(.i32, [4])
        #expect(try evaluate(.shiftRightArithmetic, [a, b], type).list(Int32.self) == [-4, -1, 0, 0])
        #expect(try evaluate(.shiftRightLogical, [a, b], type).list(Int32.self) == [2147483644, 0, 0, 0])
        #expect(try evaluate(.shiftLeft, [a, b], type).list(Int32.self) == [-16, 0, Int32.min, 0])
    }

    @Test func maximumPropagatesNaNAndOrdersZeros() throws {
        let a = try floats([.nan, 1, -0.0, 2]), b = try floats([1, .nan, 0.0, 3])
        let high = try evaluate(.maximum, [a, b], a.type).list(Float.self)
        #expect(high[0].isNaN && high[1].isNaN && high[2].sign == .plus && high[3] == 3)
        let low = try evaluate(.minimum, [a, b], a.type).list(Float.self)
        #expect(low[0].isNaN && low[1].isNaN && low[2].sign == .minus && low[3] == 2)
    }

    /// The values of the specification's example for power.
    @Test func power() throws {
        let a = try doubles([-2, -0.0, -36, 5, 3, 10000]), b = try doubles([2, 2, 1.1, 2, -1, 10])
        let r = try evaluate(.power, [a, b], a.type).list(Double.self)
        #expect(r[0] == 4 && r[1] == 0 && r[2].isNaN && r[3] == 25 && r[4] == 1.0 / 3 && r[5] == 1e40)
        let c = try evaluate(.power, [try ints([2, -1, 3, 0, 2]), try ints([10, -3, -2, 0, 40])], TensorType(.i32, [5]))
        #expect(c.list(Int32.self) == [1024, -1, 0, 1, 0])
    }

    @Test func conversionsSaturateAndRoundOnce() throws {
        let a = try floats([.nan, 1e20, -1e20, -1.9, 300])
        #expect(try convert(a, to: .i8).list(Int8.self) == [0, 127, -128, -1, 127])
        #expect(try convert(a, to: .u32).list(UInt32.self) == [0, .max, 0, 0, 300])
        #expect(try convert(a, to: .i1).list(UInt8.self) == [1, 1, 1, 1, 1])
        // 1 + 2^-8 + 2^-40 lies above the middle of two bf16 numbers; by way of f32 it would lie on it.
        #expect(try convert(try doubles([1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-8]), to: .bf16).list(UInt16.self) == [0x3f81, 0x3f80])
        let big = try tensor(.i64, [2], [(Int64(1) << 62) + (1 << 54) + 1, (Int64(1) << 62) + (1 << 54)])
        #expect(try convert(big, to: .bf16).list(UInt16.self) == [0x5e81, 0x5e80])
        #expect(try convert(try tensor(.u64, [1], [UInt64.max]), to: .f64).list(Double.self) == [0x1p64])
        #expect(try convert(try ints([-3, 9, 7]), to: .i4).list(Int8.self) == [-3, -7, 7])
    }

    @Test func smallFloats() throws {
        let a = try floats([0.5, -448, 1000, .nan, 0.001953125])
        #expect(try convert(a, to: .f8E4M3FN).list(UInt8.self) == [0x30, 0xfe, 0x7f, 0x7f, 0x01])
        #expect(try convert(a, to: .f8E5M2).list(UInt8.self)[2] == 0x64)
        for dtype in DType.allCases where dtype.isFloat && dtype.bitWidth < 16 {
            let format = try #require(MinifloatFormat(dtype))
            for code in 0..<(1 << dtype.bitWidth) {
                let value = format.decode(UInt8(code))
                let again = format.decode(format.encode(value))
                #expect(value.isNaN ? again.isNaN || dtype == .f4E2M1FN : again == value, "\(dtype) \(code)")
            }
        }
    }

    @Test func reducePrecision() throws {
        let a = try floats([3.1415927, 65520, 1e-8, -.infinity, 1.0009766])
        let r = try evaluate(.reducePrecision, [a], a.type, [NamedAttribute("exponent_bits", .integer(5, .i32)),
                                                             NamedAttribute("mantissa_bits", .integer(10, .i32))])
        #expect(r.list(Float.self) == [3.140625, .infinity, 0, -.infinity, 1.0009766])
    }

    @Test func compareTotalOrder() throws {
        let a = try floats([-0.0, .nan, -.nan]), b = try floats([0.0, .infinity, -.infinity])
        func compare(_ type: String) throws -> [UInt8] {
            try evaluate(.compare, [a, b], TensorType(.i1, [3]), [NamedAttribute("comparison_direction", .enumeration("LT")),
                                                                 NamedAttribute("compare_type", .enumeration(type))]).list(UInt8.self)
        }
        #expect(try compare("FLOAT") == [0, 0, 0])
        #expect(try compare("TOTALORDER") == [1, 0, 1])
    }

    @Test func complexFunctions() {
        func close(_ a: Complex<Double>, _ re: Double, _ im: Double) -> Bool {
            abs(a.re - re) <= 1e-15 * max(1, abs(re)) && abs(a.im - im) <= 1e-15 * max(1, abs(im))
        }
        #expect(close(squareRoot(Complex(-4, 0)), 0, 2) && close(squareRoot(Complex(-4, -0.0)), 0, -2))
        #expect(close(squareRoot(Complex(3, 4)), 2, 1) && close(squareRoot(Complex(1.6e308, 1.6e308)), 1.3896817e154 * 1, 0) == false)
        #expect(close(exponential(Complex(0, Double.pi)), -1, 1.2246467991473532e-16))
        #expect(close(logarithm(Complex(-1, 0)), 0, Double.pi))
        #expect(close(hyperbolicTangent(Complex(400, 1)), 1, 0))
        #expect(close(Complex(1e300, 1e300) / Complex(1e300, 1e300), 1, 0))
        #expect(close(Complex(1e308, 1e308) / Complex(1e308, -1e308), 0, 1))
        #expect((Complex(Double.infinity, .nan) / Complex(2, 0)).re == .infinity)
        #expect(Complex(3e300, 4e300).modulus == 5e300 && Complex<Double>(3e-320, 4e-320).modulus > 4.9e-320)
        // log |z| near 1 keeps its digits: |z|² - 1 = 1e-10 + 1e-20.
        #expect(abs(logarithm(Complex(1, 1e-5)).re - 4.9999999997500002e-11) < 1e-26)
    }

    @Test func typesAreChecked() throws {
        let a = try floats([1, 2]), b = try floats([1, 2, 3])
        #expect(throws: (any Error).self) { try evaluate(.add, [a, b], a.type) }
        #expect(throws: (any Error).self) { try evaluate(.add, [a, try ints([1, 2])], a.type) }
        #expect(throws: (any Error).self) { try evaluate(.add, [a, a], TensorType(.f32, [3])) }
        #expect(throws: (any Error).self) { try evaluate(.shiftLeft, [a, a], a.type) }
        #expect(throws: (any Error).self) { try evaluate(.exponential, [try ints([1])], TensorType(.i32, [1])) }
    }
}
