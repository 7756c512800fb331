// Conversion between a counter of fixed frequency and nanoseconds, by one wide multiplication each way.

/// The frequency of a counter, as two fixed-point factors.
public struct TickScale {
    public let hertz: UInt64
    /// Nanoseconds a tick, and ticks a nanosecond, times 2^32.
    private let nanosecondsFactor: UInt64
    private let ticksFactor: UInt64

    /// Counters from 1 kHz to 1 THz; other values, which no counter has, are taken to the nearest.
    public init(hertz: UInt64) {
        self.hertz = min(max(hertz, 1_000), 1_000_000_000_000)
        nanosecondsFactor = (1_000_000_000 as UInt64).shifted32(dividedBy: self.hertz)
        ticksFactor = self.hertz.shifted32(dividedBy: 1_000_000_000)
    }

    @inline(__always)
    public func nanoseconds(_ ticks: UInt64) -> UInt64 { Self.scale(ticks, nanosecondsFactor) }

    @inline(__always)
    public func ticks(_ nanoseconds: UInt64) -> UInt64 { Self.scale(nanoseconds, ticksFactor) }

    /// `value * factor / 2^32`, exact but for the last bit; saturates instead of overflowing.
    @inline(__always)
    private static func scale(_ value: UInt64, _ factor: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        guard product.high < 1 << 32 else { return .max }
        return product.high << 32 | product.low >> 32
    }
}

extension UInt64 {
    /// `self * 2^32 / divisor` for a divisor above `self >> 32`.
    fileprivate func shifted32(dividedBy divisor: UInt64) -> UInt64 {
        divisor.dividingFullWidth((self >> 32, self << 32)).quotient
    }
}

/// What two simultaneous readings of a counter and of a reference clock say about the counter's frequency.
public struct CounterSample {
    public let counter: UInt64
    public let reference: UInt64

    public init(counter: UInt64, reference: UInt64) {
        self.counter = counter
        self.reference = reference
    }

    /// The counter's frequency in hertz, from `earlier` to here, by a reference that ticks `referenceHertz` times a second;
    /// nil when the reference did not advance.
    public func hertz(since earlier: CounterSample, referenceHertz: UInt64) -> UInt64? {
        let elapsed = reference &- earlier.reference, ticks = counter &- earlier.counter
        guard elapsed > 0 else { return nil }
        let product = ticks.multipliedFullWidth(by: referenceHertz)
        guard product.high < elapsed else { return nil }
        return elapsed.dividingFullWidth((product.high, product.low)).quotient
    }
}
