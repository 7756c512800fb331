// The table of messages: one line each. A message's fields stand with its type in Messages/.

/// What a frame carries. Numbers are never used again for something else.
public enum MessageKind: UInt8, CaseIterable {
    // Answered at once, also while a program runs.
    case hello = 0x01
    case devices = 0x02
    case statistics = 0x03
    case faults = 0x04
    case trace = 0x05
    case cancel = 0x06
    case shutdown = 0x07
    /// The program on the host that used this channel has gone: its handles are dropped, its work is cancelled. No reply.
    case leave = 0x08
    case inject = 0x09

    // Worked through in order, channel by channel.
    case compile = 0x10
    case put = 0x11
    case execute = 0x12
    case fetch = 0x13
    case drop = 0x14
    case check = 0x15
    case inspect = 0x16
    case transform = 0x17
    case evaluate = 0x18
    case save = 0x19

    // From the machine to the host, on channel 0.
    case readFile = 0x20

    // Events that belong to a request under way (the request's number, flag `reply`), or to none (number 0).
    case output = 0x40
    case log = 0x41
    case progress = 0x42
    /// The machine has ended, as a line of text (`LogLine`): nothing will be answered any more. From whoever passes frames on.
    case ended = 0x43

    // Of the link itself.
    /// A piece of a body: u64 offset, then the bytes.
    case data = 0x70
    /// u64: the bytes of a body that have arrived; the sender stays at most `Link.window` ahead of it.
    case credit = 0x71
    /// Bytes came that are no sound frame (`Damage`).
    case damage = 0x7E
    /// The answer to a request that failed (`Failure`).
    case failure = 0x7F

    /// Whether the machine answers it on the channel's worker, in order.
    public var isWork: Bool { rawValue & 0xF0 == 0x10 }
}

/// A message that asks for something; the reply has the same kind and the flag `reply`, or is a `failure`.
public protocol Request: Fields {
    associatedtype Reply: Fields
    static var kind: MessageKind { get }
}
