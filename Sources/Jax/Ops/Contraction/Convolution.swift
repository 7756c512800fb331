// convolution as matrix products: a row is one position of the window (its elements side by side, packed block by block), a
// column one output feature (`docs/spec.md`, convolution).
import JaxIR
import JaxPlatform

func convolutionFamily() -> [OpDefinition] {
    [
        OpDefinition(.convolution, ConvolutionParameters.self, infer: { view, parameters throws(JaxError) in
            [.tensor(try convolutionType(view, parameters))]
        }, tensor: evaluateConvolution).linear(.separately([0, 1])).transposedEach(transposedConvolution).batched(batchedConvolution),
    ]
}

private func evaluateConvolution(_ activation: Activation, _ dimensions: ConvolutionParameters,
                                 _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let input = try operands[0].asTensor(), kernel = try operands[1].asTensor()
    let type = try activation.resultTensorType()
    let windows = dimensions.windows(input: input.shape, kernel: kernel.shape)
    let reversal = dimensions.reversal
    let result = try Tensor(type)
    if result.elementCount == 0 { return result }
    switch contractionType(input.dtype, kernel.dtype, type.dtype) {
    case .f32: try convolve(Float.self, input, kernel, dimensions, windows, reversal, result)
    case .f64: try convolve(Double.self, input, kernel, dimensions, windows, reversal, result)
    default: try convolve(Int64.self, input, kernel, dimensions, windows, reversal, result)
    }
    return result
}

/// Where the rows of a convolution's left matrix lie in the input. Strides are in scalars: two a complex element.
private struct WindowRows {
    let windows: [Window]
    /// Sizes of the output's spatial dimensions.
    let positions: [Int]
    let spatialStrides: [Int]
    let batchStride: Int
    let featureStride: Int
    /// Input features of one group, and scalars of an element.
    let features: Int
    let parts: Int

    /// Scalars a row holds for one element of the window.
    var depthPerElement: Int { features * parts }

    /// Packs rows as `RowPacker` asks. `base` is where the group's first element lies.
    func pack<S: ContractionScalar>(_ source: UnsafePointer<S>, base: Int,
                                    _ rows: Range<Int>, _ depth: Range<Int>, _ packed: UnsafeMutablePointer<S>) {
        let perElement = depthPerElement
        let firstElement = depth.lowerBound / perElement, endElement = (depth.upperBound + perElement - 1) / perElement
        var position = [Int](repeating: 0, count: windows.count), element = position
        var first = rows.lowerBound
        var panel = packed
        while first < rows.upperBound {
            for lane in 0..<tileRows {
                let row = first + lane
                var target = panel + lane
                if row >= rows.upperBound {
                    for _ in depth {
                        target.pointee = S.zero
                        target += tileRows
                    }
                    continue
                }
                var rest = row
                for axis in (0..<windows.count).reversed() {
                    position[axis] = rest % positions[axis]
                    rest /= positions[axis]
                }
                let start = base + rest * batchStride
                for w in firstElement..<endElement {
                    // The part of this element's scalars that lies in `depth`.
                    let lower = max(depth.lowerBound - w * perElement, 0), upper = min(depth.upperBound - w * perElement, perElement)
                    var offset = start
                    var left = w
                    var isInside = true
                    for axis in (0..<windows.count).reversed() {
                        element[axis] = left % windows[axis].window
                        left /= windows[axis].window
                        let index = windows[axis].index(position[axis], element[axis])
                        if index < 0 {
                            isInside = false
                            break
                        }
                        offset += index * spatialStrides[axis]
                    }
                    if !isInside {
                        for _ in lower..<upper {
                            target.pointee = S.zero
                            target += tileRows
                        }
                    } else if parts == 1 {
                        var from = source + offset + lower * featureStride
                        for _ in lower..<upper {
                            target.pointee = from.pointee
                            target += tileRows
                            from += featureStride
                        }
                    } else {
                        for k in lower..<upper {
                            target.pointee = source[offset + k / 2 * featureStride + k % 2]
                            target += tileRows
                        }
                    }
                }
            }
            panel += tileRows * depth.count
            first += tileRows
        }
    }
}

private func convolve<S: ContractionScalar>(_ scalar: S.Type, _ input: Tensor, _ kernel: Tensor, _ d: ConvolutionParameters,
                                            _ windows: [Window], _ reversal: [Bool], _ result: Tensor) throws(JaxError) {
    let left = try ContractionOperand<S>(input)
    defer { left.free() }
    let right = try ContractionOperand<S>(kernel)
    defer { right.free() }
    let move = try resultMove(from: S.self, to: result.dtype)
    let parts = result.dtype.wideWords
    let inputStrides = input.type.strides, kernelStrides = kernel.type.strides, outputStrides = result.type.strides
    let groups = d.featureGroups * d.batchGroups
    let features = kernel.shape[d.kernelInput]
    let outputs = kernel.shape[d.kernelOutput] / groups

    var positions: [Int] = [], spatialStrides: [Int] = []
    for (k, window) in windows.enumerated() {
        positions.append(window.outputSize)
        spatialStrides.append(inputStrides[d.inputSpatial[k]] * parts)
    }
    let rows = WindowRows(windows: windows, positions: positions, spatialStrides: spatialStrides,
                          batchStride: inputStrides[d.inputBatch] * parts,
                          featureStride: inputStrides[d.inputFeature] * parts, features: features, parts: parts)
    let batch = result.shape[d.outputBatch]
    let rowCount = try product(positions) * batch

    // The kernel as a matrix: elements of the window, then input features, by output features of one group.
    var depthOffsets = [0]
    for (k, window) in windows.enumerated() {
        var next: [Int] = []
        for base in depthOffsets {
            for w in 0..<window.window {
                next.append(base + (reversal[k] ? window.window - 1 - w : w) * kernelStrides[d.kernelSpatial[k]] * parts)
            }
        }
        depthOffsets = next
    }
    var all: [Int] = []
    all.reserveCapacity(depthOffsets.count * features)
    for base in depthOffsets {
        for f in 0..<features { all.append(base + f * kernelStrides[d.kernelInput] * parts) }
    }
    depthOffsets = all
    var columnOffsets: [Int] = []
    for o in 0..<outputs { columnOffsets.append(o * kernelStrides[d.kernelOutput] * parts) }

    let columns = try PackedColumns<S>(depth: depthOffsets.count * parts, columns: outputs * parts, isFused: parts == 1)
    defer { columns.free() }
    for group in 0..<groups {
        let kernelBase = group * outputs * kernelStrides[d.kernelOutput] * parts
        if parts == 2 {
            columns.packComplex(right.elements + kernelBase, depthOffsets, columnOffsets)
        } else {
            columns.pack(right.elements + kernelBase, depthOffsets, columnOffsets)
        }
        let inputBase = d.featureGroups > 1 ? group * features * inputStrides[d.inputFeature] * parts
            : group * batch * inputStrides[d.inputBatch] * parts
        let outputBase = group * outputs * outputStrides[d.outputFeature]
        try multiplyInParallel(rowCount: rowCount, columns, { range, depth, packed in
            rows.pack(left.elements, base: inputBase, range, depth, packed)
        }, { range, finished, rowStride in
            for row in range {
                var rest = row, offset = outputBase
                for axis in (0..<positions.count).reversed() {
                    offset += rest % positions[axis] * outputStrides[d.outputSpatial[axis]]
                    rest /= positions[axis]
                }
                offset += rest * outputStrides[d.outputBatch]
                move.store(finished + (row - range.lowerBound) * rowStride,
                           count: outputs, to: result.bytes + offset * result.dtype.byteWidth,
                           stride: outputStrides[d.outputFeature])
            }
        })
    }
}
