// Copies and fills as kernels: they find their memory in the table as all kernels do, so that a list holds for any arguments.
import JaxPlatform
import Loops
import SPIRVRenderer

enum DeviceMoves {
    /// The widest elements that a number of bytes consists of.
    private static func element(_ byteCount: Int) -> ElementType {
        byteCount % 8 == 0 ? .i64 : byteCount % 4 == 0 ? .i32 : byteCount % 2 == 0 ? .u16 : .u8
    }

    /// From the first entry's address to the second's; nil where the device cannot.
    static func copy(byteCount: Int, _ target: ShaderTarget) -> ShaderCode? {
        let element = element(byteCount), count = byteCount / element.byteCount
        let builder = KernelBuilder()
        let from = builder.buffer(element, count: count), to = builder.buffer(element, count: count, isWritten: true)
        builder.loop(.vector, count: count) { place in
            var index = LoopIndex()
            index.add(place, stride: 1)
            builder.store(builder.load(from, index), to: to, index)
        }
        return ShaderCode.render(builder.finish(name: "copy").scheduled(), for: target, source: nil)
    }

    /// `count` times the `width` bytes at `pattern`, to the first entry's address; nil where the device cannot.
    static func fill(_ pattern: UnsafeRawPointer?, width: Int, count: Int, _ target: ShaderTarget) -> ShaderCode? {
        guard let pattern else { return nil }
        let words = max(1, width / 8), element = element(min(width, 8))
        let builder = KernelBuilder()
        let to = builder.buffer(element, count: count * words, isWritten: true)
        builder.loop(.vector, count: count) { place in
            for word in 0..<words {
                var index = LoopIndex(word)
                index.add(place, stride: words)
                builder.store(builder.constant(element.lane, bits: element.load(pattern + 8 * word)), to: to, index)
            }
        }
        return ShaderCode.render(builder.finish(name: "fill").scheduled(), for: target, source: nil)
    }
}
