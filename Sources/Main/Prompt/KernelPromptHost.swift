// What Python's module `machine` tells of this kernel. Files, power and devices' details come from whoever knows them:
// Start.swift sets those closures of `promptHost`.
import CPU
import JaxPlatform
import JaxRun
import Kernel
import Python

extension Prompt {
    static func fillServices() {
        let services = promptHost
        services.memory = {
            session?.collect()
            var entries: [(name: String, bytes: Int)] = [
                (name: "total", bytes: PageFrames.totalBytes), (name: "free", bytes: PageFrames.freeBytes),
                (name: "used", bytes: KernelMemory.bytesInUse),
            ]
            for line in KernelHeap.ledgerLines() { entries.append((name: line.name.description, bytes: line.usedBytes)) }
            return entries
        }
        services.devices = { MachineInfo.devices() }
        services.testAccelerators = { () throws(JaxError) in try Accelerators.selfTest() }
        services.faults = {
            var list: [String] = []
            for fault in Exceptions.faults() { list.append(fault.summary) }
            return list
        }
        services.jobs = {
            var list: [MachineJob] = []
            for job in Jobs.running() {
                let limits = Limits(memoryQuota: job.limits.memoryQuota, timeBudget: job.limits.timeBudget,
                                    permissions: Permissions(rawValue: job.limits.permissions))
                list.append(MachineJob(id: job.id, name: job.name, memoryBytes: job.usedBytes,
                                       seconds: Double(job.age) / 1e9, limits: limits))
            }
            return list
        }
        services.audit = {
            let audit = PageTableAudit.run()
            return MachineAudit(counts: [
                (name: "mappings", count: audit.mappings), (name: "writable_pages", count: audit.writablePages),
                (name: "executable_pages", count: audit.executablePages), (name: "stacks", count: audit.stacks),
            ], violations: audit.violations)
        }
        services.notice = { Jobs.notify($0) }
        services.endPending = {
            guard let end = Jobs.endPending else { return nil }
            return (kind: end.reason == .cancelled ? .cancelled : .timeBudgetExhausted, age: end.age)
        }
        services.hurry = { Scheduler.setPriority(.interactive) }
        services.forgive = {
            Jobs.forgive()
            Scheduler.setPriority(.normal)
        }
        services.shielded = { body in
            cpu_current_task().pointee.keep_alive += 1
            body()
            cpu_current_task().pointee.keep_alive -= 1
        }
        services.wait = { microseconds in Scheduler.sleep(nanoseconds: min(microseconds, 5000) * 1000) }
        services.allocate = { byteCount in
            KernelHeap.allocate(byteCount: byteCount, alignment: 64, owner: KernelHeap.currentOwner)
        }
        services.free = { KernelHeap.free($0) }
        services.panic = { reason in
            log("python: " + reason)
            fatalError()
        }
        // Real faults, so that what Python sees of them can be tried at the prompt.
        services.raiseFault = { kind throws(JaxError) in
            switch kind {
            case "trap": fatalError()
            case "page": UnsafeMutablePointer<UInt8>(bitPattern: 16)!.pointee = 1
            case "overflow": _ = overflow(1)
            case "hang":
                cpu_disable_interrupts()
                while true { cpu_pause() }
            default: throw JaxError(.valueError, "the faults are 'trap', 'page', 'overflow' and 'hang', not '\(kind)'")
            }
        }
    }
}

/// Runs off the end of the stack.
@inline(never)
private func overflow(_ depth: Int) -> Int {
    var frame: InlineArray<64, Int> = InlineArray(repeating: depth)
    frame[depth & 63] = overflow(depth &+ 1)
    return frame[(depth &+ 1) & 63]
}
