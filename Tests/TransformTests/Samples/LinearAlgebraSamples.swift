// fft, cholesky, triangular_solve and the linear algebra that programs for accelerators call by name.
private func fourier(_ kind: String, _ lengths: String, _ type: String) -> Sample {
    Sample("fft", "\(kind) of \(type)", "x:\(type)", "y = fft[fft_type=\(kind) fft_length=\(lengths)] x").rounded
}

private func solve(_ form: String, _ type: String = "f64", left: Bool = true, lower: Bool = true, unit: Bool = false,
                   _ transposition: String = "NO_TRANSPOSE") -> Sample {
    Sample("triangular_solve", form, "a:\(type)[2,3,3] b:\(type)[2,\(left ? "3,2" : "2,3")]",
           "y = triangular_solve[left_side=\(left ? "True" : "False") "
        + "lower=\(lower ? "True" : "False") unit_diagonal=\(unit ? "True" : "False") transpose_a=\(transposition)] a b").with([0: .regular]).rounded
}

private func device(_ target: String, _ form: String, _ parameters: String, _ call: String, _ results: String,
                    _ domains: [Int: Domain] = [:]) -> Sample {
    Sample(target, form, parameters, call.split(separator: "$").joined(separator: "custom_call[call_target_name='\(target)']"),
           results).with(domains).rounded
}

let linearAlgebraSamples: [Sample] = [
    fourier("FFT", "(5,)", "c128[2,5]"), fourier("IFFT", "(2, 3)", "c128[2,3]"), fourier("RFFT", "(6,)", "f64[2,6]"),
    fourier("RFFT", "(5,)", "f64[5]"),
    fourier("IRFFT", "(6,)", "c128[2,4]"), fourier("IRFFT", "(5,)", "c128[3]"), fourier("RFFT", "(2, 4)", "f64[2,4]"),
    fourier("IRFFT", "(2, 4)", "c128[2,3]"),
    Sample("cholesky", "lower", "a:f64[3,3]", "y = cholesky[lower=True] b").with([0: .positive]).rounded.symmetrised("f64"),
    Sample("cholesky", "upper", "a:f64[3,3]", "y = cholesky[lower=False] b").with([0: .positive]).rounded.symmetrised("f64"),
    Sample("cholesky", "complex", "a:c128[3,3]", "y = cholesky[lower=True] b").with([0: .positive]).rounded.symmetrised("c128"),
    solve("left, lower"), solve("left, upper", lower: false), solve("right, lower", left: false),
    solve("right, upper, transposed", left: false, lower: false, "TRANSPOSE"),
    solve("left, lower, unit", unit: true), solve("left, lower, transposed", "f64", "TRANSPOSE"), solve("complex", "c128"),
    solve("complex, adjoint", "c128", "ADJOINT"), solve("complex, right, transposed", "c128", left: false, "TRANSPOSE"),
    device("Qr", "", "a:f64[4,3]", "q:f64[4,3] t:f64[3] = $ a", "q t", [0: .regular]),
    device("ProductOfElementaryHouseholderReflectors", "", "a:f64[4,3]", """
        q:f64[4,3] t:f64[3] = custom_call[call_target_name='Qr'] a
        y:f64[4,3] = $ q t
        """, "y", [0: .regular]),
    device("LuDecomposition", "", "a:f64[3,3]", "y:f64[3,3] p:i32[3] n:i32[3] = $ a", "y p n", [0: .regular]),
    device("LuDecomposition", "wide", "a:f64[2,4]", "y:f64[2,4] p:i32[2] n:i32[2] = $ a", "y p n"),
    device("Eigh", "", "a:f64[3,3]", "v:f64[3,3] w:f64[3] = $ b", "v w", [0: .positive]).symmetrised("f64"),
    expectation("check.expect_eq"), expectation("check.expect_close"), expectation("check.expect_almost_eq"),
]

private func expectation(_ target: String) -> Sample {
    Sample(target, "", "x:f64[3] z:f64[3]", "custom_call[call_target_name='\(target)' has_side_effect=True] x x\ny = multiply x z")
}

extension Sample {
    /// With the hermitian part of the first operand under the name `b`.
    func symmetrised(_ type: String) -> Sample {
        let lines = text.split(separator: "\n"), isComplex = type.hasPrefix("c")
        let conjugation = "re = real turned\nim = imag turned\nminus = negate im\nadjoint = complex re minus\n"
        let head = """
            turned = transpose[permutation=(1, 0)] a
            \(isComplex ? conjugation : "")sum = add a \(isComplex ? "adjoint" : "turned")
            half:\(type)[3,3] = constant[\(isComplex ? "(0.5+0.0j)" : "0.5") everywhere]
            b = multiply sum half
            """
        var copy = Sample(operation, form, "a:\(type)[3,3]", head + "\n" + lines.dropFirst().dropLast().joined(separator: "\n"),
                          lines.last!.split(whereSeparator: { "(), in}".contains($0) }).joined(separator: " "))
        (copy.domains, copy.modes, copy.isExact) = (domains, modes, isExact)
        return copy
    }
}
