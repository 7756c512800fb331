// The programs on the host that use the link. Each has a number, the upper bits of its channels' numbers, and may have half of the
// machine's channels and of its memory: however many connections it opens and whatever it loads, others find room.
import JaxPlatform
import WireProtocol

final class Clients {
    /// Bits of a channel's number that tell a client's channels apart.
    static let channelBits: UInt32 = 12

    private struct Entry {
        let owner: MemoryOwner
        var channels: Int
    }

    private let machine: any ServiceHost
    private let monitor: any Monitor
    private var entries: [UInt32: Entry] = [:]
    private let mostChannels: Int

    init(_ machine: any ServiceHost, _ concurrency: any Concurrency, mostChannels: Int) {
        self.machine = machine
        self.mostChannels = mostChannels
        monitor = concurrency.makeMonitor()
    }

    /// A channel more; returns who is charged for what its client keeps. Throws `resourceExhausted` beyond the client's share.
    func open(_ channel: UInt32) throws(JaxError) -> MemoryOwner {
        let number = channel >> Clients.channelBits
        let owner: MemoryOwner? = hold(monitor) {
            if let entry = entries[number] {
                guard entry.channels < mostChannels else { return nil }
                entries[number]!.channels += 1
                return entry.owner
            }
            let owner = machine.beginClient(number)
            entries[number] = Entry(owner: owner, channels: 1)
            return owner
        }
        guard let owner else {
            throw JaxError(.resourceExhausted,
                           "this client has \(mostChannels) channels open already; one client may have half of the machine's")
        }
        return owner
    }

    /// A channel's work has ended, and its objects are dropped.
    func close(_ channel: UInt32) {
        let number = channel >> Clients.channelBits
        hold(monitor) {
            guard let entry = entries[number] else { return }
            if entry.channels > 1 {
                entries[number]!.channels -= 1
            } else {
                entries[number] = nil
                machine.endClient(entry.owner)
            }
        }
    }
}
