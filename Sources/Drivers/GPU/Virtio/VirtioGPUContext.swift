// One Venus context on a virtio-gpu: what `VenusTransport` asks for, as control commands.
import Drivers
import JaxPlatform

/// A 3D context with its blob resources.
public final class VirtioGPUContext: VenusTransport {
    private struct Mapping {
        let resource: UInt32
        let offset: Int
        let byteCount: Int
    }

    private let gpu: VirtioGPU
    private let context: UInt32
    private let generation: Int
    private var mappings: [Mapping] = []
    private var seen: UInt64
    private var isClosed = false

    /// Makes a context, on a device that is reset first where it had stopped answering.
    public init(_ gpu: VirtioGPU) throws(AcceleratorError) {
        self.gpu = gpu
        do throws(DeviceError) {
            if gpu.isBroken { try gpu.reset() }
            context = gpu.newContext()
            generation = gpu.generation
            seen = gpu.interrupts.count
            _ = try gpu.run(.contextCreate(context, capset: GPUProtocol.capsetVenus, name: "barejax"))
        } catch {
            throw AcceleratorError(error)
        }
    }

    public var capset: VenusCapset { gpu.capset }
    public var nanoseconds: UInt64 { gpu.nanoseconds }

    public var isConnected: Bool { !isClosed && generation == gpu.generation }

    private func validate() throws(AcceleratorError) {
        guard isConnected else { throw AcceleratorError(.deviceLost, "the context ended with a reset of " + gpu.name) }
    }

    public func makeBlob(id: UInt64, byteCount: Int) throws(AcceleratorError) -> VenusBlob? {
        try validate()
        guard let offset = gpu.takeWindow(byteCount) else { return nil }
        let resource = gpu.newResource()
        var made = 0
        do throws(DeviceError) {
            _ = try gpu.run(.createBlob(resource, context: context, blob: id, byteCount: byteCount))
            made = 1
            _ = try gpu.run(.attach(resource, to: context))
            made = 2
            _ = try gpu.run(.mapBlob(resource, offset: offset))
        } catch {
            if made > 0 { dispose(resource, mapped: false, attached: made > 1) }
            gpu.giveWindow(offset, byteCount)
            throw AcceleratorError(error)
        }
        mappings.append(Mapping(resource: resource, offset: offset, byteCount: byteCount))
        return VenusBlob(resource: resource, address: gpu.address(of: offset), byteCount: byteCount)
    }

    public func free(_ blob: VenusBlob) {
        for index in mappings.indices where mappings[index].resource == blob.resource {
            let mapping = mappings.remove(at: index)
            guard generation == gpu.generation else { return }
            if dispose(mapping.resource, mapped: true, attached: true) { gpu.giveWindow(mapping.offset, mapping.byteCount) }
            return
        }
    }

    /// Ends a resource. False where the device would not unmap it: then its part of the window must not be used again.
    @discardableResult
    private func dispose(_ resource: UInt32, mapped: Bool, attached: Bool) -> Bool {
        do throws(DeviceError) {
            if mapped { _ = try gpu.run(.unmapBlob(resource)) }
        } catch {
            return false
        }
        do throws(DeviceError) {
            if attached { _ = try gpu.run(.detach(resource, from: context)) }
            _ = try gpu.run(.unref(resource))
        } catch {
            // Nothing of the machine's depends on it any more; the device's own reset is the last resort.
        }
        return true
    }

    public func submit(_ words: [UInt32]) throws(AcceleratorError) {
        try validate()
        do throws(DeviceError) { _ = try gpu.run(.submit(words, context: context)) } catch { throw AcceleratorError(error) }
    }

    public func requestInterrupt(timeline: UInt8) throws(AcceleratorError) {
        try validate()
        do throws(DeviceError) { try gpu.requestInterrupt(context: context, ring: timeline) } catch { throw AcceleratorError(error) }
    }

    /// A blob is what the process that decodes this context has to be there for; it is not mapped.
    public func isAlive() -> Bool {
        let resource = gpu.newResource()
        do throws(DeviceError) {
            _ = try gpu.run(.createBlob(resource, context: context, blob: 0, byteCount: 4096))
            _ = try gpu.run(.unref(resource))
            return true
        } catch {
            return false
        }
    }

    /// An interrupt since the last sleep ends this one at once, so none is lost between looking and sleeping.
    public func sleep(until deadline: UInt64) {
        _ = gpu.interrupts.wait(past: seen, until: deadline)
        seen = gpu.interrupts.count
    }

    public func close() {
        guard !isClosed else { return }
        for mapping in mappings {
            free(VenusBlob(resource: mapping.resource, address: gpu.address(of: mapping.offset), byteCount: mapping.byteCount))
        }
        isClosed = true
        guard generation == gpu.generation else { return }
        do throws(DeviceError) { _ = try gpu.run(.contextDestroy(context)) } catch {
            // A device that refuses is reset when the next context is made.
        }
    }
}

extension AcceleratorError {
    /// A fault of the device beneath, in the seam's kinds.
    init(_ error: DeviceError) {
        let kind: Kind
        switch error.kind {
        case .notPresent, .unsupported: kind = .unavailable
        case .protocolViolation: kind = .protocolViolation
        case .timedOut, .closed: kind = .deviceLost
        case .resourceExhausted: kind = .outOfMemory
        }
        self.init(kind, error.description)
    }
}

extension VulkanAccelerator {
    /// The host's GPU, by way of virtio-gpu and Venus.
    public convenience init(_ gpu: VirtioGPU, access: any AcceleratorAccess) throws(AcceleratorError) {
        try self.init(access: access) { () throws(AcceleratorError) in try VenusCalls(VirtioGPUContext(gpu)) }
    }
}
