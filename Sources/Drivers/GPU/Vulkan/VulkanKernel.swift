// Shader modules, and compute pipelines with their layouts.
import JaxPlatform

final class VulkanModule: VulkanObject, AcceleratorModule {
    let module: VkShaderModule

    init(_ device: VulkanDevice, _ words: [UInt32], name: String, owner: AcceleratorOwner) throws(AcceleratorError) {
        guard words.count >= 5, words[0] == 0x0723_0203 else {
            throw AcceleratorError(.moduleRejected, "module '\(name)' does not begin like SPIR-V")
        }
        do throws(AcceleratorError) {
            module = try device.platform.vkCreateShaderModule(device.device, VkShaderModuleCreateInfo(code: words))
        } catch {
            throw error.asRejection(of: "module '\(name)'")
        }
        super.init(device, name: name, owner: owner)
    }

    override func release() throws(AcceleratorError) {
        device.ledger.removeObject(owner)
        try device.platform.vkDestroyShaderModule(device.device, module)
    }
}

final class VulkanKernel: VulkanObject, AcceleratorKernel {
    let layout: KernelLayout
    let setLayout: VkDescriptorSetLayout
    let pipelineLayout: VkPipelineLayout
    let pipeline: VkPipeline
    /// Lists that name this kernel; it stays until the last of them is gone.
    private var holders = 0
    private var isReleased = false

    init(_ module: VulkanModule, _ layout: KernelLayout) throws(AcceleratorError) {
        let device = module.device, calls = module.device.platform
        self.layout = KernelLayout(
            entry: layout.entry.copied(), bindingCount: layout.bindingCount,
            parameterByteCount: layout.parameterByteCount, subgroupSize: layout.subgroupSize)
        let bindings = (0..<layout.bindingCount).map {
            VkDescriptorSetLayoutBinding(
                binding: UInt32($0), descriptorType: VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                descriptorCount: 1, stageFlags: VK_SHADER_STAGE_COMPUTE_BIT)
        }
        let ranges = layout.parameterByteCount == 0 ? [] : [
            VkPushConstantRange(stageFlags: VK_SHADER_STAGE_COMPUTE_BIT, offset: 0, size: UInt32(layout.parameterByteCount)),
        ]
        var stage = VkPipelineShaderStageCreateInfo(stage: VK_SHADER_STAGE_COMPUTE_BIT, module: module.module, name: layout.entry)
        stage.specializationInfo = VulkanKernel.specialization(layout.specializations)
        if let size = layout.subgroupSize {
            stage.chainedPipelineShaderStageRequiredSubgroupSizeCreateInfo =
                VkPipelineShaderStageRequiredSubgroupSizeCreateInfo(requiredSubgroupSize: size)
        }
        setLayout = try calls.vkCreateDescriptorSetLayout(device.device, VkDescriptorSetLayoutCreateInfo(bindings: bindings))
        do throws(AcceleratorError) {
            pipelineLayout = try calls.vkCreatePipelineLayout(device.device, VkPipelineLayoutCreateInfo(setLayouts: [setLayout],
                pushConstantRanges: ranges))
        } catch {
            try calls.vkDestroyDescriptorSetLayout(device.device, setLayout)
            throw error
        }
        do throws(AcceleratorError) {
            let create = VkComputePipelineCreateInfo(stage: stage, layout: pipelineLayout, basePipelineIndex: -1)
            pipeline = try calls.vkCreateComputePipelines(device.device, device.pipelineCache, [create])[0]
        } catch {
            try calls.vkDestroyPipelineLayout(device.device, pipelineLayout)
            try calls.vkDestroyDescriptorSetLayout(device.device, setLayout)
            throw error.asRejection(of: "entry '\(layout.entry)' of module '\(module.name)'")
        }
        super.init(device, name: module.name + "." + layout.entry, owner: module.owner)
    }

    private static func specialization(_ constants: [Specialization]) -> VkSpecializationInfo? {
        guard !constants.isEmpty else { return nil }
        var entries: [VkSpecializationMapEntry] = [], data: [UInt8] = []
        for constant in constants {
            let size = constant.isWide ? 8 : 4
            entries.append(VkSpecializationMapEntry(constantID: constant.id, offset: UInt32(data.count), size: UInt64(size)))
            for byte in 0..<size { data.append(UInt8(truncatingIfNeeded: constant.bits >> (8 * UInt64(byte)))) }
        }
        return VkSpecializationInfo(mapEntries: entries, data: data)
    }

    func hold() { holders += 1 }

    func letGo() throws(AcceleratorError) {
        holders -= 1
        if isReleased && holders == 0 { try destroy() }
    }

    override func release() throws(AcceleratorError) {
        device.ledger.removeObject(owner)
        isReleased = true
        if holders == 0 { try destroy() }
    }

    override func destroy() throws(AcceleratorError) {
        try device.platform.vkDestroyPipeline(device.device, pipeline)
        try device.platform.vkDestroyPipelineLayout(device.device, pipelineLayout)
        try device.platform.vkDestroyDescriptorSetLayout(device.device, setLayout)
    }
}

extension AcceleratorError {
    /// A failed call, as the refusal of what was passed to it.
    func asRejection(of what: String) -> AcceleratorError {
        kind == .callFailed ? AcceleratorError(.moduleRejected, what + ": " + message) : self
    }
}
