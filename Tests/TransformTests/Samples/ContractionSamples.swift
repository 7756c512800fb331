// dot_general and convolution.
private func dot(_ form: String, _ a: String, _ b: String, _ contracting: (String, String), batching: (String, String) = ("()", "()"),
                 _ type: String = "f64") -> Sample {
    Sample("dot_general", form, "a:\(type)[\(a)] b:\(type)[\(b)]",
           "y = dot_general[lhs_batching_dimensions=\(batching.0) rhs_batching_dimensions=\(batching.1) "
        + "lhs_contracting_dimensions=\(contracting.0) rhs_contracting_dimensions=\(contracting.1) preferred_element_type=\(type)[]] a b").rounded
}

private struct Layout {
    var input = "0 1 2 3", kernel = "1 0 2 3", output = "0 1 2 3"

    /// Batch, feature (of a kernel input, output), then spatial dimensions.
    func text() -> String {
        func parts(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
        let i = parts(input), k = parts(kernel), o = parts(output)
        func spatial(_ list: [String]) -> String { "(" + list.dropFirst(2).map { $0 + "," }.joined(separator: " ") + ")" }
        return "input_batch_dimension=\(i[0]) input_feature_dimension=\(i[1]) input_spatial_dimensions=\(spatial(i)) "
            + "kernel_input_feature_dimension=\(k[0]) kernel_output_feature_dimension=\(k[1]) kernel_spatial_dimensions=\(spatial(k)) "
            + "output_batch_dimension=\(o[0]) output_feature_dimension=\(o[1]) output_spatial_dimensions=\(spatial(o))"
    }
}

private let line = Layout(input: "0 1 2", kernel: "1 0 2", output: "0 1 2")

private func convolution(_ form: String, _ input: String, _ kernel: String, _ layout: Layout, _ parameters: String = "",
                         _ type: String = "f64") -> Sample {
    Sample("convolution", form, "x:\(type)[\(input)] k:\(type)[\(kernel)]",
           "y = convolution[\(layout.text()) \(parameters) preferred_element_type=\(type)[]] x k").rounded
}

let contractionSamples: [Sample] = [
    dot("matrices", "2,3", "3,4", ("(1,)", "(0,)")), dot("vectors", "3", "3", ("(0,)", "(0,)")), dot("outer product", "2", "3", ("()", "()")),
    dot("transposed", "3,2", "4,3", ("(0,)", "(1,)")), dot("batch", "2,3,4", "2,4,2", ("(2,)", "(1,)"), batching: ("(0,)", "(0,)")),
    dot("batch in the middle, two contractions", "4,2,3,5", "5,3,2,2", ("(0, 3)", "(2, 0)"), batching: ("(2,)", "(1,)")).shaped("4,2,3,5", "5,3,4,2"),
    dot("two batches in another order", "2,3,4", "3,4,2", ("(2,)", "(1,)"), batching: ("(0, 1)", "(2, 0)")),
    dot("complex", "2,3", "3,2", ("(1,)", "(0,)"), "c128"), dot("of nothing", "2,0", "0,3", ("(1,)", "(0,)")),
    dot("integers", "2,3", "3,2", ("(1,)", "(0,)"), "i32").with([:], .none),
    convolution("plain", "2,3,6", "4,3,3", line), convolution("two dimensions", "1,2,5,4", "3,2,2,3", Layout()),
    convolution("channels last", "2,5,4,3", "2,3,3,2", Layout(input: "0 3 1 2", kernel: "2 3 0 1", output: "0 3 1 2"), "padding=(0, 1, 1, 1)"),
    convolution("strided and padded", "1,2,7,6", "2,2,3,2", Layout(), "window_strides=(2, 3) padding=(1, 1, 0, 2)"),
    convolution("input dilated", "1,2,4", "2,2,3", line, "lhs_dilation=(2,) padding=(2, 1)"),
    convolution("kernel dilated", "1,2,8", "2,2,3", line, "rhs_dilation=(2,)"),
    convolution("everything dilated", "1,1,5", "2,1,2", line, "lhs_dilation=(3,) rhs_dilation=(2,) window_strides=(2,) padding=(1, 2)"),
    convolution("reversed", "1,2,6", "2,2,3", line, "window_reversal=(True,)"),
    convolution("negative padding", "1,2,8", "2,2,3", line, "padding=(-1, -2)"),
    convolution("grouped", "2,4,5", "6,2,3", line, "feature_group_count=2"),
    convolution("depthwise, strided", "1,3,7", "6,1,3", line, "feature_group_count=3 window_strides=(2,) padding=(1, 0)"),
    convolution("grouped batch", "4,2,5", "6,2,3", line, "batch_group_count=2"),
    convolution("grouped batch, strided", "6,2,6", "3,2,2", line, "batch_group_count=3 window_strides=(2,)"),
    convolution("complex", "1,2,4", "2,2,2", line, "", "c128"),
    convolution("without space", "2,3", "4,3", Layout(input: "0 1", kernel: "1 0", output: "0 1")),
]

private extension Sample {
    /// The same with operands of these shapes.
    func shaped(_ a: String, _ b: String) -> Sample {
        let body = text.split(separator: "\n", omittingEmptySubsequences: false)[1]
        return Sample(operation, form, "a:f64[\(a)] b:f64[\(b)]", String(body)).rounded
    }
}
