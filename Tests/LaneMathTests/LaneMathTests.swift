// The math functions against the C library: in f32 against doubles, in f64 against 80-bit floats. The greatest error of each is printed,
// in units of the last place. With LANEMATH_C=FILE the functions are written there as C, for scripts/math/sweep.c.
import Glibc
import Loops
import Testing

/// The distance of `value` from `exact` in units of the last place of T there; nil where one is NaN and the other not, or infinite or of
/// the other sign without reason.
func ulps<T: BinaryFloatingPoint, E: BinaryFloatingPoint>(_ value: T, _ exact: E) -> Double? {
    if exact.isNaN || value.isNaN { return exact.isNaN && value.isNaN ? 0 : nil }
    let rounded = T(exact)
    if rounded.isInfinite && rounded == value { return 0 }
    if exact.isInfinite || value.sign != rounded.sign || exact == 0 && value != 0 { return nil }
    if value.isInfinite || rounded.isInfinite {
        let top = E(T.greatestFiniteMagnitude), step = E(T.greatestFiniteMagnitude.ulp)
        let finite = value.isInfinite ? top + step : E(value.magnitude)
        return Double((finite - exact.magnitude).magnitude / step)
    }
    return Double((E(value) - exact).magnitude / E(max(rounded.ulp, T.leastNonzeroMagnitude)))
}

func report(_ name: String, _ type: String, _ worst: Double, at point: String, _ kernel: Kernel) {
    let count = Evaluation.operationCount(kernel.body, kernel.types)
    print("\(type) \(name): \((worst * 1000).rounded() / 1000) ulp at \(point), \(count.all) operations, \(count.wide) of 64 bits")
}

let specials: [Double] = [0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, .infinity, -.infinity, .nan, 0x1p-149, -0x1p-149,
                          0x1p-126, 0x1p127, -0x1p127, 0x1p24, 0x1p24 - 1, 0x1p-1074, -0x1p-1074, 0x1p1023, 0x1p53, 0x1p53 - 1, -0x1p53 + 1,
                          0x1.fffffep127, 0x1.fffffffffffffp1023, 0.99999994, 1.00000012, 104, -104, 710, -745, 88.8, -88, 1e-8, 1e-20]

/// A linear congruential generator: the same points in each run.
struct Points {
    private var state: UInt64 = 42
    mutating func next() -> UInt64 {
        state = state &* 6364136223846793005 &+ 1442695040888963407
        return state ^ state >> 29
    }
}

@Test(arguments: unaryFunctions.indices) func singleUnary(_ index: Int) {
    let function = unaryFunctions[index], kernel = function.kernel(.f32)
    var evaluation = Evaluation(kernel), worst = 0.0, place: Float = 0
    func check(_ x: Float) {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: evaluation([LaneBits(x.bitPattern)])))
        guard let error = ulps(value, function.double(Double(x), 0)) else {
            Issue.record("\(function.name)(\(x)) = \(value), not \(function.double(Double(x), 0))")
            return
        }
        if error > worst { (worst, place) = (error, x) }
    }
    for x in specials { check(Float(x)) }
    for pattern in stride(from: UInt32(0), to: UInt32.max - 60013, by: 60013) { check(Float(bitPattern: pattern)) }
    report(function.name, "f32", worst, at: "\(place)", kernel)
    #expect(worst <= 2)
}

@Test(arguments: binaryFunctions.indices) func singleBinary(_ index: Int) {
    let function = binaryFunctions[index], kernel = function.kernel(.f32)
    var evaluation = Evaluation(kernel), worst = 0.0, place: (Float, Float) = (0, 0), points = Points()
    func check(_ x: Float, _ y: Float) {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: evaluation([LaneBits(x.bitPattern), LaneBits(y.bitPattern)])))
        guard let error = ulps(value, function.double(Double(x), Double(y))) else {
            Issue.record("\(function.name)(\(x), \(y)) = \(value), not \(function.double(Double(x), Double(y)))")
            return
        }
        if error > worst { (worst, place) = (error, (x, y)) }
    }
    for x in specials { for y in specials { check(Float(x), Float(y)) } }
    for _ in 0..<40000 {
        let bits = points.next()
        check(Float(bitPattern: UInt32(truncatingIfNeeded: bits)), Float(bitPattern: UInt32(truncatingIfNeeded: bits >> 32)))
    }
    for x in stride(from: Float(0.01), to: 4, by: 0.01) { for y in stride(from: Float(-30), to: 30, by: 0.37) { check(x, y) } }
    report(function.name, "f32", worst, at: "\(place)", kernel)
    #expect(worst <= 2)
}

@Test func writesCSource() {
    guard let path = getenv("LANEMATH_C"), let file = fopen(path, "w") else { return }
    for function in unaryFunctions + binaryFunctions {
        fputs(CSource.function(function.kernel(.f32), name: "lane_\(function.name)_f32", type: .f32, arity: function.arity), file)
        fputs(CSource.function(function.kernel(.f64), name: "lane_\(function.name)_f64", type: .f64, arity: function.arity), file)
    }
    fclose(file)
}

/// Every exponent, and the values around 1 more often.
private func doublePoints() -> [Double] {
    var points = Points(), result = specials
    for exponent in stride(from: UInt64(0), to: 2047, by: 1) {
        for sign: UInt64 in [0, 1 << 63] { result.append(Double(bitPattern: sign | exponent << 52 | points.next() & (1 << 52 - 1))) }
    }
    for _ in 0..<12000 {
        let exponent = 1023 - 30 + points.next() % 42
        result.append(Double(bitPattern: points.next() & 1 << 63 | exponent << 52 | points.next() & (1 << 52 - 1)))
    }
    // The multiple of π/2 that is nearest to a double.
    return result + [0x1.6ac5b262ca1ffp849, -0x1.6ac5b262ca1ffp849, 0x1.921fb54442d18p0, 0x1.921fb54442d18p1, 0x1.d7cb7ce7p26]
}

@Test(arguments: unaryFunctions.indices) func doubleUnary(_ index: Int) {
    let function = unaryFunctions[index], kernel = function.kernel(.f64)
    var evaluation = Evaluation(kernel), worst = 0.0, place = 0.0
    for x in doublePoints() {
        let value = Double(bitPattern: evaluation([x.bitPattern])), exact = function.extended(Float80(x), 0)
        guard let error = ulps(value, exact) else {
            Issue.record("\(function.name)(\(x)) = \(value), not \(exact)")
            continue
        }
        if error > worst { (worst, place) = (error, x) }
    }
    report(function.name, "f64", worst, at: "\(place)", kernel)
    #expect(worst <= 4)
}

@Test(arguments: binaryFunctions.indices) func doubleBinary(_ index: Int) {
    let function = binaryFunctions[index], kernel = function.kernel(.f64)
    var evaluation = Evaluation(kernel), worst = 0.0, place = (0.0, 0.0), points = Points()
    func check(_ x: Double, _ y: Double) {
        let value = Double(bitPattern: evaluation([x.bitPattern, y.bitPattern])), exact = function.extended(Float80(x), Float80(y))
        guard let error = ulps(value, exact) else {
            Issue.record("\(function.name)(\(x), \(y)) = \(value), not \(exact)")
            return
        }
        if error > worst { (worst, place) = (error, (x, y)) }
    }
    for x in specials { for y in specials { check(x, y) } }
    for _ in 0..<5000 { check(Double(bitPattern: points.next()), Double(bitPattern: points.next())) }
    for x in stride(from: 0.013, to: 4, by: 0.0217) { for y in stride(from: -600, to: 600, by: 17.3) { check(x, y) } }
    report(function.name, "f64", worst, at: "\(place)", kernel)
    #expect(worst <= 4)
}
