// Operations that take several kernels: the sequence, and the memory between them.
import JaxOps
import JaxPlatform
import Loops

/// A buffer of a plan: its elements, and its number.
struct PlanBuffer {
    var element: ElementType
    var count: Int
    var number: Int
}

/// Kernels that follow each other. Their buffers are those of an operation, most of two operands and one result, then the temporaries.
struct KernelPlan {
    /// How many the operation has.
    var operationBuffers = 3
    private(set) var kernels: [(kernel: Kernel, buffers: [Int])] = []
    private(set) var temporaries: [(element: ElementType, count: Int)] = []

    /// The number of a further buffer.
    mutating func temporary(_ element: ElementType, _ count: Int) -> Int {
        temporaries.append((element, count))
        return operationBuffers + temporaries.count - 1
    }

    mutating func add(_ kernel: Kernel, _ buffers: [Int]) { kernels.append((kernel.scheduled(), buffers)) }

    /// Narrow numbers are widened once, not at each use: the buffer with a copy of `buffer` as numbers that lanes compute with.
    mutating func widened(_ buffer: Int, _ element: ElementType, _ count: Int, name: String) -> Int {
        let natural = element.lane.naturalElement
        let builder = KernelBuilder()
        let source = builder.buffer(element, count: count)
        let wide = builder.buffer(natural, count: count, isWritten: true)
        builder.loop(.vector, count: count) { place in
            var index = LoopIndex()
            index.add(place, stride: 1)
            builder.store(builder.load(source, index), to: wide, index)
        }
        let copy = temporary(natural, count)
        add(builder.finish(name: name + "_widen"), [buffer, copy])
        return copy
    }
}

extension KernelBuilder {
    /// Loops over sizes, the places as indices; the innermost may be a vector loop. A size of 1 has no loop.
    func over(_ sizes: [Int], vector: Bool = false, _ places: [LoopIndex] = [], _ body: ([LoopIndex]) -> Void) {
        guard places.count < sizes.count else { return body(places) }
        let size = sizes[places.count], isLast = places.count == sizes.count - 1
        if size == 1 { return over(sizes, vector: vector, places + [LoopIndex()], body) }
        loop(vector && isLast ? .vector : .serial, count: size) { variable in
            var index = LoopIndex()
            index.add(variable, stride: 1)
            over(sizes, vector: vector, places + [index], body)
        }
    }
}
