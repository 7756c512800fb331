// The session: everything that outlives a job, under names. Programs and arrays of the prompt and of the link alike.
//
// Tables are changed outside jobs only, with memory charged to the JAX layer; jobs return values, they store nothing
// (JaxPlatform, Job.swift).
import JaxIR
import JaxOps
import JaxPlatform

/// What a name stands for.
public enum SessionObject {
    case program(LoadedProgram)
    case array(DeviceArray)
}

/// The objects that are registered, and the devices.
public final class Session {
    private var objects: [String: SessionObject] = [:]
    /// Programs that were dropped, some of them still in use by a call in progress.
    private var retired: [LoadedProgram] = []
    let lock = Lock()
    public private(set) var devices: [any Device]
    private var nextName = 1

    public init(devices: [any Device]) { self.devices = devices }

    /// A name that no object has: "prefix1", "prefix2", …
    public func freshName(_ prefix: String) -> String {
        lock.hold {
            nextName += 1
            return prefix + "\(nextName - 1)"
        }
    }

    /// Gives `object` a name; what had the name before is dropped.
    public func register(_ object: SessionObject, as name: String) {
        drop(name)
        platform.charging(.library) {
            // A name made within a job would be freed with it: keep a copy.
            let ownName = String(decoding: Array(name.utf8), as: UTF8.self)
            lock.hold { objects[ownName] = object }
        }
    }

    /// Forgets the object of that name. False where there is none.
    @discardableResult
    public func drop(_ name: String) -> Bool {
        var found = false
        platform.charging(.library) {
            lock.hold {
                guard let object = objects.removeValue(forKey: name) else { return }
                found = true
                if case .program(let program) = object { retired.append(program) }
            }
            lock.hold { releaseRetired() }
        }
        return found
    }

    /// Gives back what was dropped while a call in progress, or Python, still used it.
    public func collect() {
        platform.charging(.library) { lock.hold { releaseRetired() } }
    }

    /// Gives back the memory of dropped programs that nobody uses any more: first the references, so that deinitialisers
    /// run, then what an ended job may have kept alive.
    private func releaseRetired() {
        var index = 0
        while index < retired.count {
            guard isKnownUniquelyReferenced(&retired[index]) else {
                index += 1
                continue
            }
            let owner = retired[index].owner
            retired.remove(at: index)
            if owner != .library { platform.releaseOwner(owner) }
        }
    }

    /// Cleans up after a task that a fault has ended outside of every job: if it held the tables they may be half changed, and
    /// nothing in them can be trusted. They are begun anew, empty; what they held is not touched again, and lost. True if so.
    @discardableResult
    public func recover(from task: UInt64) -> Bool {
        guard lock.isHeld(by: task) else { return false }
        withUnsafeMutablePointer(to: &objects) { $0.initialize(to: [:]) }
        withUnsafeMutablePointer(to: &retired) { $0.initialize(to: []) }
        lock.release(heldBy: task)
        platform.log("the session was ended in the middle of a change: all programs and arrays are gone")
        return true
    }

    /// Forgets everything.
    public func dropAll() {
        for name in names { drop(name) }
    }

    public var names: [String] {
        lock.hold { Array(objects.keys) }
    }

    public func object(_ name: String) throws(JaxError) -> SessionObject {
        guard let object = lock.hold({ objects[name] }) else {
            throw JaxError(.keyError, "nothing is registered under the name '\(name)'")
        }
        return object
    }

    /// The program of that name.
    public func program(_ name: String) throws(JaxError) -> LoadedProgram {
        guard case .program(let program) = try object(name) else {
            throw JaxError(.typeError, "'\(name)' is an array, expected a program")
        }
        return program
    }

    /// The array of that name.
    public func array(_ name: String) throws(JaxError) -> DeviceArray {
        guard case .array(let array) = try object(name) else {
            throw JaxError(.typeError, "'\(name)' is a program, expected an array")
        }
        return array
    }

    /// The device of that name, "cpu", "cpu:0" or "gpu".
    public func device(_ name: String) throws(JaxError) -> any Device {
        for device in devices where device.isOf(platform: name) || device.name == name { return device }
        var known = ""
        for device in devices { known += (known.isEmpty ? "" : ", ") + device.name }
        throw JaxError(.deviceError, "there is no device '\(name)'; this machine has \(known)")
    }

    /// The processors as devices, over which programs of several devices are spread.
    var processorCount: Int { devices.count { $0.isOf(platform: "cpu") } }

    /// Makes `count` devices of the machine's processors, named "cpu:0", "cpu:1", … All compute with the same processors.
    public func addProcessors(upTo count: Int) {
        platform.charging(.library) {
            for number in processorCount..<max(count, processorCount) { devices.append(Processor(name: "cpu:\(number)", description: "processor")) }
        }
    }

    /// How often each operation was evaluated, on all devices together, in programs that the compiler has been over; since start.
    public static var fallbackExecutions: [(name: String, count: Int)] { JaxOps.fallbackExecutions() }

    /// Adds a device that was found after the start.
    public func add(_ device: any Device) { devices.append(device) }
}
