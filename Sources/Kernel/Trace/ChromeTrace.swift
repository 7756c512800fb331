// The trace ring as Chrome's trace event format (JSON object form), which Perfetto and chrome://tracing show: a row for each
// processor with the tasks that it ran and the interrupts that it took, and jobs as spans of their own.
#if hasFeature(Embedded)
import CPU

public enum ChromeTrace {
    /// The text, UTF-8.
    public static func text() -> [UInt8] {
        var writer = Writer()
        writer.begin()
        // The start of what each processor runs since its last switch.
        var running: [TraceEvent?] = []
        Trace.forEach { event in
            while running.count <= Int(event.processor) { running.append(nil) }
            guard let kind = TraceEvent.Kind(rawValue: event.kind) else { return }
            switch kind {
            case .taskSwitch:
                if let last = running[Int(event.processor)] { writer.task(last, until: event.ticks) }
                running[Int(event.processor)] = event
            case .interrupt:
                var start = event
                start.ticks = event.b
                writer.interrupt(start, until: event.ticks)
            case .jobBegin: writer.job(event, "b")
            case .jobEnd: writer.job(event, "e")
            case .requestBegin: writer.request(event, "b")
            case .requestEnd: writer.request(event, "e")
            case .fault: writer.instant(event, "fault", "number", event.a)
            case .map: writer.instant(event, "map", "bytes", event.b)
            case .unmap: writer.instant(event, "unmap", "bytes", event.b)
            case .allocate: writer.instant(event, "allocate", "pages", event.a)
            case .free: writer.instant(event, "free", "pages", event.a)
            }
        }
        let now = cpu_tsc()
        for last in running { if let last { writer.task(last, until: now) } }
        writer.end()
        return writer.bytes
    }

    private struct Writer {
        var bytes: [UInt8] = []
        private var isFirst = true

        mutating func put(_ text: StaticString) { text.withUTF8Buffer { bytes.append(contentsOf: $0) } }

        mutating func number(_ value: UInt64) { writeDecimal(value) { bytes.append($0) } }

        /// Microseconds with three decimals.
        private mutating func time(_ nanoseconds: UInt64) {
            number(nanoseconds / 1000)
            put(".")
            for divisor in [100, 10, 1] as [UInt64] { bytes.append(48 + UInt8(nanoseconds / divisor % 10)) }
        }

        mutating func begin() { put("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[") }
        mutating func end() { put("]}") }

        private mutating func open(_ event: TraceEvent, _ phase: StaticString) {
            put(isFirst ? "{\"ph\":\"" : ",\n{\"ph\":\"")
            isFirst = false
            put(phase)
            put("\",\"pid\":0,\"tid\":")
            number(UInt64(event.processor))
            put(",\"ts\":")
            time(nanoseconds(event.ticks))
        }

        private func nanoseconds(_ ticks: UInt64) -> UInt64 { Scheduler.clock.nanoseconds(at: ticks) }

        /// Up to the opening of the name.
        private mutating func span(_ event: TraceEvent, until end: UInt64) {
            open(event, "X")
            put(",\"dur\":")
            time(nanoseconds(end) &- nanoseconds(event.ticks))
            put(",\"name\":\"")
        }

        /// The name is a constant of the image, ended by zero.
        mutating func task(_ event: TraceEvent, until end: UInt64) {
            span(event, until: end)
            if var name = UnsafePointer<UInt8>(bitPattern: UInt(event.b)) {
                while name.pointee != 0 {
                    bytes.append(name.pointee)
                    name += 1
                }
            }
            put("\",\"args\":{\"task\":")
            number(event.a)
            put("}}")
        }

        mutating func interrupt(_ event: TraceEvent, until end: UInt64) {
            span(event, until: end)
            put("interrupt ")
            number(event.a)
            put("\"}")
        }

        /// The beginning ("b") or end ("e") of a job.
        mutating func job(_ event: TraceEvent, _ phase: StaticString) {
            open(event, phase)
            put(",\"cat\":\"job\",\"id\":")
            number(event.a)
            put(",\"name\":\"")
            for word in [event.b, event.c] {
                for shift in stride(from: UInt64(0), to: 64, by: 8) {
                    let byte = UInt8(truncatingIfNeeded: word >> shift)
                    if byte == 0 { continue }
                    bytes.append(byte < 32 || byte > 126 || byte == 34 || byte == 92 ? 63 : byte)
                }
            }
            put("\"}")
        }

        /// The beginning ("b") or end ("e") of an execution for the link.
        mutating func request(_ event: TraceEvent, _ phase: StaticString) {
            open(event, phase)
            put(",\"cat\":\"request\",\"id\":")
            number(event.a)
            put(",\"name\":\"execute\"}")
        }

        mutating func instant(_ event: TraceEvent, _ name: StaticString, _ key: StaticString, _ value: UInt64) {
            open(event, "i")
            put(",\"s\":\"t\",\"name\":\"")
            put(name)
            put("\",\"args\":{\"")
            put(key)
            put("\":")
            number(value)
            put("}}")
        }
    }
}
#endif
