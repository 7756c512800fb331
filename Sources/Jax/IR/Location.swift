// Source locations as the program carries them: files, lines and JAX's name stack.

/// An index into a module's `LocationTable`.
public struct LocationID: Equatable {
    public var index: Int32

    public init(_ index: Int32) { self.index = index }

    public static let unknown = LocationID(-1)
}

/// Where an operation came from (`mlir/IR/BuiltinLocationAttributes.td`).
public indirect enum Location {
    case unknown
    case file(name: String, line: Int, column: Int)
    /// JAX's name stack, "jit(f)/dot_general", over the place it names.
    case name(String, LocationID)
    case callSite(callee: LocationID, caller: LocationID)
    case fused([LocationID])
}

/// The locations of a module, each stored once.
public struct LocationTable {
    public private(set) var locations: [Location]

    public init() { locations = [] }

    public mutating func add(_ location: Location) -> LocationID {
        locations.append(location)
        return LocationID(Int32(locations.count - 1))
    }

    /// Says what a location that was added before it was known is.
    public mutating func define(_ id: LocationID, as location: Location) {
        locations[Int(id.index)] = location
    }

    public subscript(id: LocationID) -> Location {
        id.index >= 0 && Int(id.index) < locations.count ? locations[Int(id.index)] : .unknown
    }

    /// "model.py:12:4 (jit(f)/dot_general)", or nil where nothing is known. Follows at most 64 links.
    public func describe(_ id: LocationID) -> String? {
        var names: String?
        var current = id
        for _ in 0..<64 {
            switch self[current] {
            case .unknown:
                return names.map { "(" + $0 + ")" }
            case .file(let file, let line, let column):
                let place = "\(file):\(line):\(column)"
                return names.map { place + " (" + $0 + ")" } ?? place
            case .name(let name, let child):
                if names == nil { names = name }
                current = child
            case .callSite(let callee, _):
                current = callee
            case .fused(let parts):
                guard let first = parts.first else { return names.map { "(" + $0 + ")" } }
                current = first
            }
        }
        return names.map { "(" + $0 + ")" }
    }
}
