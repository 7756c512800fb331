// The machine's figures, for the prompt and the link alike.
import JaxPlatform
import JaxRun
import Kernel
import WireProtocol

enum MachineInfo {
    static func devices() -> [(name: String, description: String, memoryBytes: Int, dispatchCount: Int)] {
        var list: [(name: String, description: String, memoryBytes: Int, dispatchCount: Int)] = []
        for device in session?.devices ?? [] {
            list.append((device.name, device.description, device.memoryBytes, device.dispatchCount))
        }
        return list
    }

    /// The faults survived, oldest first.
    static func faults() -> [String] {
        var list: [String] = []
        for record in Exceptions.faults() { list.append(record.description) }
        return list
    }

    /// `barejax stats`.
    static func statistics() -> JSON {
        session?.collect()
        var owners: [JSON] = []
        for line in KernelHeap.ledgerLines() {
            owners.append(.object([(key: "id", value: .integer(Int(line.owner))), (key: "name", value: .string(line.name)),
                                   (key: "bytes", value: .integer(line.usedBytes)), (key: "peak_bytes", value: .integer(line.peakBytes)),
                                   (key: "blocks", value: .integer(line.blockCount))]))
        }
        var deviceList: [JSON] = []
        for device in devices() {
            deviceList.append(.object([(key: "name", value: .string(device.name)), (key: "description", value: .string(device.description)),
                                       (key: "memory_bytes", value: .integer(device.memoryBytes)),
                                       (key: "dispatches", value: .integer(device.dispatchCount))]))
        }
        var jobs: [JSON] = []
        for job in Jobs.running() {
            jobs.append(.object([(key: "id", value: .integer(Int(job.id))), (key: "name", value: .string(job.name)),
                                 (key: "bytes", value: .integer(job.usedBytes)), (key: "seconds", value: .number(Double(job.age) / 1e9))]))
        }
        var fallbacks: [(key: String, value: JSON)] = []
        for entry in Session.fallbackExecutions { fallbacks.append((key: entry.name, value: .integer(entry.count))) }
        return .object([
            (key: "version", value: .string(productVersion)),
            (key: "uptime_s", value: .number(Double(platform.nanoseconds) / 1e9)),
            (key: "cpus", value: .integer(Devices.processorCount)),
            (key: "memory", value: .object([
                (key: "total_bytes", value: .integer(PageFrames.totalBytes)), (key: "used_bytes", value: .integer(KernelMemory.bytesInUse)),
                (key: "heap_bytes", value: .integer(KernelHeap.usedBytes)), (key: "owners", value: .array(owners))])),
            (key: "jobs", value: .array(jobs)), (key: "jobs_begun", value: .integer(Int(Jobs.count))),
            (key: "faults", value: .integer(Int(truncatingIfNeeded: Exceptions.faultCount))),
            (key: "devices", value: .array(deviceList)),
            (key: "fallbacks", value: .object(fallbacks)),
        ])
    }
}
