// From a dtype to a Swift type: a kernel is a struct with one generic method, and `dispatch` calls it with the type.
// Each kernel is specialised for every type that its protocol admits, so choose the narrowest one: data that is only
// moved needs no more than `dispatchWidth` (five types), and 16-bit floats may go by way of Float (`Widening.swift`).
import JaxIR
import JaxPlatform

public protocol NumericKernel {
    associatedtype Output
    func run<T: NumericElement>(_ type: T.Type) throws(JaxError) -> Output
}

public protocol IntegerKernel {
    associatedtype Output
    func run<T: IntegerElement>(_ type: T.Type) throws(JaxError) -> Output
}

public protocol FloatKernel {
    associatedtype Output
    func run<T: FloatElement>(_ type: T.Type) throws(JaxError) -> Output
}

public protocol ComplexKernel {
    associatedtype Output
    func run<T: ComplexPart>(_ part: T.Type) throws(JaxError) -> Output
}

/// A kernel that moves elements without looking into them.
public protocol WidthKernel {
    associatedtype Output
    func run<T: BitwiseCopyable>(_ type: T.Type) throws(JaxError) -> Output
}

/// Sixteen bytes: a complex128 that is only moved.
public struct Bytes16: BitwiseCopyable {
    public var low: UInt64
    public var high: UInt64

    public init(low: UInt64 = 0, high: UInt64 = 0) {
        self.low = low
        self.high = high
    }
}

func unavailable(_ what: String, _ dtype: DType) -> JaxError {
    JaxError(.notImplemented, what + " is not available on " + dtype.name)
}

/// Calls the kernel with the type of `dtype`; throws `notImplemented`, naming `what`, for a type it cannot have.
func dispatchNumeric<K: NumericKernel>(_ dtype: DType, _ kernel: K, _ what: String) throws(JaxError) -> K.Output {
    switch dtype {
    case .i1: return try kernel.run(Boolean.self)
    case .i8: return try kernel.run(Int8.self)
    case .i16: return try kernel.run(Int16.self)
    case .i32: return try kernel.run(Int32.self)
    case .i64: return try kernel.run(Int64.self)
    case .u8: return try kernel.run(UInt8.self)
    case .u16: return try kernel.run(UInt16.self)
    case .u32: return try kernel.run(UInt32.self)
    case .u64: return try kernel.run(UInt64.self)
    case .bf16: return try kernel.run(BFloat16.self)
    case .f16: return try kernel.run(Float16.self)
    case .f32: return try kernel.run(Float.self)
    case .f64: return try kernel.run(Double.self)
    case .c64: return try kernel.run(Complex<Float>.self)
    case .c128: return try kernel.run(Complex<Double>.self)
    default: throw unavailable(what, dtype)
    }
}

/// All but the integers: booleans, floats and complex numbers.
func dispatchInexact<K: NumericKernel>(_ dtype: DType, _ kernel: K, _ what: String) throws(JaxError) -> K.Output {
    switch dtype {
    case .i1: return try kernel.run(Boolean.self)
    case .bf16: return try kernel.run(BFloat16.self)
    case .f16: return try kernel.run(Float16.self)
    case .f32: return try kernel.run(Float.self)
    case .f64: return try kernel.run(Double.self)
    case .c64: return try kernel.run(Complex<Float>.self)
    case .c128: return try kernel.run(Complex<Double>.self)
    default: throw unavailable(what, dtype)
    }
}

func dispatchInteger<K: IntegerKernel>(_ dtype: DType, _ kernel: K, _ what: String) throws(JaxError) -> K.Output {
    switch dtype {
    case .i8: return try kernel.run(Int8.self)
    case .i16: return try kernel.run(Int16.self)
    case .i32: return try kernel.run(Int32.self)
    case .i64: return try kernel.run(Int64.self)
    case .u8: return try kernel.run(UInt8.self)
    case .u16: return try kernel.run(UInt16.self)
    case .u32: return try kernel.run(UInt32.self)
    case .u64: return try kernel.run(UInt64.self)
    default: throw unavailable(what, dtype)
    }
}

func dispatchFloat<K: FloatKernel>(_ dtype: DType, _ kernel: K, _ what: String) throws(JaxError) -> K.Output {
    switch dtype {
    case .bf16: return try kernel.run(BFloat16.self)
    case .f16: return try kernel.run(Float16.self)
    case .f32: return try kernel.run(Float.self)
    case .f64: return try kernel.run(Double.self)
    default: throw unavailable(what, dtype)
    }
}

/// `dtype` is the complex type or that of its parts.
func dispatchComplex<K: ComplexKernel>(_ dtype: DType, _ kernel: K, _ what: String) throws(JaxError) -> K.Output {
    switch dtype.real {
    case .f32: return try kernel.run(Float.self)
    case .f64: return try kernel.run(Double.self)
    default: throw unavailable(what, dtype)
    }
}

/// By the size of an element in memory: every dtype has one of five.
func dispatchWidth<K: WidthKernel>(_ dtype: DType, _ kernel: K) throws(JaxError) -> K.Output {
    switch dtype.byteWidth {
    case 1: return try kernel.run(UInt8.self)
    case 2: return try kernel.run(UInt16.self)
    case 4: return try kernel.run(UInt32.self)
    case 8: return try kernel.run(UInt64.self)
    default: return try kernel.run(Bytes16.self)
    }
}
