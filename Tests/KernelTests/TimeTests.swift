import Testing
@testable import Kernel

@Suite struct TimeTests {
    @Test(arguments: [UInt64(1_193_182), 14_318_180, 1_000_000_000, 2_100_000_000, 3_999_999_999])
    func scalesBothWays(hertz: UInt64) {
        let scale = TickScale(hertz: hertz)
        for seconds in [UInt64(0), 1, 60, 86_400, 31_557_600] {
            let expected = seconds * 1_000_000_000
            let got = scale.nanoseconds(seconds * hertz)
            #expect(max(got, expected) - min(got, expected) <= seconds + expected / 1_000_000_000 + 1)
            let back = scale.ticks(expected)
            #expect(max(back, seconds * hertz) - min(back, seconds * hertz) <= seconds * 2 + 1)
        }
        #expect(scale.nanoseconds(.max) >= .max / 5)
    }

    @Test func measuresAFrequency() {
        let start = CounterSample(counter: .max - 5, reference: 100)
        #expect(CounterSample(counter: 2_099_994, reference: 1100).hertz(since: start, referenceHertz: 1_000_000) == 2_100_000_000)
        #expect(start.hertz(since: start, referenceHertz: 1) == nil)
    }
}
