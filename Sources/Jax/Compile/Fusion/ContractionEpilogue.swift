// What is computed of a contraction's elements while its sums are still in registers: an addition of what is there already, a bias, an
// optimiser's step. The result of the contraction itself is never stored.
import JaxIR
import JaxOps
import Loops

/// A contraction and what is computed of it element by element, as one region.
struct ContractionEpilogue {
    let region: Region
    let function: Function
    /// The contraction, an operation of the region.
    let contraction: Operation
    /// The parameters that are asked for beside the contraction's own operands, by their places.
    let parameters: [Int]

    var value: ValueID { contraction.results[0] }

    /// Operations of a few instructions: others are better computed when the sums' registers are free.
    private static func isShort(_ code: OpCode) -> Bool {
        switch code {
        case .add, .subtract, .multiply, .divide, .maximum, .minimum, .negate, .abs, .sqrt, .compare, .select, .and, .or, .not, .convert:
            return true
        default: return false
        }
    }

    private static let mostOperations = 16, longestSum = 512

    /// Nil where the region is not of this kind.
    init?(_ region: Region, _ contraction: Operation, _ function: Function) {
        self.region = region
        self.function = function
        self.contraction = contraction
        guard let type = function.type(of: contraction.results[0]).tensor, let element = type.dtype.laneElement,
              element == element.lane.naturalElement, type.elementCount > 1,
              let left = function.type(of: contraction.operands[0]).tensor, left.dtype == type.dtype else { return nil }
        let axes = contraction.parameters(DotParameters.self).dimensions.lhsContracting
        guard axes.reduce(1, { $0 * left.shape[$1] }) <= ContractionEpilogue.longestSum else { return nil }
        for result in region.results where function.type(of: result).tensor?.shape != type.shape { return nil }
        var count = 0
        var needed: Set<ValueID> = []
        for operation in region.operations where operation !== contraction {
            needed.formUnion(operation.operands)
            let isAsked = operation.operands.contains(contraction.results[0])
            if opDefinition(operation)?.lanes != nil {
                guard ContractionEpilogue.isShort(operation.code) else { return nil }
                count += 1
                // Whatever the contraction goes through is computed where its elements are.
                if isAsked && function.type(of: operation.results[0]).tensor?.shape != type.shape { return nil }
            } else if isAsked {
                return nil
            }
        }
        guard count > 0, count <= ContractionEpilogue.mostOperations else { return nil }
        parameters = region.parameters.indices.filter { needed.contains(region.parameters[$0]) }
    }

    /// For each result the parameters whose memory it may take: each of their elements is asked for once, where the result's is stored.
    func reusable() -> [[Int]] {
        region.results.map { result in
            guard let type = function.type(of: result).tensor else { return [] }
            return parameters.filter { place in
                let parameter = region.parameters[place]
                guard let candidate = function.type(of: parameter).tensor, candidate.shape == type.shape,
                      candidate.dtype.byteWidth == type.dtype.byteWidth else { return false }
                return staysInPlace(parameter, type.shape)
            }
        }
    }

    /// Whether everything that is computed of `value` is computed element by element, and nothing moves on the way, as in a transposition of a
    /// square.
    private func staysInPlace(_ value: ValueID, _ shape: [Int]) -> Bool {
        var dependents: Set<ValueID> = [value]
        for operation in region.operations where operation.operands.contains(where: { dependents.contains($0) }) {
            guard operation !== contraction, opDefinition(operation)?.lanes != nil,
                  function.type(of: operation.results[0]).tensor?.shape == shape else { return false }
            dependents.formUnion(operation.results)
        }
        return true
    }
}

/// Where sums go: into the result, or through the epilogue.
struct ContractionOutput {
    private let builder: KernelBuilder
    /// The buffers for results.
    private(set) var buffers: [BufferID] = []
    /// The numbers of all its buffers.
    private(set) var numbers: [Int] = []
    private var region: KernelLowering?
    private let value: ValueID?
    private(set) var hasFailed = false

    /// Without an epilogue the buffer of the result, of `count` elements.
    init(_ epilogue: ContractionEpilogue?, _ result: ElementType, count: Int, _ builder: KernelBuilder) {
        self.builder = builder
        value = epilogue?.value
        guard let epilogue else {
            buffers = [builder.buffer(result, count: count, isWritten: true)]
            numbers = [2]
            return
        }
        func buffer(_ value: ValueID, isWritten: Bool) -> BufferID {
            guard let type = epilogue.function.type(of: value).tensor, let element = type.dtype.laneElement else {
                hasFailed = true
                return builder.buffer(.i8, count: 0, isWritten: isWritten)
            }
            return builder.buffer(element, count: type.elementCount, isWritten: isWritten)
        }
        var inputs: [ValueID: BufferID] = [:]
        for place in epilogue.parameters {
            inputs[epilogue.region.parameters[place]] = buffer(epilogue.region.parameters[place], isWritten: false)
            numbers.append(place)
        }
        for (place, result) in epilogue.region.results.enumerated() {
            buffers.append(buffer(result, isWritten: true))
            numbers.append(epilogue.region.parameters.count + place)
        }
        region = KernelLowering(epilogue.region, of: epilogue.function, in: builder, inputs)
    }

    mutating func store(_ sum: LaneValue, _ place: LoopIndex) {
        guard let value else {
            builder.store(sum, to: buffers[0], place)
            return
        }
        guard let results = region?.results(at: place, value, sum) else {
            hasFailed = true
            return
        }
        for (result, buffer) in zip(results, buffers) { builder.store(result, to: buffer, place) }
    }
}
