// Orders of rows whose elements compare as integer keys do: by digits, in time linear in the row's length, and the first few by a heap.
import JaxPlatform

/// The keys of a row, columns of `length` each, the first the most significant.
struct RowKeys {
    let columns: [UnsafePointer<Int64>]
    let length: Int

    /// Whether element a stands before element b; of equal ones the first does.
    @inline(__always)
    private func precedes(_ a: Int32, _ b: Int32) -> Bool {
        for column in columns {
            let x = column[Int(a)], y = column[Int(b)]
            if x != y { return x < y }
        }
        return a < b
    }

    /// The stable permutation that sorts the row, in `indices` or `other`: least significant digits first, eight bits at a time. Digits
    /// that all elements share cost a look only.
    func sorted(_ indices: UnsafeMutablePointer<Int32>, _ other: UnsafeMutablePointer<Int32>) throws(JaxError) -> UnsafePointer<Int32> {
        var from = indices, to = other
        for index in 0..<length { from[index] = Int32(truncatingIfNeeded: index) }
        for column in columns.reversed() {
            var all: UInt64 = 0
            let first = UInt64(bitPattern: column[0])
            for index in 0..<length { all |= UInt64(bitPattern: column[index]) ^ first }
            for digit in 0..<8 where all >> UInt64(8 * digit) & 0xFF != 0 {
                try checkpoint()
                distribute(column, digit, from, to)
                swap(&from, &to)
            }
        }
        return UnsafePointer(from)
    }

    /// One pass: elements in the order of a digit, those with the same digit as they were.
    private func distribute(_ column: UnsafePointer<Int64>, _ digit: Int, _ from: UnsafePointer<Int32>, _ to: UnsafeMutablePointer<Int32>) {
        // The sign counts as the opposite of what it says.
        let shift = UInt64(8 * digit), flip: UInt64 = digit == 7 ? 0x80 : 0
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { starts in
            starts.initialize(repeating: 0)
            for index in 0..<length { starts[Int((UInt64(bitPattern: column[index]) >> shift & 0xFF) ^ flip)] += 1 }
            var sum: Int32 = 0
            for value in 0..<256 {
                let count = starts[value]
                starts[value] = sum
                sum += count
            }
            for index in 0..<length {
                let element = from[index]
                let value = Int((UInt64(bitPattern: column[Int(element)]) >> shift & 0xFF) ^ flip)
                to[Int(starts[value])] = element
                starts[value] += 1
            }
        }
    }

    /// The first `count` elements in order, in `heap`: a heap of those found so far with the last of them at its root, which each better
    /// element replaces.
    func first(_ count: Int, _ heap: UnsafeMutablePointer<Int32>) throws(JaxError) -> UnsafePointer<Int32> {
        for index in 0..<count { heap[index] = Int32(truncatingIfNeeded: index) }
        for place in stride(from: count / 2 - 1, through: 0, by: -1) { sink(heap, place, count) }
        // An element behind the root precedes it where its first key does, or where that is the same and a later one decides.
        let column = columns[0], isOnlyOne = columns.count == 1
        var last = column[Int(heap[0])]
        for index in count..<length {
            if index & 0xFFFF == 0 { try checkpoint() }
            if column[index] > last || isOnlyOne && column[index] == last { continue }
            let element = Int32(truncatingIfNeeded: index)
            if precedes(element, heap[0]) {
                heap[0] = element
                sink(heap, 0, count)
                last = column[Int(heap[0])]
            }
        }
        for end in stride(from: count - 1, to: 0, by: -1) {
            let last = heap[0]
            heap[0] = heap[end]
            heap[end] = last
            sink(heap, 0, end)
        }
        return UnsafePointer(heap)
    }

    private func sink(_ heap: UnsafeMutablePointer<Int32>, _ start: Int, _ count: Int) {
        var place = start
        let element = heap[place]
        while true {
            var child = 2 * place + 1
            if child >= count { break }
            if child + 1 < count, precedes(heap[child], heap[child + 1]) { child += 1 }
            if !precedes(element, heap[child]) { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = element
    }
}
