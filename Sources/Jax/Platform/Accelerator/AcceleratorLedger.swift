// The account of a device: bytes and objects by owner, and counts of what was done. Every implementation keeps one,
// so that what an owner left behind can be named and given back.

/// Memory and objects in use by owner, and running totals.
public final class AcceleratorLedger {
    /// One owner's account.
    public struct Account {
        public let owner: AcceleratorOwner
        public internal(set) var byteCount = 0
        public internal(set) var bufferCount = 0
        /// Modules, kernels, lists and streams.
        public internal(set) var objectCount = 0
    }

    public private(set) var accounts: [Account] = []
    public private(set) var peakByteCount = 0

    /// Totals since the device was found.
    public var submissionCount = 0
    public var dispatchCount = 0
    public var bytesWritten = 0
    public var bytesRead = 0
    public var resetCount = 0

    public init() {}

    public var byteCount: Int { accounts.reduce(0) { $0 + $1.byteCount } }
    public var bufferCount: Int { accounts.reduce(0) { $0 + $1.bufferCount } }
    public var objectCount: Int { accounts.reduce(0) { $0 + $1.objectCount } }

    /// Whether nothing is held by anyone.
    public var isEmpty: Bool { accounts.isEmpty }

    public func addBuffer(_ byteCount: Int, _ owner: AcceleratorOwner) {
        let index = open(owner)
        accounts[index].byteCount += byteCount
        accounts[index].bufferCount += 1
        peakByteCount = max(peakByteCount, self.byteCount)
    }

    public func removeBuffer(_ byteCount: Int, _ owner: AcceleratorOwner) {
        guard let index = find(owner) else { return }
        accounts[index].byteCount -= byteCount
        accounts[index].bufferCount -= 1
        closeIfEmpty(index)
    }

    public func addObject(_ owner: AcceleratorOwner) { accounts[open(owner)].objectCount += 1 }

    public func removeObject(_ owner: AcceleratorOwner) {
        guard let index = find(owner) else { return }
        accounts[index].objectCount -= 1
        closeIfEmpty(index)
    }

    /// Forgets all accounts: after a reset nothing is held any more.
    public func clear() { accounts = [] }

    private func find(_ owner: AcceleratorOwner) -> Int? {
        for index in accounts.indices where accounts[index].owner == owner { return index }
        return nil
    }

    private func open(_ owner: AcceleratorOwner) -> Int {
        if let index = find(owner) { return index }
        // The name may be a job's; the account outlives it.
        accounts.append(Account(owner: AcceleratorOwner(id: owner.id, name: String(decoding: Array(owner.name.utf8), as: UTF8.self))))
        return accounts.count - 1
    }

    private func closeIfEmpty(_ index: Int) {
        if accounts[index].bufferCount == 0 && accounts[index].objectCount == 0 { accounts.remove(at: index) }
    }
}
