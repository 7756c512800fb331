// The devices that programs can execute on.
import JaxPlatform

/// One device as users see it.
public final class Device {
    /// "cpu:0".
    public let name: String
    /// Free text: the processor's or the accelerator's own name.
    public let description: String
    /// Bytes; 0 where unknown.
    public let memoryBytes: Int
    /// Programs executed on it so far.
    public var dispatchCount = 0

    public init(name: String, description: String, memoryBytes: Int) {
        self.name = name
        self.description = description
        self.memoryBytes = memoryBytes
    }

    /// "cpu" of "cpu:0".
    public var platformName: String {
        var platform = ""
        for character in name {
            if character == ":" { break }
            platform.append(character)
        }
        return platform
    }
}
