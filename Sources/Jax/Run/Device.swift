// The seam between the session and what executes programs: a processor today, accelerators beside it. A device keeps arrays,
// compiles programs for itself and executes them; the session knows no more of it.
import JaxIR
import JaxOps
import JaxPlatform

/// How a device is to execute a program.
public enum Method: UInt8 {
    /// As code of its own, as far as its compiler goes.
    case compiled
    /// Operation by operation: slower, and the oracle for everything else.
    case evaluated

    public init(usesEvaluator: Bool) { self = usesEvaluator ? .evaluated : .compiled }
}

/// Something that executes programs.
public protocol Device: AnyObject {
    /// "cpu:0": the platform's name and a number.
    var name: String { get }
    /// Free text: the processor's or the accelerator's own name.
    var description: String { get }
    /// Bytes; 0 where unknown.
    var memoryBytes: Int { get }
    /// Programs executed so far; of an accelerator kernels dispatched.
    var dispatchCount: Int { get }

    /// An array on this device with the elements of `tensor`, which do not change any more.
    func put(_ tensor: Tensor) throws(JaxError) -> DeviceArray

    /// The elements of one of this device's arrays, in the machine's memory. Throws `deviceError` for a deleted one.
    func fetch(_ array: DeviceArray) throws(JaxError) -> Tensor

    /// Gets ready for `compile` and `execute`; called before either, outside of jobs.
    func prepare() throws(JaxError)

    /// Makes a verified program with known shapes executable on this device. Called within a job, whose result it is.
    func compile(_ module: Module, for argumentTypes: [TensorType], by method: Method) throws(JaxError) -> Executable

    /// Executes, as a job of its own, a program that this device compiled, on arrays of its own: one for each tensor parameter of
    /// `main`. Where `donated` says so, an array is deleted and its memory may be used for results.
    /// With `profiles` the execution is recorded.
    func execute(_ executable: Executable, _ inputs: [DeviceArray], donated: [Bool], _ job: JobRequest,
                 profiles: Bool) throws(JaxError) -> Execution
}

extension Device {
    public func prepare() throws(JaxError) {}

    /// Whether it is of a platform: "cpu:0" is of "cpu".
    func isOf(platform: String) -> Bool { name.utf8.prefix { $0 != UInt8(ascii: ":") }.elementsEqual(platform.utf8) }
}

/// What came of an execution.
public struct Execution {
    public var results: [DeviceArray]
    /// The record, where one was asked for.
    public var profile: Profile?

    public init(results: [DeviceArray], profile: Profile? = nil) {
        self.results = results
        self.profile = profile
    }
}

/// An array in a device's memory. Each kind of device has its subclass.
open class DeviceArray {
    public let type: TensorType
    public let device: any Device

    public init(_ type: TensorType, on device: any Device) {
        self.type = type
        self.device = device
    }
}

/// A program compiled for argument types and a device: what transformation "jit" makes. Each kind of device has its subclass.
/// It is the program's own: its memory may be released whole and refers to nothing outside but the device.
open class Executable {
    /// The types of `main`'s parameters that are tensors, in order.
    public let argumentTypes: [TensorType]
    public let module: Module
    public unowned(unsafe) let device: any Device
    public let method: Method
    /// Its kernels, and what it leaves to the evaluator.
    public let coverage: Coverage
    /// Uses beyond the first.
    public internal(set) var hits = 0

    public init(argumentTypes: [TensorType], module: Module, device: any Device, method: Method, coverage: Coverage) {
        self.method = method
        self.coverage = coverage
        var types: [TensorType] = []
        for type in argumentTypes { types.append(type.detached()) }
        self.argumentTypes = types
        self.module = module
        self.device = device
    }
}
