import ArgumentParser
import Glibc
import HostMachine
import JaxPlatform

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say what this host offers, what is missing, and what mends it.")

    func run() throws {
        var missing = 0
        for finding in HostReport.findings() {
            print((finding.isGood ? "ok       " : "missing  ") + finding.what.padded(to: 22) + finding.detail)
            if let remedy = finding.remedy {
                print("         " + "".padded(to: 22) + "mend: " + remedy)
                if finding.isRequired { missing += 1 }
            }
        }
        if missing > 0 { throw ExitCode(1) }
    }
}

private extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
