// LAPACK's routines as programs for the processor call them, each in its four types; derivatives are checked in double precision.
private func routine(_ name: String, complex: String? = nil, _ parameters: String, _ results: String, attributes: String = "", _ operands: String = "a",
                     before: String = "", _ domains: [Int: Domain] = [0: .regular], hermitian: Bool = false, differentiable: Bool = true,
                     turning: [String] = []) -> [Sample] {
    [("s", "f32"), ("d", "f64"), ("c", "c64"), ("z", "c128")].map { letter, type in
        let isComplex = type.hasPrefix("c"), base = isComplex ? complex ?? name : name, real = type == "f32" || type == "c64" ? "f32" : "f64"
        func typed(_ text: String) -> String {
            text.split(separator: " ").map { word in
                var word = String(word)
                for (mark, dtype) in [("T[", type), ("R[", real), ("C[", real == "f32" ? "c64" : "c128")] where word.contains(":" + mark) {
                    word = word.split(separator: ":")[0] + ":" + dtype + word.split(separator: ":")[1].dropFirst()
                }
                return word
            }.joined(separator: " ")
        }
        let target = "lapack_\(letter)\(base)_ffi", declared = typed(results)
        var names = declared.split(separator: " ").map { String($0.split(separator: ":")[0]) }.filter { $0 != "info" }
        // Of complex vectors the phase is anybody's choice.
        let magnitudes = isComplex ? turning.map { "abs_\($0) = abs \($0)" } : []
        if isComplex { names = names.map { turning.contains($0) ? "abs_" + $0 : $0 } }
        let prologue = before.isEmpty ? "" : typed(before.split(separator: "$").joined(separator: letter)) + "\n"
        let sample = Sample(target, "", typed(parameters), prologue + "\(declared) = custom_call[call_target_name='\(target)' mhlo.backend_config={\(attributes)}] \(operands)"
                                + magnitudes.map { "\n" + $0 }.joined(), names.joined(separator: " ")).with(domains, differentiable && real == "f64" ? .both : .none).rounded
        return hermitian ? sample.symmetrised(type) : sample
    }
}

/// Reflectors in front of what they are for.
private let factored = "q:T[4,3] t:T[3] = custom_call[call_target_name='lapack_$geqrf_ffi'] a"

private func code(_ letter: String) -> String { "\(letter.utf8.first!):u8" }

let lapackSamples: [Sample] = [
    routine("potrf", "a:T[3,3]", "y:T[3,3] info:i32[]", attributes: "uplo=\(code("L"))", "b", [0: .positive], hermitian: true),
    routine("trsm", "a:T[3,3] b:T[3,2]", "y:T[3,2]", attributes: "side=\(code("L")), uplo=\(code("L")), trans_x=\(code("N")), diag=\(code("N"))", "a b"),
    routine("getrf", "a:T[3,3]", "y:T[3,3] p:i32[3] info:i32[]"),
    routine("geqrf", "a:T[4,3]", "q:T[4,3] t:T[3]"), routine("orgqr", complex: "ungqr", "a:T[4,3]", "y:T[4,3]", "q t", before: factored),
    routine("ormqr", complex: "unmqr", "a:T[4,3] c:T[4,2]", "y:T[4,2]", attributes: "left=True, transpose=False", "q t c", before: factored),
    routine("syevd", complex: "heevd", "a:T[3,3]", "v:T[3,3] w:R[3] info:i32[]", attributes: "mode=\(code("V")), uplo=\(code("L"))", "b", [0: .positive], hermitian: true,
            turning: ["v"]),
    routine("gesdd", "a:T[3,3]", "f:T[3,3] s:R[3] u:T[3,3] v:T[3,3] info:i32[]", attributes: "mode=\(code("S"))", turning: ["u", "v"]),
    routine("gesvd", "a:T[4,3]", "f:T[4,3] s:R[3] u:T[4,3] v:T[3,3] info:i32[]", attributes: "mode=\(code("S"))", turning: ["u", "v"]),
    general,
    routine("gees", "a:T[3,3]", "t:T[3,3] z:T[3,3] RESULTS n:i32[] info:i32[]", attributes: "mode=\(code("V")), sort=\(code("N"))", differentiable: false).map(\.parted),
    routine("gehrd", "a:T[3,3]", "h:T[3,3] t:T[2] info:i32[]", attributes: "low=1:i32, high=3:i32", differentiable: false),
    routine("sytrd", complex: "hetrd", "a:T[3,3]", "t:T[3,3] d:R[3] e:R[2] u:T[2] info:i32[]", attributes: "uplo=\(code("L"))", "b", [0: .positive], hermitian: true,
            differentiable: false),
    routine("gtsv", "l:T[3] d:T[3] u:T[3] b:T[3,2]", "k:T[3] m:T[3] n:T[3] y:T[3,2] info:i32[]", "l d u b", [1: .apart(4, 6)]).map { $0.returning("y") },
].flatMap { $0 }

/// Eigenvalues of real matrices come in two parts.
private let general = routine("geev", "a:T[3,3]", "RESULTS l:C[3,3] r:C[3,3] info:i32[]", attributes: "compute_left=\(code("N")), compute_right=\(code("V"))").map(\.parted)

private extension Sample {
    /// With one or two arrays of eigenvalues.
    var parted: Sample {
        let isComplex = operation.hasPrefix("lapack_c") || operation.hasPrefix("lapack_z")
        let type = operation.hasPrefix("lapack_s") ? "f32" : operation.hasPrefix("lapack_d") ? "f64" : operation.hasPrefix("lapack_c") ? "c64" : "c128"
        let lines = text.split(separator: "\n").map(String.init)
        let values = isComplex ? "w:\(type)[3]" : "w:\(type)[3] wi:\(type)[3]"
        let body = lines.dropFirst().dropLast().joined(separator: "\n").split(separator: "RESULTS", omittingEmptySubsequences: false).joined(separator: values)
        let names = lines.last!.split(whereSeparator: { "(), in}".contains($0) }).map { $0 == "RESULTS" ? (isComplex ? "w" : "w wi") : String($0) }
        return rebuilt(body, names.joined(separator: " "))
    }

    func returning(_ names: String) -> Sample { rebuilt(text.split(separator: "\n").dropFirst().dropLast().joined(separator: "\n"), names) }

    private func rebuilt(_ body: String, _ results: String) -> Sample {
        let head = text.split(separator: "\n")[0]
        let parameters = head.dropFirst("main = { lambda ; ".count).dropLast(". let".count)
        var copy = Sample(operation, form, String(parameters), body, results)
        (copy.domains, copy.modes, copy.isExact) = (domains, modes, isExact)
        return copy
    }
}
