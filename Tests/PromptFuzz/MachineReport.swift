// What the machine reports in answer to `Inject`.
import Foundation

struct MachineReport: Decodable {
    struct Owner: Decodable {
        let name: String
        let bytes: Int
    }

    struct Record: Decodable {
        let kind: String
        let text: String
    }

    let faults: UInt64
    let records: [Record]
    let owners: [Owner]

    init(_ text: String) throws { self = try JSONDecoder().decode(MachineReport.self, from: Data(text.utf8)) }

    /// Bytes by owner; owners of the same name are one.
    var ledger: [String: Int] {
        var ledger: [String: Int] = [:]
        for owner in owners { ledger[owner.name, default: 0] += owner.bytes }
        return ledger
    }
}
