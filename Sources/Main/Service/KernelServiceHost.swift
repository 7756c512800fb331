// The link's service over the kernel: what `ServiceHost` asks for, and the task that serves the control port.
import CPU
import JaxPlatform
import JaxRun
import JaxService
import Kernel
import WireProtocol

final class KernelServiceHost: ServiceHost {
    /// The service, once the control port is there.
    nonisolated(unsafe) private(set) static var service: Service?

    /// Serves the control port on a task of its own; nothing without a port.
    static func start() {
        guard let port = Devices.control else { return }
        let service = Service(port, KernelConcurrency(), machine: KernelServiceHost())
        self.service = service
        tellOfPanic = { cause in
            let payload = LogLine(line: "panic: " + cause).encoded()
            let frame = FrameHeader(kind: MessageKind.log.rawValue, channel: 0, request: 0, payloadByteCount: payload.count)
            payload.withUnsafeBytes { frame.frame($0) }.withUnsafeBytes { Devices.control?.writeLast($0) }
        }
        Tasks.start("link", priority: .interactive) {
            // A fault in the link itself: its channels are gone, and it starts afresh.
            while let fault = guardedCall({
                port.waitUntilOpen()
                service.serve {
                    port.waitUntilOpen()
                    return true
                }
            }) {
                log("the link was ended by a fault and starts afresh: " + fault.summary)
                session?.recover(from: platform.taskID)
                _ = guardedCall { service.abandonAll() }
            }
        }
    }

    var banner: String {
        "\(productVersion), \(PageFrames.totalBytes >> 20) MiB of memory, \(Devices.processorCount) processors"
    }

    func statistics() -> String { MachineInfo.statistics().description }

    func faults() -> String {
        var list: [JSON] = []
        for fault in MachineInfo.faults() { list.append(.string(fault)) }
        return JSON.array(list).description
    }

    func trace() throws(JaxError) -> String { String(decoding: ChromeTrace.text(), as: UTF8.self) }

    func noteExecution(request: UInt32, isDone: Bool) { Trace.note(isDone ? .requestEnd : .requestBegin, UInt64(request)) }

    func cancelJob(ofTask task: UInt64) -> Bool { PythonPrograms.cancel(task: task) || Jobs.cancel(task: task) }

    func pause() { Scheduler.sleep(nanoseconds: 2_000_000) }

    /// Beyond its share a client still gets the small blocks that its requests and answers need.
    func beginClient(_ number: UInt32) -> MemoryOwner {
        guard let owner = KernelHeap.makeOwner(name: "client \(number)", quota: PageFrames.totalBytes / 2) else { return .library }
        KernelHeap.setQuota(PageFrames.totalBytes / 2, reserve: 4 << 20, of: owner)
        return MemoryOwner(id: owner)
    }

    /// Objects of the client's that somebody still uses become the JAX layer's.
    func endClient(_ owner: MemoryOwner) {
        guard owner != .library else { return }
        KernelHeap.handOver(from: owner.id, to: MemoryOwner.library.id)
        KernelHeap.removeOwner(owner.id)
    }

    func work(for owner: MemoryOwner) { cpu_current_task().pointee.owner = owner.id }

    func evaluate(_ source: String, name: String, limits: Limits, output: (String) -> Void) throws(JaxError) -> UInt32 {
        FaultCampaign.strikeWorker()
        return try PythonPrograms.evaluate(source, name: name, limits: limits, output: output)
    }

    func inject(_ fault: String, after: UInt64, since: UInt64) throws(JaxError) -> String {
        try FaultCampaign.inject(fault, after: after, since: since)
    }

    func powerOff() { Power.off() }
}
