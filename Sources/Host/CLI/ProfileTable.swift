// A recorded execution as a table for people, and as Chrome trace events for Perfetto.
import Glibc
import JaxPlatform
import WireProtocol

extension ProfileReport {
    /// A line a row, the longest first, then the total. Figures are sums of all calls.
    func table() -> [String] {
        let order = rows.sorted { $0.nanoseconds > $1.nanoseconds }
        var cells = [["", "calls", "time/us", "share", "bytes", "flops", "from"]]
        for row in order {
            cells.append([row.name + (row.isKernel ? "" : " (evaluated)"), "\(row.calls)", microseconds(row.nanoseconds),
                          share(row.nanoseconds), "\(row.bytes)", row.flops < 0 ? "-" : "\(row.flops)", row.source])
        }
        let sum = rows.reduce(0) { $0 &+ $1.nanoseconds }, rest = nanoseconds > sum ? nanoseconds - sum : 0
        cells.append(["between them", "", microseconds(rest), share(rest), "", "", "constants, memory, control flow"])
        cells.append(["total", "\(rows.reduce(0) { $0 + $1.calls })", microseconds(nanoseconds), share(nanoseconds),
                      "\(rows.reduce(0) { $0 &+ $1.bytes })", "\(rows.reduce(0) { $0 &+ max(0, $1.flops) })", ""])
        return aligned(cells)
    }

    private func microseconds(_ nanoseconds: UInt64) -> String { "\(nanoseconds / 1000).\(nanoseconds / 100 % 10)" }

    private func share(_ part: UInt64) -> String {
        let thousandths = nanoseconds == 0 ? 0 : Int((Double(part) * 1000 / Double(nanoseconds)).rounded())
        return "\(thousandths / 10).\(thousandths % 10) %"
    }

    /// The first and the last column to the left, the others to the right.
    private func aligned(_ cells: [[String]]) -> [String] {
        let last = cells[0].count - 1
        let widths = (0..<last).map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            var line = ""
            for column in 0..<last {
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                line += (column == 0 ? row[column] + space : "  " + space + row[column])
            }
            line += row[last].isEmpty ? "" : "  " + row[last]
            return line
        }
    }

    /// Chrome's trace event format, JSON object form: the execution as one span and each run of a row as one within it, in microseconds
    /// of the machine's clock.
    func trace(of program: String) -> String {
        var text = "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped_events\":\(droppedEvents)},\"traceEvents\":[\n"
        text += span(program, begun, nanoseconds)
        for index in stride(from: 0, to: events.count, by: 3) {
            let row = rows[Int(events[index])]
            text += ",\n" + span(row.name, events[index + 1], events[index + 2], row)
        }
        return text + "\n]}\n"
    }

    private func span(_ name: String, _ start: UInt64, _ duration: UInt64, _ row: Row? = nil) -> String {
        var text = "{\"ph\":\"X\",\"pid\":0,\"tid\":0,\"ts\":\(start / 1000).\(thousandths(start)),\"dur\":\(duration / 1000)."
            + "\(thousandths(duration)),\"name\":\(quoted(name))"
        if let row { text += ",\"cat\":\"\(row.isKernel ? "kernel" : "evaluated")\",\"args\":{\"from\":\(quoted(row.source))}" }
        return text + "}"
    }

    private func thousandths(_ nanoseconds: UInt64) -> String {
        let digits = "\(nanoseconds % 1000)"
        return String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// A JSON string.
    private func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case _ where scalar.value < 32: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
