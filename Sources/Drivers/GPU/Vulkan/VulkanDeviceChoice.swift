// Finding the physical device, and saying in the seam's words what it offers.
import JaxPlatform

/// A physical device with a compute queue.
struct VulkanDeviceChoice {
    let physicalDevice: VkPhysicalDevice
    let queueFamily: UInt32
    let version: UInt32
    let memory: VkPhysicalDeviceMemoryProperties
    let timestampPeriod: Float
    private(set) var information = AcceleratorInformation()
    private var offered = VkPhysicalDeviceFeatures2()

    /// The best device: real GPUs before virtual ones before software.
    static func best(_ calls: any VulkanPlatform, _ instance: VkInstance,
                     highestVersion: UInt32) throws(AcceleratorError) -> VulkanDeviceChoice {
        var best: VulkanDeviceChoice?
        for physicalDevice in try calls.vkEnumeratePhysicalDevices(instance) {
            guard let choice = try VulkanDeviceChoice(calls, physicalDevice, highestVersion) else { continue }
            if best.map({ choice.rank > $0.rank }) ?? true { best = choice }
        }
        guard let best else { throw AcceleratorError(.unavailable, "no Vulkan 1.1 device with a compute queue") }
        return best
    }

    private var rank: Int {
        switch information.kind {
        case .discrete: return 4
        case .integrated: return 3
        case .virtual: return 2
        case .processor: return 1
        case .none, .other: return 0
        }
    }

    /// nil for a device that is too old or has no compute queue.
    private init?(_ calls: any VulkanPlatform, _ physicalDevice: VkPhysicalDevice, _ highestVersion: UInt32) throws(AcceleratorError) {
        var basic = VkPhysicalDeviceProperties()
        try calls.vkGetPhysicalDeviceProperties(physicalDevice, &basic)
        let version = min(basic.apiVersion & ~0xfff, highestVersion)
        guard version >= VulkanVersion.v1_1 else { return nil }
        let families = try calls.vkGetPhysicalDeviceQueueFamilyProperties(physicalDevice)
        guard let family = families.firstIndex(where: { $0.queueFlags & VK_QUEUE_COMPUTE_BIT != 0 && $0.queueCount > 0 }) else {
            return nil
        }
        self.physicalDevice = physicalDevice
        self.version = version
        queueFamily = UInt32(family)
        var memory = VkPhysicalDeviceMemoryProperties()
        try calls.vkGetPhysicalDeviceMemoryProperties(physicalDevice, &memory)
        guard memory.memoryTypeCount <= 32, memory.memoryHeapCount <= 16 else {
            throw AcceleratorError(.protocolViolation, "a device with \(memory.memoryTypeCount) memory types")
        }
        self.memory = memory

        var properties = VkPhysicalDeviceProperties2()
        properties.chainedPhysicalDeviceSubgroupProperties = VkPhysicalDeviceSubgroupProperties()
        if version >= VulkanVersion.v1_2 { properties.chainedPhysicalDeviceVulkan12Properties = VkPhysicalDeviceVulkan12Properties() }
        if version >= VulkanVersion.v1_3 { properties.chainedPhysicalDeviceVulkan13Properties = VkPhysicalDeviceVulkan13Properties() }
        try calls.vkGetPhysicalDeviceProperties2(physicalDevice, &properties)
        if version >= VulkanVersion.v1_2 {
            offered.chainedPhysicalDeviceVulkan11Features = VkPhysicalDeviceVulkan11Features()
            offered.chainedPhysicalDeviceVulkan12Features = VkPhysicalDeviceVulkan12Features()
        }
        if version >= VulkanVersion.v1_3 { offered.chainedPhysicalDeviceVulkan13Features = VkPhysicalDeviceVulkan13Features() }
        try calls.vkGetPhysicalDeviceFeatures2(physicalDevice, &offered)
        timestampPeriod = basic.limits.timestampPeriod
        information.name = basic.deviceName
        describe(basic, properties, hasClock: families[family].timestampValidBits > 0)
    }

    private mutating func describe(_ basic: VkPhysicalDeviceProperties, _ properties: VkPhysicalDeviceProperties2, hasClock: Bool) {
        switch basic.deviceType {
        case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: information.kind = .discrete
        case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: information.kind = .integrated
        case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: information.kind = .virtual
        case VK_PHYSICAL_DEVICE_TYPE_CPU: information.kind = .processor
        default: information.kind = .other
        }
        for index in 0..<Int(memory.memoryHeapCount) where memory.memoryHeaps[index].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT != 0 {
            information.memoryByteCount = max(information.memoryByteCount, memory.memoryHeaps[index].size)
        }
        let limits = basic.limits
        var own = AcceleratorLimits()
        own.workgroupSize = Extent3(limits.maxComputeWorkGroupSize[0], limits.maxComputeWorkGroupSize[1], limits.maxComputeWorkGroupSize[2])
        own.workgroupInvocations = limits.maxComputeWorkGroupInvocations
        own.workgroupCount = Extent3(limits.maxComputeWorkGroupCount[0],
                                     limits.maxComputeWorkGroupCount[1], limits.maxComputeWorkGroupCount[2])
        own.sharedByteCount = limits.maxComputeSharedMemorySize
        own.bindingCount = min(limits.maxPerStageDescriptorStorageBuffers, limits.maxDescriptorSetStorageBuffers)
        own.parameterByteCount = limits.maxPushConstantsSize
        own.viewAlignment = UInt32(clamping: max(limits.minStorageBufferOffsetAlignment, 4))
        own.viewByteCount = UInt64(limits.maxStorageBufferRange)
        own.bufferByteCount = properties.chainedPhysicalDeviceVulkan13Properties?.maxBufferSize ?? own.viewByteCount
        if own.bufferByteCount == 0 { own.bufferByteCount = own.viewByteCount }
        let subgroup = properties.chainedPhysicalDeviceSubgroupProperties ?? VkPhysicalDeviceSubgroupProperties()
        own.subgroupSize = max(subgroup.subgroupSize, 1)
        own.smallestSubgroupSize = properties.chainedPhysicalDeviceVulkan13Properties?.minSubgroupSize ?? own.subgroupSize
        own.largestSubgroupSize = properties.chainedPhysicalDeviceVulkan13Properties?.maxSubgroupSize ?? own.subgroupSize
        information.limits = own

        let core = offered.features, v11 = offered.chainedPhysicalDeviceVulkan11Features
        let v12 = offered.chainedPhysicalDeviceVulkan12Features, v13 = offered.chainedPhysicalDeviceVulkan13Features
        var features: AcceleratorFeatures = []
        if core.shaderFloat64 != 0 { features.insert(.float64) }
        if core.shaderInt64 != 0 { features.insert(.int64) }
        if core.shaderInt16 != 0 { features.insert(.int16) }
        if let v11, v11.storageBuffer16BitAccess != 0 { features.insert(.storage16) }
        if let v12 {
            if v12.shaderFloat16 != 0 { features.insert(.float16) }
            if v12.shaderInt8 != 0 { features.insert(.int8) }
            if v12.storageBuffer8BitAccess != 0 { features.insert(.storage8) }
            if v12.bufferDeviceAddress != 0 { features.insert(.bufferAddresses) }
            if v12.shaderBufferInt64Atomics != 0 { features.insert(.int64Atomics) }
        }
        if let v13, v13.subgroupSizeControl != 0 { features.insert(.subgroupSizeControl) }
        if subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT != 0 {
            if subgroup.supportedOperations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT != 0 { features.insert(.subgroupArithmetic) }
            if subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT != 0 { features.insert(.subgroupShuffle) }
        }
        if hasClock && limits.timestampPeriod > 0 { features.insert(.timestamps) }
        if let floats = properties.chainedPhysicalDeviceVulkan12Properties, floats.shaderSignedZeroInfNanPreserveFloat32 != 0,
           floats.shaderSignedZeroInfNanPreserveFloat64 != 0 || core.shaderFloat64 == 0 {
            features.insert(.specialValues)
        }
        information.features = features
    }

    /// Switches on those features, and no others.
    func enable(_ create: inout VkDeviceCreateInfo) {
        let offers = information.features
        func flag(_ feature: AcceleratorFeatures) -> UInt32 { offers.contains(feature) ? 1 : 0 }
        var core = VkPhysicalDeviceFeatures2()
        core.features.shaderFloat64 = flag(.float64)
        core.features.shaderInt64 = flag(.int64)
        core.features.shaderInt16 = flag(.int16)
        create.chainedPhysicalDeviceFeatures2 = core
        if version >= VulkanVersion.v1_2 {
            var v11 = VkPhysicalDeviceVulkan11Features()
            v11.storageBuffer16BitAccess = flag(.storage16)
            var v12 = VkPhysicalDeviceVulkan12Features()
            v12.shaderFloat16 = flag(.float16)
            v12.shaderInt8 = flag(.int8)
            v12.storageBuffer8BitAccess = flag(.storage8)
            v12.bufferDeviceAddress = flag(.bufferAddresses)
            v12.shaderBufferInt64Atomics = flag(.int64Atomics)
            v12.shaderSubgroupExtendedTypes = offered.chainedPhysicalDeviceVulkan12Features?.shaderSubgroupExtendedTypes ?? 0
            create.chainedPhysicalDeviceVulkan11Features = v11
            create.chainedPhysicalDeviceVulkan12Features = v12
        }
        if version >= VulkanVersion.v1_3 {
            var v13 = VkPhysicalDeviceVulkan13Features()
            v13.subgroupSizeControl = flag(.subgroupSizeControl)
            create.chainedPhysicalDeviceVulkan13Features = v13
        }
    }
}
