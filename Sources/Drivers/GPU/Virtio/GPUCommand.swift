// The control commands of virtio-gpu that 3D contexts and blob resources need (virtio 1.2, section 5.7.6.7), as words.

/// Numbers of the protocol.
enum GPUProtocol {
    static let featureVirgl: UInt64 = 1 << 0, featureResourceBlob: UInt64 = 1 << 3, featureContextInit: UInt64 = 1 << 4
    static let controlQueue = 0, cursorQueue = 1
    /// Shared memory region of the host-visible window.
    static let hostVisibleWindow: UInt8 = 1
    static let capsetVenus: UInt32 = 4
    static let flagFence: UInt32 = 1, flagRingIndex: UInt32 = 2
    static let headerWordCount = 6

    enum Response {
        static let ok: UInt32 = 0x1100, capsetInfo: UInt32 = 0x1102, capset: UInt32 = 0x1103, mapInfo: UInt32 = 0x1106
        static let errors: ClosedRange<UInt32> = 0x1200...0x12ff

        static func name(_ type: UInt32) -> String {
            switch type {
            case 0x1200: return "ERR_UNSPEC"
            case 0x1201: return "ERR_OUT_OF_MEMORY"
            case 0x1202: return "ERR_INVALID_SCANOUT_ID"
            case 0x1203: return "ERR_INVALID_RESOURCE_ID"
            case 0x1204: return "ERR_INVALID_CONTEXT_ID"
            case 0x1205: return "ERR_INVALID_PARAMETER"
            default: return "response \(type)"
            }
        }
    }
}

/// One control command: its header fields and body.
struct GPUCommand {
    let name: String
    let type: UInt32
    var context: UInt32 = 0
    let body: [UInt32]
    /// The response that says it worked, and how many words of it to read.
    var answer: UInt32 = GPUProtocol.Response.ok
    var answerWordCount = GPUProtocol.headerWordCount

    /// The command as the device reads it; with a fence the response comes when the fence is signalled.
    func words(fence: UInt64? = nil, ring: UInt8 = 0) -> [UInt32] {
        let flags = fence == nil ? 0 : GPUProtocol.flagFence | (ring == 0 ? 0 : GPUProtocol.flagRingIndex)
        let id = fence ?? 0
        return [type, flags, UInt32(truncatingIfNeeded: id), UInt32(truncatingIfNeeded: id >> 32), context, UInt32(ring)] + body
    }

    private static func split(_ value: UInt64) -> [UInt32] { [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)] }

    static func getCapsetInfo(index: UInt32) -> GPUCommand {
        GPUCommand(name: "GET_CAPSET_INFO", type: 0x0108, body: [index, 0], answer: GPUProtocol.Response.capsetInfo, answerWordCount: 10)
    }

    static func getCapset(id: UInt32, version: UInt32, byteCount: Int) -> GPUCommand {
        GPUCommand(
            name: "GET_CAPSET", type: 0x0109, body: [id, version], answer: GPUProtocol.Response.capset,
            answerWordCount: GPUProtocol.headerWordCount + (byteCount + 3) / 4)
    }

    static func contextCreate(_ context: UInt32, capset: UInt32, name: String) -> GPUCommand {
        var letters = [UInt8](name.utf8.prefix(63))
        let count = UInt32(letters.count)
        letters += [UInt8](repeating: 0, count: 64 - letters.count)
        var words: [UInt32] = []
        for index in stride(from: 0, to: 64, by: 4) {
            words.append(UInt32(letters[index]) | UInt32(letters[index + 1]) << 8
                         | UInt32(letters[index + 2]) << 16 | UInt32(letters[index + 3]) << 24)
        }
        return GPUCommand(name: "CTX_CREATE", type: 0x0200, context: context, body: [count, capset] + words)
    }

    static func contextDestroy(_ context: UInt32) -> GPUCommand {
        GPUCommand(name: "CTX_DESTROY", type: 0x0201, context: context, body: [])
    }

    static func attach(_ resource: UInt32, to context: UInt32) -> GPUCommand {
        GPUCommand(name: "CTX_ATTACH_RESOURCE", type: 0x0202, context: context, body: [resource, 0])
    }

    static func detach(_ resource: UInt32, from context: UInt32) -> GPUCommand {
        GPUCommand(name: "CTX_DETACH_RESOURCE", type: 0x0203, context: context, body: [resource, 0])
    }

    /// Memory of the host (HOST3D) that can be mapped; blob 0 is plain memory, another the device memory of that id.
    static func createBlob(_ resource: UInt32, context: UInt32, blob: UInt64, byteCount: Int) -> GPUCommand {
        GPUCommand(
            name: "RESOURCE_CREATE_BLOB", type: 0x010c, context: context,
            body: [resource, 2, 1, 0] + split(blob) + split(UInt64(byteCount)))
    }

    static func unref(_ resource: UInt32) -> GPUCommand { GPUCommand(name: "RESOURCE_UNREF", type: 0x0102, body: [resource, 0]) }

    static func mapBlob(_ resource: UInt32, offset: Int) -> GPUCommand {
        GPUCommand(
            name: "RESOURCE_MAP_BLOB", type: 0x0208, body: [resource, 0] + split(UInt64(offset)),
            answer: GPUProtocol.Response.mapInfo, answerWordCount: 8)
    }

    static func unmapBlob(_ resource: UInt32) -> GPUCommand { GPUCommand(name: "RESOURCE_UNMAP_BLOB", type: 0x0209, body: [resource, 0]) }

    static func submit(_ words: [UInt32], context: UInt32) -> GPUCommand {
        GPUCommand(name: "SUBMIT_3D", type: 0x0207, context: context, body: [UInt32(words.count * 4), 0] + words)
    }
}
