// A kernel as a C function of one element: for the exhaustive sweep (scripts/math/sweep.c), which a C compiler vectorises.
import Loops

struct CSource {
    private let kernel: Kernel
    private var text = ""

    static func function(_ kernel: Kernel, name: String, type: LaneType, arity: Int) -> String {
        var source = CSource(kernel: kernel)
        let c = cName(type)
        let parameters = (0..<arity).map { "\(c) p\($0)" }.joined(separator: ", ")
        source.text = "static inline __attribute__((always_inline)) \(c) \(name)(\(parameters)) {\n"
        source.print(kernel.body)
        return source.text + "}\n"
    }

    private static func cName(_ type: LaneType) -> String {
        switch type {
        case .bool: return "int"
        case .i32: return "int32_t"
        case .i64: return "int64_t"
        case .f32: return "float"
        case .f64: return "double"
        }
    }

    private func typeName(_ value: LaneValue) -> String { Self.cName(kernel.type(of: value)) }

    private mutating func print(_ body: [Statement]) {
        for statement in body {
            switch statement {
            case .constant(let value, let bits): define(value, constant(kernel.type(of: value), bits))
            case .compute(let value, let op, let a, let b, let c): define(value, expression(op, a, b, c))
            case .load(let value, let buffer, _): define(value, "p\(buffer.id)")
            case .store(_, _, let value): text += "    return v\(value.id);\n"
            case .loop(let loop):
                for carried in loop.carried { define(carried.current, "v\(carried.initial.id)") }
                text += "    for (int i = 0; i < \(loop.count); i++) {\n"
                print(loop.body)
                for (place, carried) in loop.carried.enumerated() {
                    text += "    \(typeName(carried.next)) n\(place) = v\(carried.next.id);\n"
                }
                for (place, carried) in loop.carried.enumerated() { text += "    v\(carried.current.id) = n\(place);\n" }
                text += "    }\n"
                for carried in loop.carried { define(carried.result, "v\(carried.current.id)") }
            case .index, .whileLoop: preconditionFailure("not in a math function")
            }
        }
    }

    private mutating func define(_ value: LaneValue, _ expression: String) {
        text += "    \(typeName(value)) v\(value.id) = \(expression);\n"
    }

    private func constant(_ type: LaneType, _ bits: LaneBits) -> String {
        switch type {
        case .bool, .i32: return "(int32_t)\(UInt32(truncatingIfNeeded: bits))u"
        case .i64: return "(int64_t)\(bits)ull"
        case .f32: return "as_float((int32_t)\(UInt32(truncatingIfNeeded: bits))u)"
        case .f64: return "as_double((int64_t)\(bits)ull)"
        }
    }

    private func expression(_ op: LaneOp, _ a: LaneValue, _ b: LaneValue?, _ c: LaneValue?) -> String {
        let type = kernel.type(of: a), x = "v\(a.id)", y = "v\(b?.id ?? 0)", z = "v\(c?.id ?? 0)"
        let suffix = type == .f32 ? "f" : "", unsigned = type == .i32 ? "uint32_t" : "uint64_t", width = type.bitWidth
        switch op {
        case .add, .subtract, .multiply:
            let sign = op == .add ? "+" : op == .subtract ? "-" : "*"
            return type.isFloat ? "\(x) \(sign) \(y)" : "(\(Self.cName(type)))((\(unsigned))\(x) \(sign) (\(unsigned))\(y))"
        case .divide: return "\(x) / \(y)"
        case .minimum: return "\(x) < \(y) ? \(x) : \(y)"
        case .maximum: return "\(x) > \(y) ? \(x) : \(y)"
        case .and: return "\(x) & \(y)"
        case .or: return "\(x) | \(y)"
        case .xor: return "\(x) ^ \(y)"
        case .shiftLeft: return "(\(unsigned))\(y) >= \(width) ? 0 : (\(unsigned))\(x) << (\(y) & \(width - 1))"
        case .shiftRightLogical: return "(\(unsigned))\(y) >= \(width) ? 0 : (\(unsigned))\(x) >> (\(y) & \(width - 1))"
        case .multiplyAdd, .accumulate: return "__builtin_fma\(suffix)(\(x), \(y), \(z))"
        case .negate: return "-\(x)"
        case .absolute: return "__builtin_fabs\(suffix)(\(x))"
        case .not: return type == .bool ? "!\(x)" : "~\(x)"
        case .squareRoot: return "__builtin_sqrt\(suffix)(\(x))"
        case .truncate: return "__builtin_trunc\(suffix)(\(x))"
        case .roundEven: return "__builtin_roundeven\(suffix)(\(x))"
        case .equal: return "\(x) == \(y)"
        case .notEqual: return "\(x) != \(y)"
        case .less: return "\(x) < \(y)"
        case .lessOrEqual: return "\(x) <= \(y)"
        case .select: return "\(x) ? \(y) : \(z)"
        case .toF32, .toF64, .toI32, .low, .signExtend: return x
        case .zeroExtend: return "(uint32_t)\(x)"
        case .bits: return type == .f32 ? "float_bits(\(x))" : "double_bits(\(x))"
        case .fromBits: return type == .i32 ? "as_float(\(x))" : "as_double(\(x))"
        default: preconditionFailure("not in a math function: \(op)")
        }
    }

    private init(kernel: Kernel) { self.kernel = kernel }
}
