// The command line of hosted-bench.
import Foundation

struct Options {
    var program = ""
    var arguments: [String] = []
    var runs = 7
    /// Nil: as many as there are processors.
    var threads: Int?
    var usesEvaluator = false
    var profiles = false
    var out: String?
    /// Whether the host's Vulkan executes it.
    var usesGPU = false
    /// A transformation that is applied first, with respect to the first argument.
    var transformation: String?

    static let usage = "usage: hosted-bench PROGRAM [ARG.npy …] [--runs N] [--threads N] [--evaluator] [--profile] [--out DIR] "
        + "[--transform NAME] [--device cpu|gpu]"

    /// Nil where the words are no command line of this program.
    init?(_ words: [String]) {
        var paths: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--evaluator": usesEvaluator = true
            case "--profile": profiles = true
            case "--device":
                guard let name = rest.popFirst(), ["cpu", "gpu"].contains(name) else { return nil }
                usesGPU = name == "gpu"
            case "--runs":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else { return nil }
                runs = count
            case "--threads":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else { return nil }
                threads = count
            case "--transform":
                guard let name = rest.popFirst() else { return nil }
                transformation = name
            case "--out":
                guard let path = rest.popFirst() else { return nil }
                out = path
            default:
                if word.hasPrefix("--") { return nil }
                paths.append(word)
            }
        }
        guard let first = paths.first else { return nil }
        program = first
        arguments = Array(paths.dropFirst())
    }
}
