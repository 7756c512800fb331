// The checks that every implementation makes before it hands a request to its device, in one place so that all devices
// refuse the same things in the same words.

extension AcceleratorInformation {
    /// Throws `invalidUse` unless a buffer can have that size.
    public func validateBuffer(byteCount: Int, name: String) throws(AcceleratorError) {
        guard byteCount > 0 else {
            throw AcceleratorError(.invalidUse, "buffer '\(name)' has \(byteCount) bytes; at least one is needed")
        }
        guard UInt64(byteCount) <= limits.bufferByteCount else {
            throw AcceleratorError(.invalidUse, "buffer '\(name)' has \(byteCount) bytes; the device allows \(limits.bufferByteCount)")
        }
    }

    /// Throws `invalidUse` unless the device can call kernels that way.
    public func validate(_ layout: KernelLayout) throws(AcceleratorError) {
        guard (0...Int(limits.bindingCount)).contains(layout.bindingCount) else {
            throw AcceleratorError(.invalidUse,
                                   "kernel '\(layout.entry)' has \(layout.bindingCount) buffers; the device allows \(limits.bindingCount)")
        }
        guard layout.parameterByteCount >= 0, layout.parameterByteCount % 4 == 0,
            layout.parameterByteCount <= Int(limits.parameterByteCount) else {
            throw AcceleratorError(.invalidUse,
                                   "kernel '\(layout.entry)' has \(layout.parameterByteCount) bytes of parameters; the device allows "
                                       + "multiples of 4 up to \(limits.parameterByteCount)")
        }
        if let size = layout.subgroupSize {
            guard features.contains(.subgroupSizeControl),
                (limits.smallestSubgroupSize...max(limits.smallestSubgroupSize, limits.largestSubgroupSize)).contains(size) else {
                throw AcceleratorError(.invalidUse,
                                       "kernel '\(layout.entry)' insists on subgroups of \(size), which the device does not offer")
            }
        }
    }

    /// Throws `invalidUse` unless the command stays within its buffers and the device's limits.
    public func validate(_ command: AcceleratorCommand) throws(AcceleratorError) {
        switch command {
        case .barrier: return
        case .fill(let view, _):
            try view.validate(alignment: 4)
            guard view.byteCount % 4 == 0 else {
                throw AcceleratorError(.invalidUse, "a fill of \(view.byteCount) bytes of buffer '\(view.buffer.name)': no multiple of 4")
            }
        case .copy(let from, let to):
            try from.validate(alignment: 1)
            try to.validate(alignment: 1)
            guard from.byteCount == to.byteCount else {
                throw AcceleratorError(.invalidUse,
                                       "a copy of \(from.byteCount) bytes of '\(from.buffer.name)' to \(to.byteCount) bytes of "
                                           + "'\(to.buffer.name)'")
            }
            guard from.buffer !== to.buffer || from.offset + from.byteCount <= to.offset || to.offset + to.byteCount <= from.offset else {
                throw AcceleratorError(.invalidUse, "a copy within buffer '\(from.buffer.name)' overlaps itself")
            }
        case .dispatch(let kernel, let bindings, let parameters, let groups):
            guard bindings.count == kernel.layout.bindingCount else {
                throw AcceleratorError(.invalidUse,
                                       "kernel '\(kernel.name)' takes \(kernel.layout.bindingCount) buffers, not \(bindings.count)")
            }
            guard parameters.count == kernel.layout.parameterByteCount else {
                throw AcceleratorError(.invalidUse,
                                       "kernel '\(kernel.name)' takes \(kernel.layout.parameterByteCount) bytes of parameters, not "
                                           + "\(parameters.count)")
            }
            let most = limits.workgroupCount
            guard groups.x <= most.x, groups.y <= most.y, groups.z <= most.z else {
                throw AcceleratorError(.invalidUse,
                                       "\(groups.x)×\(groups.y)×\(groups.z) workgroups of '\(kernel.name)'; the device allows "
                                           + "\(most.x)×\(most.y)×\(most.z)")
            }
            for view in bindings {
                try view.validate(alignment: Int(limits.viewAlignment))
                guard UInt64(view.byteCount) <= limits.viewByteCount else {
                    throw AcceleratorError(.invalidUse,
                                           "a view of \(view.byteCount) bytes of buffer '\(view.buffer.name)'; kernels see at most "
                                               + "\(limits.viewByteCount)")
                }
            }
        }
    }
}

extension AcceleratorCommand {
    /// Every part of a buffer that the command touches.
    public var views: [BufferView] {
        switch self {
        case .dispatch(_, let bindings, _, _): return bindings
        case .copy(let from, let to): return [from, to]
        case .fill(let view, _): return [view]
        case .barrier: return []
        }
    }
}

extension [AcceleratorCommand] {
    public var dispatchCount: Int {
        reduce(0) { count, command in
            if case .dispatch = command { return count + 1 }
            return count
        }
    }
}
