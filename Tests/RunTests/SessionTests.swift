import Glibc
import JaxIR
import JaxPlatform
@testable import JaxRun
import Testing

@Suite struct SessionTests {
    /// A thread ends within the session's lock, as a task does that a fault ends there: who cleans up after it finds the tables
    /// empty, and everybody can go on.
    @Test func whatATaskHeldWhenItWasEndedIsBegunAnew() throws {
        let session = Session(devices: [Processor(name: "cpu:0", description: "processor")])
        session.register(.array(try session.device("cpu").put(try Tensor(TensorType(.f32, [2])))), as: "x")
        let ended = Ended(session)
        var thread = pthread_t()
        pthread_create(&thread, nil, { context in
            let ended = Unmanaged<Ended>.fromOpaque(context!).takeUnretainedValue()
            ended.task = platform.taskID
            ended.session.lock.hold { pthread_exit(nil) }
        }, Unmanaged.passUnretained(ended).toOpaque())
        pthread_join(thread, nil)
        #expect(!session.recover(from: ended.task &+ 1))
        #expect(session.recover(from: ended.task))
        #expect(session.names.isEmpty)
        session.register(.array(try session.device("cpu").put(try Tensor(TensorType(.f32, [2])))), as: "y")
        #expect(session.names == ["y"])
        #expect(!session.recover(from: ended.task))
    }
}

private final class Ended {
    let session: Session
    var task: UInt64 = 0
    init(_ session: Session) { self.session = session }
}
