// What the compiler knows of a `while`, for whoever executes it: an executor that has not the condition at hand need not ask for it.
import JaxIR

/// Of a `while` whose condition holds a known number of times. No file holds it.
public final class KnownTrips: Parameters {
    public let count: Int

    public init(_ count: Int) { self.count = count }

    public required init() { count = 0 }
}
