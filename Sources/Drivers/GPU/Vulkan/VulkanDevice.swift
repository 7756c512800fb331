// One Vulkan device from its making to its loss: instance, physical device, queue, memory types. Everything made on it
// is registered here, so that it can be given back by owner, or be declared lost at once.
import JaxPlatform

/// A logical device with one compute queue.
public final class VulkanDevice {
    let platform: any VulkanPlatform
    let access: any AcceleratorAccess
    let instance: VkInstance
    let physicalDevice: VkPhysicalDevice
    let device: VkDevice
    let queue: VkQueue
    let queueFamily: UInt32
    let pipelineCache: VkPipelineCache
    let information: AcceleratorInformation
    let memory: VkPhysicalDeviceMemoryProperties
    /// Nanoseconds of one step of the device's clock; 0 without one.
    let timestampPeriod: Float
    let ledger: AcceleratorLedger
    let heap: VulkanHeap
    let transfer = VulkanTransfer()

    /// Why nothing works any more; set once.
    private(set) var failure: AcceleratorError?
    private var objects: [VulkanObject] = []
    /// Lists and streams that were freed while the device still executed them.
    private var retired: [VulkanObject] = []

    init(_ platform: any VulkanPlatform, _ ledger: AcceleratorLedger, _ access: any AcceleratorAccess) throws(AcceleratorError) {
        self.platform = platform
        self.access = access
        self.ledger = ledger
        let version = min(try platform.vkEnumerateInstanceVersion(), VulkanVersion.v1_3)
        let application = VkApplicationInfo(applicationName: "BareJAX", apiVersion: version)
        instance = try platform.vkCreateInstance(VkInstanceCreateInfo(applicationInfo: application))
        let choice = try VulkanDeviceChoice.best(platform, instance, highestVersion: version)
        physicalDevice = choice.physicalDevice
        queueFamily = choice.queueFamily
        information = choice.information
        memory = choice.memory
        timestampPeriod = choice.information.features.contains(.timestamps) ? choice.timestampPeriod : 0
        var create = VkDeviceCreateInfo(queueCreateInfos: [VkDeviceQueueCreateInfo(queueFamilyIndex: queueFamily, queuePriorities: [1])])
        choice.enable(&create)
        device = try platform.vkCreateDevice(physicalDevice, create)
        queue = try platform.vkGetDeviceQueue2(
            device, VkDeviceQueueInfo2(queueFamilyIndex: queueFamily, queueIndex: 0,
                                       chainedDeviceQueueTimelineInfoMESA: platform.queueTimeline))
        pipelineCache = try platform.vkCreatePipelineCache(device, VkPipelineCacheCreateInfo())
        heap = VulkanHeap(platform, device, memory, information)
    }

    // The objects made on it

    func add(_ object: VulkanObject) {
        object.slot = objects.count
        objects.append(object)
    }

    func remove(_ object: VulkanObject) {
        let last = objects.removeLast()
        if last !== object {
            last.slot = object.slot
            objects[object.slot] = last
        }
    }

    /// The owner's objects, lists and streams first, since they hold on to the others.
    func objects(of owner: AcceleratorOwner) -> [VulkanObject] {
        let all = objects.filter { $0.owner == owner }
        return all.filter { $0 is VulkanList || $0 is VulkanStream } + all.filter { !($0 is VulkanList || $0 is VulkanStream) }
    }

    /// Notices that the platform went away on its own.
    func notice() {
        if failure == nil && !platform.isConnected { fail(AcceleratorError(.deviceLost, "the device beneath was reset")) }
    }

    /// Passes an error on; one that means the device works no more ends it first.
    func noting(_ error: AcceleratorError) -> AcceleratorError {
        if error.needsReset { fail(error) }
        return error
    }

    /// Ends the device: all its objects are lost.
    func fail(_ error: AcceleratorError) {
        guard failure == nil else { return }
        failure = error
        for object in objects { object.isLost = true }
        for object in retired { object.isLost = true }
        objects = []
        retired = []
        ledger.clear()
        platform.close()
    }

    // Objects whose end was asked for while they were in use

    func retire(_ object: VulkanObject) { retired.append(object) }

    /// Destroys the retired objects that the device is done with.
    func collect() throws(AcceleratorError) {
        var index = 0
        while index < retired.count {
            if try retired[index].isIdle() {
                try retired.remove(at: index).destroy()
            } else {
                index += 1
            }
        }
    }

    /// Waits for every retired object of the owner, altogether for `budget` nanoseconds at most.
    func drain(_ owner: AcceleratorOwner, budget: UInt64) throws(AcceleratorError) {
        let deadline = platform.nanoseconds + budget
        for object in retired where object.owner == owner {
            let now = platform.nanoseconds
            try object.waitUntilIdle(budget: deadline > now ? deadline - now : 0)
        }
        try collect()
    }
}

enum VulkanVersion {
    static let v1_1: UInt32 = 1 << 22 | 1 << 12
    static let v1_2: UInt32 = 1 << 22 | 2 << 12
    static let v1_3: UInt32 = 1 << 22 | 3 << 12
}

/// What every object on a device has: an owner, and a place in the device's register.
class VulkanObject {
    let device: VulkanDevice
    let name: String
    let owner: AcceleratorOwner
    fileprivate(set) var slot = -1
    fileprivate(set) var isLost = false
    var isFreed = false

    init(_ device: VulkanDevice, name: String, owner: AcceleratorOwner) {
        self.device = device
        self.name = name.copied()
        self.owner = AcceleratorOwner(id: owner.id, name: owner.name.copied())
    }

    var lossKind: AcceleratorError.Kind { .deviceLost }

    final func validate() throws(AcceleratorError) {
        device.notice()
        if isLost {
            let why = device.failure.map { " (" + $0.description + ")" } ?? ""
            throw AcceleratorError(lossKind, "'\(name)' was lost with the device's state\(why)")
        }
        if isFreed { throw AcceleratorError(.invalidUse, "'\(name)' has been freed") }
    }

    /// Gives back what the object holds on the device; called once at most, never after a loss.
    func release() throws(AcceleratorError) {}

    /// Whether the device is done with an object that was retired.
    func isIdle() throws(AcceleratorError) -> Bool { true }

    func waitUntilIdle(budget: UInt64) throws(AcceleratorError) {}

    /// Gives back what a retired object holds, once it is idle.
    func destroy() throws(AcceleratorError) {}

    final func free() {
        device.access.enter()
        defer { device.access.leave() }
        device.notice()
        guard !isFreed, !isLost else { return }
        isFreed = true
        device.remove(self)
        do throws(AcceleratorError) {
            try release()
        } catch {
            _ = device.noting(error)
        }
    }
}
