// A program and its arguments on a machine: what `run` and `transform` share.
import Dispatch
import HostMachine
import JaxIR
import JaxPlatform
import WireProtocol

/// Requests in the order in which a program needs them; each is sent without waiting for the one before where it can be.
struct ProgramCall {
    let client: Client
    let device: DeviceOption

    /// Loads the program in a file.
    func load(_ path: String) throws(JaxError) -> (handle: UInt64, signature: Compile.Reply) {
        let handle = client.newHandles()
        let bytes = try readFile(path)
        let call = try client.start(Compile(handle: handle, name: path, limits: device.limits), body: bytes)
        return (handle, try call.wait())
    }

    /// Sends the arrays in files; `types` say what the program takes.
    func put(_ paths: [String], types: [ArrayType]) throws(JaxError) -> [UInt64] {
        var handles: [UInt64] = []
        var calls: [Client.Call<Put>] = []
        for (index, path) in paths.enumerated() {
            let tensor = try readArray(path, expected: index < types.count ? types[index] : nil)
            let handle = client.newHandles()
            let body = BodyBuffer(UnsafeMutableRawBufferPointer(start: tensor.bytes, count: tensor.type.byteCount), of: tensor.storage)
            let type = ArrayType(dtype: tensor.dtype.name, shape: tensor.shape)
            calls.append(try client.start(Put(handle: handle, type: type, device: device.device), body: body))
            handles.append(handle)
        }
        for call in calls { _ = try call.wait() }
        return handles
    }

    /// Milliseconds from request to answer of so many executions, as JSON; their results are forgotten.
    func time(_ program: UInt64, _ arguments: [UInt64], resultCount: Int, runs: Int) throws(JaxError) -> String {
        var times: [String] = []
        for _ in 0..<max(runs, 0) {
            let first = client.newHandles(max(resultCount, 1)), begun = DispatchTime.now().uptimeNanoseconds
            _ = try client.start(Execute(program: program, arguments: arguments, firstResult: first, device: device.device,
                                         usesEvaluator: device.evaluator, limits: device.limits)).wait()
            times.append(String(Double(DispatchTime.now().uptimeNanoseconds - begun) / 1e6))
            _ = try client.start(Drop(handles: (0..<UInt64(resultCount)).map { first + $0 })).wait()
        }
        return "{\"run_ms\": [" + times.joined(separator: ", ") + "]}"
    }

    /// Executes and fetches; writes `folder`/0.npy, 1.npy, …, or prints the results' types where there is no folder. With `profiles`
    /// returns the record of the execution.
    @discardableResult
    func execute(_ program: UInt64, _ arguments: [UInt64], resultCount: Int, into folder: String?,
                 profiles: Bool = false) throws(JaxError) -> ProfileReport? {
        let first = client.newHandles(max(resultCount, 1))
        let execution = try client.start(Execute(program: program, arguments: arguments,
                                                 firstResult: first, device: device.device, usesEvaluator: device.evaluator,
                                                 profiles: profiles, limits: device.limits))
        let (reply, body) = try execution.waitWithBody()
        let types = reply.results
        let report = try body.map { body throws(JaxError) in try ProfileReport(decoding: Array(body.bytes)) }
        guard let folder else {
            for type in types {
                guard let dtype = DType(name: type.dtype) else { continue }
                print(TensorType(dtype, type.shape))
            }
            return report
        }
        try makeFolder(folder)
        for index in types.indices {
            let fetched = try client.start(Fetch(handle: first + UInt64(index))).waitWithBody()
            try writeArray(folder + "/\(index).npy", fetched.reply.type, fetched.body)
        }
        return report
    }
}
