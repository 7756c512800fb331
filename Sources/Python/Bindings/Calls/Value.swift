// Python values as Swift sees them: copies of what was passed, and handles of Swift's own objects.
import JaxPlatform

/// An object that Python code holds by a handle: arrays, dtypes, loaded programs.
open class NativeObject {
    /// References that Python's objects have; while there are any, the object stands in the list of all that Python holds.
    fileprivate var holds = 0
    fileprivate var next, previous: Unmanaged<NativeObject>?

    public init() {}

    /// The native module whose functions are the object's attributes.
    open var className: StaticString { "object" }
    /// Memory behind the object that Python's collector does not see.
    open var byteCount: Int { 0 }
}

/// What the objects of one interpreter hold: when it ends they are gone without having let go of it.
///
/// The list is never left half changed by a forced end.
struct HeldObjects {
    private var first: Unmanaged<NativeObject>?

    /// One more reference of Python's.
    mutating func retain(_ object: NativeObject) -> UnsafeMutableRawPointer {
        let reference = Unmanaged.passUnretained(object)
        promptHost.shielded {
            _ = reference.retain()
            object.holds += 1
            if object.holds == 1 {
                object.previous = nil
                object.next = first
                first?.takeUnretainedValue().previous = reference
                first = reference
            }
        }
        return reference.toOpaque()
    }

    mutating func release(_ handle: UnsafeMutableRawPointer) {
        promptHost.shielded {
            let reference = Unmanaged<NativeObject>.fromOpaque(handle)
            reference._withUnsafeGuaranteedRef { $0.holds -= 1 }
            if reference._withUnsafeGuaranteedRef({ $0.holds }) == 0 { remove(reference) }
            reference.release()
        }
    }

    /// Lets go of everything.
    mutating func releaseAll() {
        promptHost.shielded {
            while let reference = first {
                let count = reference._withUnsafeGuaranteedRef { $0.holds }
                reference._withUnsafeGuaranteedRef { $0.holds = 0 }
                remove(reference)
                for _ in 0..<count { reference.release() }
            }
        }
    }

    private mutating func remove(_ reference: Unmanaged<NativeObject>) {
        let object = reference.takeUnretainedValue()
        if let previous = object.previous { previous.takeUnretainedValue().next = object.next } else { first = object.next }
        object.next?.takeUnretainedValue().previous = object.previous
        object.next = nil
        object.previous = nil
    }
}

/// A value that crosses the border in either direction.
public indirect enum Value {
    case none
    case ellipsis
    case bool(Bool)
    case int(Int)
    /// An integer beyond 64 bits, in decimal digits.
    case bigInteger(String)
    case float(Double)
    case complex(Double, Double)
    case string(String)
    /// Bytes of Python's, valid during the call.
    case bytes(UnsafeRawBufferPointer)
    /// Bytes of Swift's, copied when they are handed over.
    case data([UInt8])
    case list([Value])
    case tuple([Value])
    case dictionary([(key: Value, value: Value)])
    case namedTuple(String, [(name: String, value: Value)])
    case slice(Value, Value, Value)
    case object(NativeObject)
    /// Something that has no form here; its type's name.
    case unknown(String)

    /// The type's name in Python, for messages.
    public var typeName: String {
        switch self {
        case .none: return "NoneType"
        case .ellipsis: return "ellipsis"
        case .bool: return "bool"
        case .int, .bigInteger: return "int"
        case .float: return "float"
        case .complex: return "complex"
        case .string: return "str"
        case .bytes, .data: return "bytes"
        case .list: return "list"
        case .tuple: return "tuple"
        case .dictionary: return "dict"
        case .namedTuple(let name, _): return name
        case .slice: return "slice"
        case .object(let object): return object.className.description
        case .unknown(let name): return name
        }
    }

    public var isNone: Bool {
        if case .none = self { return true }
        return false
    }

    /// The items of a list or a tuple.
    public var items: [Value]? {
        switch self {
        case .list(let items), .tuple(let items): return items
        case .namedTuple(_, let fields): return fields.map { $0.value }
        default: return nil
        }
    }
}
