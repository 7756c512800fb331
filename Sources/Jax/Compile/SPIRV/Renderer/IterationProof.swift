// Whether iterations of a loop touch different elements of what it writes, by arithmetic over the indices: the loop's variable must be a
// digit of every index, in a number system whose other digits are what else the index consists of. What cannot be proven does not hold.
import Loops

struct IterationProof {
    /// Part of an index: `count` multiples of `stride`, from 0 on.
    private struct Digit: Equatable {
        enum Origin: Equatable {
            /// The loop whose iterations are to be told apart.
            case sought
            case variable(LoopVariable), value(LaneValue), constant
        }

        var stride, count: Int
        var origin: Origin
    }

    let holds: Bool

    /// Of `loop`, for fixed values of the variables around it but for those of the loops in `against`, which may differ as well.
    init(of loop: Loop, against: [Loop]) {
        var walk = Walk()
        walk.visit([.loop(loop)])
        for other in against { walk.visit([.loop(other)]) }
        var places: [Int32: [LoopIndex]] = [:]
        for (buffer, index) in walk.stores { places[buffer.id, default: []].append(index) }
        for (buffer, index) in walk.loads { places[buffer.id]?.append(index) }
        holds = loop.count == 1 || places.values.allSatisfy { walk.tellsApart(loop, $0) }
    }

    private struct Walk {
        /// How many iterations the loops have whose variables are not fixed.
        var counts: [LoopVariable: Int] = [:]
        /// Values that may differ between iterations.
        var computed: Set<LaneValue> = []
        var stores: [(BufferID, LoopIndex)] = [], loads: [(BufferID, LoopIndex)] = []

        mutating func visit(_ statements: [Statement]) {
            for statement in statements {
                if let value = statement.defined { computed.insert(value) }
                switch statement {
                case .constant, .index, .compute: break
                case .load(_, let buffer, let index): loads.append((buffer, index))
                case .store(let buffer, let index, _): stores.append((buffer, index))
                case .loop(let loop):
                    counts[loop.variable] = loop.count
                    for carried in loop.carried { computed.formUnion([carried.current, carried.result]) }
                    visit(loop.body)
                case .whileLoop(let loop):
                    for carried in loop.carried { computed.formUnion([carried.current, carried.result]) }
                    visit(loop.condition)
                    visit(loop.body)
                }
            }
        }

        /// Whether equal places, of all that a buffer is accessed at, mean equal iterations of the loop.
        func tellsApart(_ loop: Loop, _ places: [LoopIndex]) -> Bool {
            let sought = loop.variable, stride = places[0].stride(of: sought)
            guard stride != 0, places.allSatisfy({ $0.stride(of: sought) == stride }) else { return false }
            var digits: [Digit] = []
            func add(_ digit: Digit) { if digit.count > 1 && digit.stride != 0 && !digits.contains(digit) { digits.append(digit) } }
            add(Digit(stride: abs(stride), count: loop.count, origin: .sought))
            // What the places differ by beside loops and data counts as a digit too.
            let least = places.map { $0.constant }.min() ?? 0, most = places.map { $0.constant }.max() ?? 0
            let step = places.reduce(0) { greatestCommonDivisor($0, $1.constant - least) }
            if step > 0 { add(Digit(stride: step, count: (most - least) / step + 1, origin: .constant)) }
            for place in places {
                for term in place.terms where term.variable != sought {
                    if let count = counts[term.variable] {
                        add(Digit(stride: abs(term.stride), count: count, origin: .variable(term.variable)))
                    } else if !places.allSatisfy({ $0.stride(of: term.variable) == term.stride }) {
                        return false
                    }
                }
                for term in place.clamped where computed.contains(term.value) || !places.allSatisfy({ $0.clamped.contains(term) }) {
                    add(Digit(stride: abs(term.stride), count: term.limit + 1, origin: .value(term.value)))
                }
            }
            return IterationProof.tellsApart(digits)
        }
    }

    /// What lies below the sought digit must not reach it, and what lies above must be a multiple of more than it and all below reach.
    private static func tellsApart(_ digits: [Digit]) -> Bool {
        var reach = 0, above = 0, isFound = false
        for digit in digits.sorted(by: { ($0.stride, $0.origin == .sought ? 0 : 1) < ($1.stride, $1.origin == .sought ? 0 : 1) }) {
            if isFound {
                above = greatestCommonDivisor(above, digit.stride)
                continue
            }
            if digit.origin == .sought {
                guard digit.stride > reach else { return false }
                isFound = true
            }
            let (extent, overflow) = digit.stride.multipliedReportingOverflow(by: digit.count - 1)
            let (sum, overflowToo) = reach.addingReportingOverflow(extent)
            if overflow || overflowToo { return false }
            reach = sum
        }
        return above == 0 || above > reach
    }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (abs(a), abs(b))
    while b != 0 { (a, b) = (b, a % b) }
    return a
}
