// Tensor data: a type and contiguous row-major memory.
import JaxPlatform

/// A block of memory for tensor data, taken from the platform and given back when the last reference goes.
public final class Storage {
    public let bytes: UnsafeMutableRawPointer
    public let byteCount: Int
    /// Whether somebody else frees the memory.
    public let isBorrowed: Bool
    /// Whether borrowed memory may be written to: its owner has no more use for the elements.
    public let isOverwritable: Bool

    /// Uninitialised memory. Throws `resourceExhausted` where the platform has none.
    public init(byteCount: Int) throws(JaxError) {
        guard byteCount >= 0, let bytes = platform.allocate(byteCount: byteCount) else {
            throw JaxError(.resourceExhausted, "out of memory allocating \(byteCount) bytes")
        }
        self.bytes = bytes
        self.byteCount = byteCount
        isBorrowed = false
        isOverwritable = false
    }

    /// Memory that somebody else keeps alive and frees.
    public init(borrowing bytes: UnsafeMutableRawPointer, byteCount: Int, mayOverwrite: Bool = false) {
        self.bytes = bytes
        self.byteCount = byteCount
        isBorrowed = true
        isOverwritable = mayOverwrite
    }

    deinit {
        if !isBorrowed { platform.deallocate(bytes, byteCount: byteCount) }
    }
}

/// An array value: static type, dense row-major elements of `type.dtype.byteWidth` bytes each.
///
/// Tensors are immutable once made: whoever calls `init(type)` fills the storage before handing the tensor on.
public struct Tensor {
    public let type: TensorType
    public private(set) var storage: Storage

    /// Uninitialised elements. Throws `valueError` for a type without a size, `resourceExhausted` without memory.
    public init(_ type: TensorType) throws(JaxError) {
        guard let count = type.checkedElementCount else {
            throw JaxError(.valueError, "a tensor of type \(type) has no size in memory")
        }
        self.type = type
        self.storage = try Storage(byteCount: count * type.dtype.byteWidth)
    }

    /// The elements of `storage` seen as `type`, which must need no more bytes than it has.
    public init(_ type: TensorType, storage: Storage) {
        precondition(type.byteCount <= storage.byteCount)
        self.type = type
        self.storage = storage
    }

    /// The same elements under a new `Storage` that does not own them: how a tensor enters a job (`Job.swift`, The
    /// boundary). The caller keeps the original alive until the job has ended and copies what it wants to keep. A donated
    /// tensor, whose elements nobody needs any more, may be overwritten.
    public func borrowed(mayOverwrite: Bool = false) -> Tensor {
        Tensor(type.detached(), storage: Storage(borrowing: storage.bytes, byteCount: storage.byteCount, mayOverwrite: mayOverwrite))
    }

    /// A tensor that owns all its memory, as it leaves a job: a copy where the elements are borrowed. The type may be a
    /// program's, which may be dropped before the tensor is.
    public func owned() throws(JaxError) -> Tensor {
        if !storage.isBorrowed { return Tensor(type.detached(), storage: storage) }
        let copy = try Tensor(type.detached())
        copy.bytes.copyMemory(from: bytes, byteCount: type.byteCount)
        return copy
    }

    /// Whether the storage is nobody else's, so that whoever holds this tensor may overwrite it.
    public mutating func isUnique() -> Bool { (!storage.isBorrowed || storage.isOverwritable) && isKnownUniquelyReferenced(&storage) }

    public var elementCount: Int { type.elementCount }
    public var shape: [Int] { type.shape }
    public var dtype: DType { type.dtype }
    public var bytes: UnsafeMutableRawPointer { storage.bytes }

    /// The elements as `Element`, whose size must be the dtype's. Valid as long as this tensor is: keep it in a variable.
    @inline(__always)
    public func elements<Element>(as: Element.Type) -> UnsafeMutableBufferPointer<Element> {
        UnsafeMutableBufferPointer(start: bytes.assumingMemoryBound(to: Element.self), count: elementCount)
    }
}

/// A constant of a program: all elements, or one that stands for all (a splat), so that a small file cannot ask for
/// much memory before it runs.
public final class Literal: Equatable {
    public let type: TensorType
    public let isSplat: Bool
    /// `type.elementCount` elements, or one if `isSplat`; little endian, one byte each for types below 8 bits.
    public let storage: Storage

    public init(type: TensorType, isSplat: Bool, storage: Storage) {
        self.type = type
        self.isSplat = isSplat
        self.storage = storage
    }

    /// Of the same type, with the same bytes; a splat is no list of equal elements.
    public static func == (a: Literal, b: Literal) -> Bool {
        if a === b { return true }
        guard a.type == b.type, a.isSplat == b.isSplat, a.byteCount <= a.storage.byteCount, a.byteCount <= b.storage.byteCount else {
            return false
        }
        let x = UnsafeRawBufferPointer(start: a.storage.bytes, count: a.byteCount)
        let y = UnsafeRawBufferPointer(start: b.storage.bytes, count: b.byteCount)
        return x.elementsEqual(y)
    }

    /// Bytes that are stored.
    public var byteCount: Int { (isSplat ? 1 : type.elementCount) * type.dtype.byteWidth }
}
