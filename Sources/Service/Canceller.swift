// Ends requests that were cancelled, on a task of its own: a request may run several jobs and be between two of them just now, so
// this goes on until it is done, and the link's reader need not wait for that.
import JaxPlatform
import WireProtocol

final class Canceller {
    private let machine: any ServiceHost
    private let monitor: any Monitor
    private var requests: [(channel: Channel, request: UInt32)] = []

    init(_ machine: any ServiceHost, _ concurrency: any Concurrency) {
        self.machine = machine
        monitor = concurrency.makeMonitor()
        concurrency.spawn("canceller") { [self] in run() }
    }

    /// Ends a request if it runs: at once where it can be, and again until it has ended.
    func end(_ request: UInt32, of channel: Channel) {
        guard strike(request, of: channel) else { return }
        hold(monitor) {
            requests.append((channel, request))
            monitor.notifyAll()
        }
    }

    /// False where the request does not run any more. No other request can take its place meanwhile.
    private func strike(_ request: UInt32, of channel: Channel) -> Bool {
        channel.whileRunning(request) { _ = machine.cancelJob(ofTask: $0) }
    }

    private func run() {
        while true {
            monitor.enter()
            while requests.isEmpty { monitor.wait() }
            let current = requests
            monitor.leave()
            for entry in current where !strike(entry.request, of: entry.channel) {
                hold(monitor) {
                    requests.removeAll { $0.channel === entry.channel && $0.request == entry.request }
                    if requests.isEmpty { requests = [] }
                }
            }
            machine.pause()
        }
    }
}
