// The numbers by which a bytecode file refers to values: counted from the start of the nearest isolated region, region by
// region, each region's own values (parameters, then results, in order) in a range reserved when it begins.
import JaxIR
import JaxPlatform

struct ValueScope {
    private struct Range {
        var start: Int
        var reserved: Int
        var defined: [Int32]
    }
    private var ranges: [Range] = []

    /// Begins a region that defines `reserving` values directly. Throws `malformed` where their numbers do not fit.
    mutating func enter(reserving count: Int, _ position: Int) throws(JaxError) {
        let (start, overflow) = ranges.last.map { $0.start.addingReportingOverflow($0.reserved) } ?? (0, false)
        if overflow { throw JaxError(.malformed, "regions announce more values than can be numbered", offset: position) }
        ranges.append(Range(start: start, reserved: count, defined: []))
    }

    mutating func leave() { ranges.removeLast() }

    /// Gives `value` the next number of the innermost region.
    mutating func define(_ value: ValueID, _ position: Int) throws(JaxError) {
        guard let last = ranges.indices.last, ranges[last].defined.count < ranges[last].reserved else {
            throw JaxError(.malformed, "a region defines more values than it announced", offset: position)
        }
        ranges[last].defined.append(Int32(truncatingIfNeeded: value.index))
    }

    /// The value of a number, or nil where none is defined yet.
    func value(_ number: Int) -> ValueID? {
        for range in ranges.reversed() where number >= range.start {
            let index = number - range.start
            return index < range.defined.count ? ValueID(Int(range.defined[index])) : nil
        }
        return nil
    }
}
