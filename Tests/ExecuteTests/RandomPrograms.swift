// Random programs over small arrays with loops and branches, for the planner: what they compute matters little, which values live when
// and where they come from much.

struct RandomProgram {
    private var numbers: Numbers
    private var names = 0
    private static let sizes = [1, 4, 4, 16]

    private init(_ seed: UInt64) { numbers = Numbers(seed) }

    /// Takes four arrays of floats and returns some.
    static func text(_ seed: UInt64) -> String {
        var program = RandomProgram(seed)
        var scope: [(name: String, size: Int)] = []
        for size in sizes { scope.append((program.name(), size)) }
        let parameters = scope.map { "\($0.name):f32[\($0.size)]" }.joined(separator: " ")
        let body = program.block(&scope, depth: 0)
        let results = (0..<3).map { _ in scope[program.numbers.next(scope.count)].name }
        return "main = { lambda ; \(parameters) n:i32[]. let\n\(body)  in (\(results.joined(separator: ", ")),) }"
    }

    private mutating func name() -> String {
        names += 1
        return "v\(names)"
    }

    private mutating func pick(_ scope: [(name: String, size: Int)], _ size: Int) -> String {
        let fitting = scope.filter { $0.size == size }
        // The latest most of the time, so that others end.
        return fitting[numbers.next(3) == 0 ? numbers.next(fitting.count) : fitting.count - 1].name
    }

    private mutating func block(_ scope: inout [(name: String, size: Int)], depth: Int) -> String {
        var text = ""
        for _ in 0..<(2 + numbers.next(5)) {
            let size = RandomProgram.sizes[numbers.next(4)], result = name()
            switch numbers.next(depth < 2 ? 8 : 5) {
            case 0: text += "\(result):f32[\(size)] = add \(pick(scope, size)) \(pick(scope, size))\n"
            case 1: text += "\(result):f32[\(size)] = tanh \(pick(scope, size))\n"
            case 2:
                // Evaluated.
                text += "\(result):f32[\(size)] = sort[dimension=0 is_stable=True] \(pick(scope, size))\n"
                    + "{ lambda ; x:f32[] y:f32[]. let\np:bool[] = compare[comparison_direction=LT] x y\nin (p,) }\n"
            case 3: text += "\(result):f32[\(size)] = constant[0.5\(size > 1 ? " everywhere" : "")]\n"
            case 4:
                let (zero, part) = (name(), name())
                text += "\(zero):i32[] = constant[0]\n\(part):f32[1] = tanh \(pick(scope, 1))\n"
                    + "\(result):f32[\(size)] = dynamic_update_slice \(pick(scope, size)) \(part) \(zero)\n"
            case 5:
                let predicate = name(), two = name()
                text += "\(two):i32[] = constant[2]\n\(predicate):bool[] = compare[comparison_direction=LT] n \(two)\n"
                text += "\(result):f32[\(size)] = if \(predicate)\n" + region(scope, [], [size], depth) + region(scope, [], [size], depth)
            default:
                text += loop(scope, size, result, depth)
            }
            scope.append((result, size))
        }
        return text
    }

    /// Some trips; carries a counter and arrays, which the body may hand on, exchange or replace.
    private mutating func loop(_ scope: [(name: String, size: Int)], _ size: Int, _ result: String, _ depth: Int) -> String {
        let (zero, counter, other) = (name(), name(), name())
        var inner = scope
        let parameters = (name(), name(), name())
        inner.append((parameters.1, size))
        inner.append((parameters.2, size))
        var text = "\(zero):i32[] = constant[0]\n\(counter):i32[] \(result):f32[\(size)] \(other):f32[\(size)] = while \(zero) "
            + "\(pick(scope, size)) \(pick(scope, size))\n"
            + "{ lambda ; i:i32[] x:f32[\(size)] y:f32[\(size)]. let\np:bool[] = compare[comparison_direction=LT] i n\nin (p,) }\n"
            + "{ lambda ; \(parameters.0):i32[] \(parameters.1):f32[\(size)] \(parameters.2):f32[\(size)]. let\n"
        let body = block(&inner, depth: depth + 1)
        let (one, next) = (name(), name())
        let state = numbers.next(3) == 0 ? (parameters.2, parameters.1) : (pick(inner, size), pick(inner, size))
        text += body + "\(one):i32[] = constant[1]\n\(next):i32[] = add \(parameters.0) \(one)\nin (\(next), \(state.0), \(state.1)) }\n"
        return text
    }

    private mutating func region(_ scope: [(name: String, size: Int)], _ parameters: [String], _ sizes: [Int], _ depth: Int) -> String {
        var inner = scope
        let body = block(&inner, depth: depth + 1)
        return "{ lambda ;. let\n\(body)in (\(pick(inner, sizes[0])),) }\n"
    }
}
