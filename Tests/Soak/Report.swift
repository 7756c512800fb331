// What the machine reports in answer to `Inject`.
import Foundation

struct Report: Decodable {
    struct Owner: Decodable {
        let id: Int
        let name: String
        let bytes: Int
        let blocks: Int
    }

    struct Fault: Decodable {
        let number: UInt64
        let kind: String
        let text: String
        let job: Int
        let in_interrupt: Bool
    }

    let struck: Int
    let armed: Bool
    let faults: UInt64
    let records: [Fault]
    let poisoned_locks: Int
    /// Faults whose answer was more than the end of a job.
    let climbed: Int
    let bystander: Int
    let bystander_is_sound: Bool
    let used_bytes: Int
    let owners: [Owner]

    init(_ text: String) throws { self = try JSONDecoder().decode(Report.self, from: Data(text.utf8)) }

    /// Bytes by owner; owners of the same name are one.
    var ledger: [String: Int] {
        var ledger: [String: Int] = [:]
        for owner in owners { ledger[owner.name, default: 0] += owner.bytes }
        return ledger
    }
}
