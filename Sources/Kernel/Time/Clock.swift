// Monotonic time: the time-stamp counter, its frequency taken from the processor where it tells, else measured.
// Measuring begins early in the boot and ends when the frequency is first needed, so that it costs little waiting.
#if hasFeature(Embedded)
import CPU

/// The machine's clock. One for all processors: QEMU and every processor with an invariant TSC keep the counters together.
public struct Clock {
    /// Long enough that a reading's jitter of a microsecond weighs a thousandth.
    private static let measuringNanoseconds: UInt64 = 2_000_000

    private let timer: ReferenceTimer
    private let start: CounterSample
    private let startTimer: UInt32
    private let entry: UInt64
    public private(set) var scale: TickScale
    /// Frequency of the local APIC's timer with divisor 1.
    public private(set) var apicTimer: TickScale

    /// Begins measuring. `entry` is the counter at the image's first instruction, time zero; `hpet` its mapped registers or 0.
    /// The local APIC of this processor is enabled.
    public init(entry: UInt64, hpet: UInt) {
        self.entry = entry
        timer = ReferenceTimer(hpet: hpet)
        LocalAPIC.startTimer(count: ~0, periodic: false, masked: true)
        (start, startTimer) = Self.sample(timer)
        scale = TickScale(hertz: 1_000_000_000)
        apicTimer = TickScale(hertz: 1_000_000_000)
    }

    /// Readings of both counters at one instant: the reading of three that was least disturbed.
    private static func sample(_ timer: ReferenceTimer) -> (CounterSample, UInt32) {
        var best = (CounterSample(counter: 0, reference: 0), UInt32(0)), width = UInt64.max
        for _ in 0..<3 {
            let before = cpu_tsc()
            let reference = timer.read()
            let count = LocalAPIC.timerCount
            let after = cpu_tsc()
            if after &- before < width {
                width = after &- before
                best = (CounterSample(counter: before &+ width / 2, reference: reference), count)
            }
        }
        return best
    }

    /// Ends measuring: waits until enough time has passed since `init`, and sets both scales.
    public mutating func calibrate() {
        let needed = timer.hertz * Self.measuringNanoseconds / 1_000_000_000
        var now = Self.sample(timer)
        while now.0.reference &- start.reference < needed { now = Self.sample(timer) }
        let measured = now.0.hertz(since: start, referenceHertz: timer.hertz)
        scale = TickScale(hertz: Self.reportedHertz() ?? measured ?? 1_000_000_000)
        let apic = CounterSample(counter: UInt64(startTimer &- now.1), reference: now.0.reference)
        apicTimer = TickScale(hertz: apic.hertz(since: CounterSample(counter: 0, reference: start.reference), referenceHertz: timer.hertz)
                              ?? 1_000_000_000)
        LocalAPIC.stopTimer()
    }

    /// What the processor or the hypervisor says: CPUID leaf 15H, or the timing leaf 4000_0010H.
    private static func reportedHertz() -> UInt64? {
        if cpu_cpuid(0, 0).eax >= 0x15 {
            let leaf = cpu_cpuid(0x15, 0)
            if leaf.eax != 0, leaf.ebx != 0, leaf.ecx != 0 { return UInt64(leaf.ecx) * UInt64(leaf.ebx) / UInt64(leaf.eax) }
        }
        guard cpu_cpuid(1, 0).ecx & 1 << 31 != 0, cpu_cpuid(0x4000_0000, 0).eax >= 0x4000_0010 else { return nil }
        let kilohertz = UInt64(cpu_cpuid(0x4000_0010, 0).eax)
        return kilohertz > 0 ? kilohertz * 1000 : nil
    }

    /// Nanoseconds since the image's first instruction; before `calibrate` as if the counter ran at 1 GHz.
    @inline(__always)
    public var nanoseconds: UInt64 { scale.nanoseconds(cpu_tsc() &- entry) }

    /// The time at a value of the counter.
    public func nanoseconds(at counter: UInt64) -> UInt64 { counter > entry ? scale.nanoseconds(counter - entry) : 0 }

    /// The counter's value at a time.
    @inline(__always)
    public func counter(at nanoseconds: UInt64) -> UInt64 { scale.ticks(nanoseconds) &+ entry }
}
#endif
