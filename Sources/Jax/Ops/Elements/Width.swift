// Kernels that move elements without looking into them: one loop for each size that an element can have.
import JaxIR
import JaxPlatform

/// A kernel that moves elements without looking into them.
protocol WidthKernel {
    func run<T: BitwiseCopyable>(_ type: T.Type)
}

/// By the size of an element in memory: every dtype has one of five.
func dispatchWidth<K: WidthKernel>(_ dtype: DType, _ kernel: K) {
    switch dtype.byteWidth {
    case 1: kernel.run(UInt8.self)
    case 2: kernel.run(UInt16.self)
    case 4: kernel.run(UInt32.self)
    case 8: kernel.run(UInt64.self)
    default: kernel.run(Bytes16.self)
    }
}

func unavailable(_ what: String, _ dtype: DType) -> JaxError {
    JaxError(.notImplemented, what + " is not available on " + dtype.name)
}
