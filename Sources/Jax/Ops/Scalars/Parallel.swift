// Loops over rows on all processors, with typed errors.
import JaxPlatform

/// Into how many parts a loop over `count` independent rows that costs `work` element steps is worth splitting.
func partCount(_ count: Int, work: Int) -> Int { work < 1 << 15 ? 1 : max(1, min(count, 16)) }

/// Calls `body` with each part's number and range of `0..<count`; the first error of any part is thrown.
func inParallel(_ count: Int, parts: Int, _ body: (_ part: Int, _ range: Range<Int>) throws(JaxError) -> Void) throws(JaxError) {
    if parts <= 1 {
        try body(0, 0..<count)
        return
    }
    let errors = UnsafeMutablePointer<JaxError?>.allocate(capacity: parts)
    errors.initialize(repeating: nil, count: parts)
    defer {
        errors.deinitialize(count: parts)
        errors.deallocate()
    }
    let size = count / parts, rest = count % parts
    platform.parallelFor(parts) { part in
        let lower = part * size + min(part, rest)
        do throws(JaxError) {
            try body(part, lower..<(lower + size + (part < rest ? 1 : 0)))
        } catch {
            errors[part] = error
        }
    }
    for part in 0..<parts {
        if let error = errors[part] { throw error }
    }
}
