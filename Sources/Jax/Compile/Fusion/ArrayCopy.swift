// Copies of arrays into other layouts: dimensions in another order, some elements only, zeros in front of, between and behind them, and
// numbers of one width made those of another. The dimensions come as the loops over them are to be, the target's innermost last.
import Loops

/// One dimension of a copy.
struct CopiedDimension {
    /// Elements that are copied.
    var count: Int
    /// How far neighbours are apart: in the source; in the target, where `step` places may lie between two that are copied.
    var source: Int, target: Int
    /// The place of the first in the target, and from one to the next.
    var first = 0, step = 1
    /// All places in the target; those that nothing is copied to become 0.
    var extent: Int

    init(_ count: Int, source: Int, target: Int, first: Int = 0, step: Int = 1, extent: Int? = nil) {
        (self.count, self.source, self.target, self.first, self.step) = (count, source, target, first, step)
        self.extent = extent ?? count
    }

    /// Whether nothing but elements is in the target.
    var isWhole: Bool { count == extent && first == 0 && step == 1 }
}

struct ArrayCopy {
    var dimensions: [CopiedDimension]
    /// Where it begins.
    var from = 0, to = 0

    /// Whether what is stored side by side is loaded side by side, too: narrow elements cannot be gathered.
    var isContiguous: Bool { loops.last.map { $0.source == 1 || $0.count <= 1 || $0.target != 1 } ?? true }

    /// A kernel that makes the copies one after the other.
    static func kernel(_ copies: [ArrayCopy], _ source: PlanBuffer, _ target: PlanBuffer, name: String) -> Kernel {
        let builder = KernelBuilder()
        let input = builder.buffer(source.element, count: source.count)
        let output = builder.buffer(target.element, count: target.count, isWritten: true)
        let writer = CopyWriter(builder: builder, source: input, target: output, zero: builder.constant(target.element.lane, 0.0))
        for copy in copies { writer.copy(copy.loops[...], LoopIndex(copy.from), LoopIndex(copy.to)) }
        return builder.finish(name: name)
    }

    /// The dimensions that need loops. That in which the source's neighbours lie goes next to the innermost, so that the lines of the
    /// cache that are read for one element are read for the others soon.
    private var loops: [CopiedDimension] {
        var list = dimensions.filter { $0.count != 1 || $0.extent != 1 }
        guard let last = list.last, abs(last.source) > 1, last.count > 1,
              let nearest = list.indices.dropLast().filter({ list[$0].count > 1 && list[$0].source != 0 })
                .min(by: { abs(list[$0].source) < abs(list[$1].source) }),
              abs(list[nearest].source) < abs(last.source), list[nearest].isWhole else { return list }
        list.insert(list.remove(at: nearest), at: list.count - 1)
        return list
    }

    /// A kernel that makes all of a buffer 0.
    static func clearing(_ target: PlanBuffer, name: String) -> Kernel {
        let builder = KernelBuilder()
        let output = builder.buffer(target.element, count: target.count, isWritten: true)
        let zero = builder.constant(target.element.lane, 0.0)
        builder.over([target.count], vector: true) { place in builder.store(zero, to: output, place[0]) }
        return builder.finish(name: name)
    }
}

private struct CopyWriter {
    let builder: KernelBuilder
    let source, target: BufferID
    let zero: LaneValue

    func copy(_ dimensions: ArraySlice<CopiedDimension>, _ from: LoopIndex, _ to: LoopIndex) {
        guard let dimension = dimensions.first else { return builder.store(builder.load(source, from), to: target, to) }
        let inner = dimensions.dropFirst()

        /// `count` elements from the one with this number on, each with as many zeros behind it.
        func elements(_ number: Int, _ count: Int, zeros: Int) {
            builder.over([count], vector: inner.isEmpty && dimension.target == 1 && dimension.step == 1) { place in
                var source = from, target = to
                source.constant += number * dimension.source
                target.constant += (dimension.first + number * dimension.step) * dimension.target
                source.add(place[0], times: dimension.source)
                target.add(place[0], times: dimension.step * dimension.target)
                copy(inner, source, target)
                clear(dimension, inner, target, from: 1, zeros)
            }
        }

        clear(dimension, inner, to, from: 0, dimension.first)
        guard dimension.count > 0 else { return clear(dimension, inner, to, from: dimension.first, dimension.extent - dimension.first) }
        let between = dimension.step - 1
        if between == 0 {
            elements(0, dimension.count, zeros: 0)
        } else {
            if dimension.count > 1 { elements(0, dimension.count - 1, zeros: between) }
            elements(dimension.count - 1, 1, zeros: 0)
        }
        let end = dimension.first + (dimension.count - 1) * dimension.step + 1
        clear(dimension, inner, to, from: end, dimension.extent - end)
    }

    /// Zeros in so many places of a dimension. What is nearer in memory lies densely; what is farther may have its loop within, too, at the
    /// same distance if the dimension has one place.
    private func clear(_ dimension: CopiedDimension, _ inner: ArraySlice<CopiedDimension>, _ to: LoopIndex, from place: Int, _ count: Int) {
        guard count > 0 else { return }
        let farther = inner.filter { $0.target >= dimension.target }
        builder.over(farther.map { $0.extent } + [count * dimension.target], vector: true) { places in
            var index = to
            index.constant += place * dimension.target
            for (step, other) in zip(places, farther) { index.add(step, times: other.target) }
            index.add(places[farther.count], times: 1)
            builder.store(zero, to: target, index)
        }
    }
}
