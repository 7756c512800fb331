// A sample of an operation: a small program of it, and what its arguments may be. Gradients and batches of all samples are checked.
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import Testing

/// Where the numbers of an argument come from.
enum Domain {
    /// Different numbers between two bounds, none close to another; for complex numbers their parts.
    case apart(Double, Double)
    /// Integers from the first to below the second.
    case integers(Int, Int)
    /// These, in every row of a batch.
    case values([Double])
    /// One of these in each row.
    case rows([Double])
    /// A matrix with a large diagonal; a hermitian and positive one; a triangular one.
    case regular, positive, triangular
    /// Different integers from 0, in some order.
    case permutation
}

struct Sample: CustomTestStringConvertible {
    /// Which derivatives there are.
    enum Modes { case both, forward, reverse, none }

    /// The operation that it is a sample of, or the target of a custom call.
    let operation: String
    let form: String
    let text: String
    /// By number of the parameter; others have the usual one of their type.
    var domains: [Int: Domain] = [:]
    var modes = Modes.both
    /// Whether a batch gives the bits that its rows give.
    var isExact = true
    /// Of the central differences, and how far they may be off.
    var step = 1e-6, tolerance = 1e-6
    /// Whether its results are random: of a batch the types alone are looked at.
    var isRandom = false

    var testDescription: String { form.isEmpty ? operation : operation + ", " + form }

    /// `parameters` as in the notation, "x:f64[3] n:i32[]"; `body` is lines of it; `results` are names.
    init(_ operation: String, _ form: String = "", _ parameters: String, _ body: String, _ results: String = "y", private helper: String = "") {
        self.operation = operation
        self.form = form
        text = (helper.isEmpty ? "" : helper + "\n")
            + "main = { lambda ; \(parameters). let\n\(body)\n in (\(results.split(separator: " ").map { $0 + "," }.joined(separator: " "))) }"
    }

    func with(_ domains: [Int: Domain] = [:], _ modes: Modes = .both) -> Sample {
        var copy = self
        copy.domains.merge(domains) { $1 }
        copy.modes = modes
        return copy
    }

    /// A sum or the like, whose order may be another in a batch.
    var rounded: Sample {
        var copy = self
        copy.isExact = false
        return copy
    }

    func within(step: Double, tolerance: Double) -> Sample {
        var copy = self
        copy.step = step
        copy.tolerance = tolerance
        return copy
    }

    var random: Sample {
        var copy = self
        copy.isRandom = true
        return copy
    }

    func module() throws -> Module {
        let module = try parseProgram(text)
        try verify(module)
        return module
    }

    /// The arguments of row `row`; row 0 is that of which gradients are checked.
    func arguments(_ types: [ValueType], row: Int = 0) throws -> [Tensor] {
        var made: [Tensor] = []
        for (index, type) in types.enumerated() {
            guard let tensor = type.tensor else { throw JaxError(.internalError, "a sample takes arrays") }
            var numbers = Numbers("\(testDescription) \(index) \(row)")
            made.append(try numbers.tensor(tensor, domains[index], row: row))
        }
        return made
    }
}

/// A region of two scalars that one operation makes one of.
func scalarRegion(_ operation: String, _ type: String = "f64") -> String {
    "{ lambda ; p:\(type)[] q:\(type)[]. let\n r:\(type)[] = \(operation) p q\n in (r,) }"
}

/// A region that compares two scalars.
func comparison(_ direction: String, _ type: String = "f64") -> String {
    "{ lambda ; p:\(type)[] q:\(type)[]. let\n r:bool[] = compare[comparison_direction=\(direction)] p q\n in (r,) }"
}

/// All samples, by family.
let allSamples = elementwiseSamples + integerSamples + shapeSamples + indexingSamples + scatterSamples + reductionSamples + windowSamples
    + contractionSamples
    + emptySamples + controlSamples + functionSamples + sortingSamples + randomSamples + linearAlgebraSamples + lapackSamples
