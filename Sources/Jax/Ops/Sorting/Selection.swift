// The first few elements of contiguous rows in the order of one key, equal ones as they stand: one pass over the row, which is read where
// it lies. Nothing is kept but those found so far, as a heap with the last of them at its root, which each better one replaces.
import JaxIR
import JaxPlatform

struct RowSelection {
    let dtype: DType
    let key: SortKey
    let count: Int
    private let scratch: Scratch
    /// Of those found so far: keys, and places in the row.
    private let keys: UnsafeMutablePointer<Int64>, places: UnsafeMutablePointer<Int32>
    private let block: Words

    private static let blockLength = 256

    /// To be freed.
    init(_ dtype: DType, _ key: SortKey, count: Int) throws(JaxError) {
        self.dtype = dtype
        self.key = key
        self.count = count
        scratch = try Scratch(byteCount: 8 * RowSelection.blockLength + 12 * count)
        block = scratch.bytes.assumingMemoryBound(to: UInt64.self)
        keys = (scratch.bytes + 8 * RowSelection.blockLength).assumingMemoryBound(to: Int64.self)
        places = (scratch.bytes + 8 * RowSelection.blockLength + 8 * count).assumingMemoryBound(to: Int32.self)
    }

    func free() { scratch.free() }

    /// The places of the first `count` elements of a row of `length`, in order.
    func run(_ row: UnsafeRawPointer, length: Int) throws(JaxError) -> UnsafePointer<Int32> {
        var filled = 0
        for start in stride(from: 0, to: length, by: RowSelection.blockLength) {
            if start & 0xFFFF == 0 { try checkpoint() }
            let number = min(RowSelection.blockLength, length - start), source = row + start * dtype.byteWidth
            if filled == count, !mayHoldBetter(source, number, than: row) { continue }
            loadWide(dtype, source, count: number, into: block)
            key.makeKeys(dtype, block, number)
            for index in 0..<number {
                let place = Int32(truncatingIfNeeded: start + index)
                if filled < count {
                    keys[filled] = block.integers[index]
                    places[filled] = place
                    filled += 1
                    if filled == count { for root in stride(from: count / 2 - 1, through: 0, by: -1) { sink(root, count) } }
                } else if block.integers[index] < keys[0] {
                    // One with the same key as the last would stand behind it.
                    keys[0] = block.integers[index]
                    places[0] = place
                    sink(0, count)
                }
            }
        }
        for end in stride(from: count - 1, to: 0, by: -1) {
            swapEntries(0, end)
            sink(0, end)
        }
        return UnsafePointer(places)
    }

    /// A quick look at elements of 32 bits, as integers that order as they do: false where none precedes the last one found so far.
    private func mayHoldBetter(_ source: UnsafeRawPointer, _ number: Int, than row: UnsafeRawPointer) -> Bool {
        guard dtype.bitWidth == 32, !key.mergesZeros, !key.mergesNaNs else { return true }
        let lanes = 16, magnitude = SIMD16<Int32>(repeating: dtype.isFloat ? Int32.max : 0)
        let flip = SIMD16<Int32>(repeating: (dtype.kind == .unsigned ? Int32.min : 0) ^ (key.isDescending ? -1 : 0))
        @inline(__always) func ordered(_ bits: SIMD16<Int32>) -> SIMD16<Int32> { bits ^ (bits &>> 31 & magnitude) ^ flip }
        let last = ordered(SIMD16(repeating: row.loadUnaligned(fromByteOffset: 4 * Int(places[0]), as: Int32.self)))
        var index = 0
        while index + lanes <= number {
            if any(ordered(source.loadUnaligned(fromByteOffset: 4 * index, as: SIMD16<Int32>.self)) .< last) { return true }
            index += lanes
        }
        return index < number
    }

    /// Whether entry a stands before entry b.
    @inline(__always)
    private func precedes(_ a: Int, _ b: Int) -> Bool { keys[a] != keys[b] ? keys[a] < keys[b] : places[a] < places[b] }

    private func swapEntries(_ a: Int, _ b: Int) {
        (keys[a], keys[b]) = (keys[b], keys[a])
        (places[a], places[b]) = (places[b], places[a])
    }

    private func sink(_ start: Int, _ end: Int) {
        var place = start
        while true {
            var child = 2 * place + 1
            if child >= end { return }
            if child + 1 < end, precedes(child, child + 1) { child += 1 }
            if !precedes(place, child) { return }
            swapEntries(place, child)
            place = child
        }
    }
}

/// The first `count` elements of each row of the last dimension in the key's order, and their places.
func firstOfRows(_ operand: Tensor, _ key: SortKey, count: Int, into results: [Tensor]) throws(JaxError) {
    let length = operand.shape[operand.type.rank - 1], width = operand.dtype.byteWidth
    let rows = length == 0 ? 0 : operand.elementCount / length
    if rows == 0 || count == 0 { return }
    let parts = partCount(rows, work: operand.elementCount)
    var selections: [RowSelection] = []
    defer { for selection in selections { selection.free() } }
    for _ in 0..<parts { selections.append(try RowSelection(operand.dtype, key, count: count)) }
    let values = results[0].bytes, indices = results[1].elements(as: Int32.self)
    try inParallel(rows, parts: parts) { (part, range) throws(JaxError) in
        for row in range {
            let source = operand.bytes + row * length * width
            let places = try selections[part].run(source, length: length)
            for index in 0..<count {
                indices[row * count + index] = places[index]
                (values + (row * count + index) * width).copyMemory(from: source + Int(places[index]) * width, byteCount: width)
            }
        }
    }
}
