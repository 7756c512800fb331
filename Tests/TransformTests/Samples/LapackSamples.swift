// LAPACK's routines as programs for the processor call them, each in its four types; derivatives are checked in double precision.

/// Of parameters and results, T is the type, R the real and C the complex one of its precision; in `before`, $ is the routine's letter. Of
/// `turning` complex vectors, whose phase is anybody's choice, the magnitudes are returned.
private func routine(_ name: String, complex: String? = nil, _ form: String, _ parameters: String, _ results: String, attributes: [String] = [],
                     of operands: String = "a", before: String = "", domains: [Int: Domain] = [0: .regular], hermitian: Bool = false,
                     differentiable: Bool = true, turning: [String] = [], returning: String? = nil) -> [Sample] {
    [("s", "f32"), ("d", "f64"), ("c", "c64"), ("z", "c128")].map { letter, type in
        let isComplex = type.hasPrefix("c"), isDouble = letter == "d" || letter == "z"
        let target = "lapack_\(letter)\(isComplex ? complex ?? name : name)_ffi"
        func typed(_ text: String) -> String {
            text.split(separator: " ").map { word in
                let parts = word.split(separator: ":")
                guard parts.count == 2, let mark = parts[1].first else { return String(word) }
                let dtypes: [Character: String] = ["T": type, "R": isDouble ? "f64" : "f32", "C": isDouble ? "c128" : "c64"]
                return dtypes[mark].map { parts[0] + ":" + $0 + parts[1].dropFirst() } ?? String(word)
            }.joined(separator: " ")
        }
        // The eigenvalues of real matrices come in two parts.
        let values = isComplex ? "w:T[3]" : "w:T[3] wi:T[3]"
        let declared = typed(results.split(separator: "W:T[3]", omittingEmptySubsequences: false).joined(separator: values))
        var names = returning.map { [$0] } ?? declared.split(separator: " ").map { String($0.split(separator: ":")[0]) }.filter { $0 != "info" }
        var lines = before.isEmpty ? [] : [typed(before.split(separator: "$").joined(separator: letter))]
        let configuration = attributes.joined(separator: ", ")
        lines.append("\(declared) = custom_call[call_target_name='\(target)' mhlo.backend_config={\(configuration)}] \(operands)")
        if isComplex {
            lines += turning.map { "abs_\($0) = abs \($0)" }
            names = names.map { turning.contains($0) ? "abs_" + $0 : $0 }
        }
        let sample = Sample(target, form, typed(parameters), lines.joined(separator: "\n"), names.joined(separator: " "))
            .with(domains, differentiable && isDouble ? .both : .none).rounded
        return hermitian ? sample.symmetrised(type) : sample
    }
}

/// An attribute that is a letter.
private func letter(_ name: String, _ value: String) -> String { "\(name)=\(value.utf8.first!):u8" }

private let factored = "q:T[4,3] t:T[3] = custom_call[call_target_name='lapack_$geqrf_ffi'] a"

private func trsm(_ form: String, _ side: String, _ triangle: String, _ transposition: String, _ diagonal: String) -> [Sample] {
    routine("trsm", form, "a:T[3,3] b:T[\(side == "L" ? "3,2" : "2,3")]", "y:T[\(side == "L" ? "3,2" : "2,3")]",
            attributes: [letter("side", side), letter("uplo", triangle), letter("trans_x", transposition), letter("diag", diagonal)], of: "a b")
}

private func svd(_ name: String, _ form: String, _ m: Int, _ n: Int, _ mode: String = "S") -> [Sample] {
    let k = min(m, n), hasVectors = mode == "S"
    return routine(name, form, "a:T[\(m),\(n)]", "f:T[\(m),\(n)] s:R[\(k)] u:T[\(m),\(k)] v:T[\(k),\(n)] info:i32[]",
                   attributes: [letter("mode", mode)],
                   turning: hasVectors ? ["u", "v"] : [], returning: hasVectors ? nil : "s")
}

private func eigen(_ form: String, left: String, right: String) -> [Sample] {
    routine("geev", form, "a:T[3,3]", "W:T[3] l:C[3,3] r:C[3,3] info:i32[]",
            attributes: [letter("compute_left", left), letter("compute_right", right)])
}

let lapackSamples: [Sample] = [
    routine("potrf", "lower", "a:T[3,3]", "y:T[3,3] info:i32[]", attributes: [letter("uplo", "L")], of: "b", domains: [0: .positive],
            hermitian: true),
    routine("potrf", "upper", "a:T[3,3]", "y:T[3,3] info:i32[]", attributes: [letter("uplo", "U")], of: "b", domains: [0: .positive],
            hermitian: true),
    trsm("left, lower", "L", "L", "N", "N"), trsm("right, upper, transposed", "R", "U", "T", "N"),
    trsm("left, upper, adjoint, unit", "L", "U", "C", "U"),
    routine("getrf", "square", "a:T[3,3]", "y:T[3,3] p:i32[3] info:i32[]"),
    routine("getrf", "wide", "a:T[2,4]", "y:T[2,4] p:i32[2] info:i32[]", domains: [0: .apart(-2, 2)]),
    routine("getrf", "tall, two of them", "a:T[2,4,2]", "y:T[2,4,2] p:i32[2,2] info:i32[2]", domains: [0: .apart(-2, 2)]),
    routine("geqrf", "tall", "a:T[4,3]", "q:T[4,3] t:T[3]"), routine("geqrf", "wide", "a:T[2,4]", "q:T[2,4] t:T[2]", domains: [0: .apart(-2, 2)]),
    routine("orgqr", complex: "ungqr", "", "a:T[4,3]", "y:T[4,3]", of: "q t", before: factored),
    routine("ormqr", complex: "unmqr", "from the left", "a:T[4,3] c:T[4,2]", "y:T[4,2]", attributes: ["left=True", "transpose=False"], of: "q t c",
            before: factored),
    routine("ormqr", complex: "unmqr", "adjoint, from the right", "a:T[4,3] c:T[2,4]", "y:T[2,4]", attributes: ["left=False", "transpose=True"],
            of: "q t c", before: factored),
    routine("syevd", complex: "heevd", "", "a:T[3,3]", "v:T[3,3] w:R[3] info:i32[]", attributes: [letter("mode", "V"), letter("uplo", "L")], of: "b",
            domains: [0: .positive],
            hermitian: true, turning: ["v"]),
    svd("gesdd", "square", 3, 3), svd("gesdd", "wide", 2, 3), svd("gesdd", "values alone", 3, 2, "N"), svd("gesvd", "tall", 4, 3),
    eigen("right vectors", left: "N", right: "V"), eigen("left vectors", left: "V", right: "N"), eigen("values alone", left: "N", right: "N"),
    routine("gees", "", "a:T[3,3]", "t:T[3,3] z:T[3,3] W:T[3] n:i32[] info:i32[]", attributes: [letter("mode", "V"), letter("sort", "N")],
            differentiable: false),
    routine("gehrd", "", "a:T[3,3]", "h:T[3,3] t:T[2] info:i32[]", attributes: ["low=1:i32", "high=3:i32"], differentiable: false),
    routine("sytrd", complex: "hetrd", "", "a:T[3,3]", "t:T[3,3] d:R[3] e:R[2] u:T[2] info:i32[]", attributes: [letter("uplo", "L")], of: "b",
            domains: [0: .positive],
            hermitian: true, differentiable: false),
    routine("gtsv", "", "l:T[3] d:T[3] u:T[3] b:T[3,2]", "k:T[3] m:T[3] n:T[3] y:T[3,2] info:i32[]", of: "l d u b", domains: [1: .apart(4, 6)],
            returning: "y"),
].flatMap { $0 }
