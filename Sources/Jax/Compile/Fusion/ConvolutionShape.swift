// What the kernels of a convolution have to know of it: sizes, distances in memory, and windows in which every dimension is plain.
//
// An input with zeros between its elements, as gradients of convolutions with strides have it, is seen from the window: every so many
// positions the same elements of the window lie on elements of the input. Each of these phases is a convolution of its own, by some of the
// window's elements, of an input without zeros.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

/// A spatial dimension.
struct ConvolutionWindow {
    /// Elements of the input, of the window, and positions of the window.
    let size, window, outputs: Int
    /// Of one phase: positions and elements of the window.
    var positions, taps: Int
    /// How far apart: positions; elements of the window; elements of the input, with zeros between.
    var stride, tapDistance, inputDistance: Int
    /// Zeros in front of the input; less than 0, what is left out of it.
    var low: Int
    var phases = 1
    /// The first phase's first element of the window.
    var shift = 0
    let isReversed: Bool
    /// Distances in memory.
    let inputStride, kernelStride, resultStride: Int

    init(size: Int, window: Int, outputs: Int, stride: Int, tapDistance: Int, inputDistance: Int, low: Int, isReversed: Bool,
         inputStride: Int, kernelStride: Int, resultStride: Int) {
        (self.size, self.window, self.outputs, self.isReversed, self.low) = (size, window, outputs, isReversed, low)
        self.stride = outputs == 1 ? 1 : stride
        self.tapDistance = window == 1 ? 1 : tapDistance
        self.inputDistance = size == 1 ? 1 : inputDistance
        (self.inputStride, self.kernelStride, self.resultStride) = (inputStride, kernelStride, resultStride)
        (positions, taps) = (outputs, window)
    }

    /// The same in phases, where it can be: at position q·phases + p, element shift − p + j·phases of the window lies on the input's
    /// element q + j − low.
    mutating func separatePhases() {
        guard inputDistance > 1, stride == 1, tapDistance == 1 else { return }
        phases = inputDistance
        shift = modulo(low, phases)
        low = (low - shift) / phases
        inputDistance = 1
        taps = max(0, window + phases - 2 - shift) / phases + 1
        positions = (outputs + phases - 1) / phases
    }

    /// Places of the padded input that windows look at.
    var extent: Int { (positions - 1) * stride + (taps - 1) * tapDistance + 1 }

    var isPadded: Bool { low != 0 || inputDistance != 1 || extent > size }

    /// The elements that are in the padded input, every so many places from `place` on, of which there are `extent`.
    func copied(from place: Int, every: Int, extent: Int, target: Int) -> (dimension: CopiedDimension, from: Int) {
        let low = low - place
        if every > 1 {
            let first = max(0, ceiling(low, every)), end = size + low <= 0 ? 0 : min(extent, (size - 1 + low) / every + 1)
            if end <= first { return (CopiedDimension(0, source: 0, target: target, extent: extent), 0) }
            return (CopiedDimension(end - first, source: every * inputStride, target: target, first: first, extent: extent),
                    (every * first - low) * inputStride)
        }
        let first = max(0, ceiling(-low, inputDistance)), end = extent <= low ? 0 : min(size, ceiling(extent - low, inputDistance))
        if end <= first { return (CopiedDimension(0, source: 0, target: target, extent: extent), 0) }
        return (CopiedDimension(end - first, source: inputStride, target: target, first: low + first * inputDistance, step: inputDistance,
                                extent: extent), first * inputStride)
    }

    /// Elements of the window that lie at equal distances in a phase: `count` from number `tap` of phase `phase` on.
    struct Piece { var from, stride, count, phase, tap: Int }

    var pieces: [Piece] {
        let step = isReversed ? -kernelStride : kernelStride, start = isReversed ? (window - 1) * kernelStride : 0
        return (0..<min(phases, window)).map { element in
            let phase = modulo(shift - element, phases)
            return Piece(from: start + element * step, stride: phases * step, count: (window - element + phases - 1) / phases, phase: phase,
                         tap: (element - shift + phase) / phases)
        }
    }
}

struct ConvolutionShape {
    let input, kernel, result: ElementType
    let inputCount, kernelCount, resultCount: Int
    /// Groups, and of each: batch, input features, output features.
    let groups, features, outputs: Int
    var batch: Int
    var windows: [ConvolutionWindow]
    /// Distances in memory.
    let inputGroup, inputBatch, inputFeature: Int
    let kernelGroup, kernelOutput, kernelFeature: Int
    let resultGroup, resultBatch, resultOutput: Int

    /// Nil for numbers other than floats that one kind of lanes computes with.
    init?(_ operation: Operation, _ function: Function) {
        let p = operation.parameters(ConvolutionParameters.self)
        guard let a = function.type(of: operation.operands[0]).tensor, let b = function.type(of: operation.operands[1]).tensor,
              let c = function.type(of: operation.results[0]).tensor, a.dtype.isFloat, b.dtype.isFloat, c.dtype.isFloat,
              let input = a.dtype.laneElement, let kernel = b.dtype.laneElement, let result = c.dtype.laneElement,
              input.lane == kernel.lane, kernel.lane == result.lane,
              a.elementCount > 0, b.elementCount > 0, c.elementCount > 0 else { return nil }
        let from = a.strides, by = b.strides, to = c.strides
        (self.input, self.kernel, self.result) = (input, kernel, result)
        (inputCount, kernelCount, resultCount) = (a.elementCount, b.elementCount, c.elementCount)
        groups = p.featureGroups * p.batchGroups
        batch = c.shape[p.outputBatch]
        features = b.shape[p.kernelInput]
        outputs = b.shape[p.kernelOutput] / groups
        (inputBatch, inputFeature) = (from[p.inputBatch], from[p.inputFeature])
        (kernelOutput, kernelFeature) = (by[p.kernelOutput], by[p.kernelInput])
        (resultBatch, resultOutput) = (to[p.outputBatch], to[p.outputFeature])
        inputGroup = p.featureGroups > 1 ? features * inputFeature : batch * inputBatch
        kernelGroup = outputs * kernelOutput
        resultGroup = outputs * resultOutput
        windows = []
        for k in p.inputSpatial.indices {
            windows.append(ConvolutionWindow(
                size: a.shape[p.inputSpatial[k]], window: b.shape[p.kernelSpatial[k]], outputs: c.shape[p.outputSpatial[k]],
                stride: p.strides[k], tapDistance: p.kernelDilation[k], inputDistance: p.inputDilation[k], low: p.padding[2 * k],
                isReversed: p.reversal[k], inputStride: from[p.inputSpatial[k]], kernelStride: by[p.kernelSpatial[k]],
                resultStride: to[p.outputSpatial[k]]))
        }
        // Each phase's part of the window is packed by code of its own.
        let pieces = windows.reduce(1) { $0 * ($1.stride == 1 && $1.tapDistance == 1 ? min($1.inputDistance, $1.window) : 1) }
        if pieces <= 16 { for k in windows.indices { windows[k].separatePhases() } }
    }

    var positions: Int { windows.reduce(1) { $0 * $1.positions } }
    var phases: Int { windows.reduce(1) { $0 * $1.phases } }
    var taps: Int { windows.reduce(1) { $0 * $1.taps } }

    /// Elements of the padded input; nil where that is much more than there is to read and to write.
    var paddedCount: Int? {
        var count = groups * batch * features
        for window in windows {
            let (product, overflow) = count.multipliedReportingOverflow(by: window.extent)
            if overflow || product > 8 * (inputCount + resultCount) + 1 << 20 { return nil }
            count = product
        }
        return count
    }
}

private func modulo(_ a: Int, _ b: Int) -> Int { (a % b + b) % b }
private func ceiling(_ a: Int, _ b: Int) -> Int { a > 0 ? (a + b - 1) / b : -(-a / b) }
