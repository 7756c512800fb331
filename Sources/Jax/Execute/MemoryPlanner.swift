// Which values of a program lie in the same memory. Time is counted along the program as it is written down, region behind region;
// contents are needed over a span of it, their lifetime. Buffers are made one for each value; then those of which one takes over from
// the other are joined where no two lifetimes of theirs meet.
import JaxPlatform

/// Where a buffer's memory comes from.
enum BufferHome {
    /// It is planned.
    case planned
    /// The caller's: nobody writes to it, unless it is given away.
    case argument(Int)
    /// The program's.
    case constant(UnsafeMutableRawPointer)
}

struct PlannedBuffer {
    let byteCount: Int
    let home: BufferHome
    /// In the order of their starts. None meet, but where one follows another in place.
    fileprivate(set) var lifetimes: [Int] = []
    /// The buffer that this one was joined with.
    fileprivate var joined: Int?
}

/// From the step that writes contents to the last one that reads them, both included.
struct Lifetime {
    let buffer: Int
    let start: Int
    fileprivate(set) var end: Int
    /// How many loops are open where the contents are made: a use within a further one lasts until that is done.
    fileprivate let depth: Int
    /// The lifetimes in the same memory that may end when this one has started, and when they must have.
    fileprivate(set) var predecessors: [(lifetime: Int, end: Int)] = []
}

struct MemoryPlanner {
    private(set) var buffers: [PlannedBuffer] = []
    private(set) var lifetimes: [Lifetime] = []
    private(set) var time = 0
    /// For each open loop what is used in it and made outside.
    private var loops: [[Int]] = []

    mutating func tick() { time += 1 }

    var loopDepth: Int { loops.count }

    mutating func openLoop() { loops.append([]) }

    /// What the innermost loop uses from outside is needed until now: it may be needed in each trip.
    mutating func closeLoop() {
        for lifetime in loops.removeLast() { use(lifetime) }
    }

    mutating func makeBuffer(_ byteCount: Int, _ home: BufferHome = .planned) -> Int {
        buffers.append(PlannedBuffer(byteCount: byteCount, home: home))
        return buffers.count - 1
    }

    /// Contents that are written now.
    mutating func begin(_ buffer: Int, depth: Int? = nil) -> Int {
        lifetimes.append(Lifetime(buffer: buffer, start: time, end: time, depth: depth ?? loops.count))
        buffers[buffer].lifetimes.append(lifetimes.count - 1)
        return lifetimes.count - 1
    }

    /// Contents are read now.
    mutating func use(_ lifetime: Int) {
        lifetimes[lifetime].end = time
        let depth = lifetimes[lifetime].depth
        if depth < loops.count && loops[depth].last != lifetime { loops[depth].append(lifetime) }
    }

    /// Contents may be written over what is read at the same time, until `end`; without it, where they are begun.
    mutating func mayFollow(_ lifetime: Int, _ predecessor: Int, until end: Int? = nil) {
        lifetimes[lifetime].predecessors.append((predecessor, end ?? lifetimes[lifetime].start))
    }

    // MARK: Joining

    /// The buffer that a buffer has become.
    func root(_ buffer: Int) -> Int {
        var current = buffer
        while let next = buffers[current].joined { current = next }
        return current
    }

    /// Gives both buffers the same memory, where that can be planned and is never needed for both.
    mutating func join(_ a: Int, _ b: Int) {
        var (small, large) = (root(a), root(b))
        guard small != large, buffers[small].byteCount == buffers[large].byteCount,
              case .planned = buffers[small].home, case .planned = buffers[large].home else { return }
        if buffers[small].lifetimes.count > buffers[large].lifetimes.count { swap(&small, &large) }
        for lifetime in buffers[small].lifetimes where meetsAny(lifetime, of: large) { return }
        for lifetime in buffers[small].lifetimes {
            buffers[large].lifetimes.insert(lifetime, at: place(of: lifetime, in: large))
        }
        buffers[small].lifetimes = []
        buffers[small].joined = large
    }

    /// How many of the buffer's lifetimes start before this one.
    private func place(of lifetime: Int, in buffer: Int) -> Int {
        let start = lifetimes[lifetime].start, all = buffers[buffer].lifetimes
        var low = 0, high = all.count
        while low < high {
            let middle = (low + high) / 2
            if lifetimes[all[middle]].start < start { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The neighbours in time tell: what lies further off ends before them, or starts after.
    private func meetsAny(_ lifetime: Int, of buffer: Int) -> Bool {
        let place = place(of: lifetime, in: buffer), all = buffers[buffer].lifetimes
        return place > 0 && meet(all[place - 1], lifetime) || place < all.count && meet(lifetime, all[place])
    }

    /// Whether two lifetimes, the first of which starts no later, need different memory.
    func meet(_ first: Int, _ second: Int) -> Bool {
        let a = lifetimes[first], b = lifetimes[second]
        if a.end < b.start { return false }
        return !(a.start < b.start && b.predecessors.contains { $0.lifetime == first && a.end <= $0.end })
    }

    /// From the first start to the last end of a joined buffer.
    func span(_ root: Int) -> (start: Int, end: Int)? {
        let all = buffers[root].lifetimes
        guard let first = all.first, let last = all.last else { return nil }
        return (lifetimes[first].start, lifetimes[last].end)
    }
}
