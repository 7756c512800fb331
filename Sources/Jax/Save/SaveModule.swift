// The writer's entry: from a program to bytes.
import JaxEncoding
import JaxIR
import JaxPlatform

/// A program as MLIR bytecode, container version 6, of VHLO 1.17.0: what `loadModule` reads, and StableHLO's
/// `deserialize_portable_artifact` (StableHLO, `docs/bytecode.md` and `docs/vhlo.md`; MLIR, `docs/BytecodeFormat.md`).
///
/// The program must be verified. The same program gives the same bytes. It carries locations, donation ("tf.aliasing_output") and what
/// else the machine has no use for. Throws `notImplemented`, with the operation's name and location, for what VHLO does not have:
/// structured operations are lowered before. Throws `resourceExhausted` where the program is too large to be written.
@export(interface)
public func bytecode(of module: Module) throws(JaxError) -> [UInt8] { try bytecode(of: module, takesPlatformIndex: false) }

/// The same, with the index of the platform as the first parameter of `main`.
func bytecode(of module: Module, takesPlatformIndex: Bool) throws(JaxError) -> [UInt8] {
    let writer = OperationWriter(module, takesPlatformIndex: takesPlatformIndex)
    let operations = try writer.write()
    let entries = writer.entries

    // The dialects by name, each with the names of its operations; a name says whether its producer knew the operation.
    var dialects = ByteWriter()
    dialects.varint(EntryWriter.dialects.count)
    for name in EntryWriter.dialects { dialects.varint(entries.string(name), flag: false) }
    dialects.varint(1 + writer.mnemonics.count)
    dialects.varint(Int(EntryWriter.builtin))
    dialects.varint(1)
    dialects.varint(entries.string("module"), flag: true)
    if !writer.mnemonics.isEmpty {
        dialects.varint(Int(EntryWriter.vhlo))
        dialects.varint(writer.mnemonics.count)
        for mnemonic in writer.mnemonics { dialects.varint(entries.string(mnemonic), flag: true) }
    }

    var offsets = ByteWriter()
    offsets.varint(entries.attributes.count)
    offsets.varint(entries.types.count)
    entries.attributes.writeGroups(&offsets)
    entries.types.writeGroups(&offsets)

    var strings = ByteWriter()
    strings.varint(entries.strings.count)
    for index in (0..<entries.strings.count).reversed() { strings.varint(entries.strings.length(index) + 1) }
    for index in 0..<entries.strings.count {
        strings.append(entries.strings[index])
        strings.byte(0)
    }

    var properties = ByteWriter()
    properties.varint(entries.properties.count)
    for index in 0..<entries.properties.count {
        properties.varint(entries.properties.length(index))
        properties.append(entries.properties[index])
    }

    var file = ByteWriter()
    file.fixed(containerMagic)
    file.varint(ContainerVersion.newest)
    file.text("StableHLO_v" + writtenVhloVersion)
    file.byte(0)
    file.section(SectionID.dialects, dialects.bytes)
    file.section(SectionID.offsets, offsets.bytes)
    file.section(SectionID.attributesAndTypes, entries.attributes.bytes, entries.types.bytes)
    file.section(SectionID.operations, operations.bytes)
    file.section(SectionID.strings, strings.bytes)
    file.section(SectionID.properties, properties.bytes)
    return file.bytes
}

extension InternTable {
    subscript(index: Int) -> [UInt8] { Array(bytes[(entries[index].end - length(index))..<entries[index].end]) }

    /// The sizes of the entries in runs of one dialect. All are encoded as their dialect does it.
    fileprivate func writeGroups(_ offsets: inout ByteWriter) {
        var index = 0
        while index < count {
            var end = index + 1
            while end < count, entries[end].tag == entries[index].tag { end += 1 }
            offsets.varint(Int(entries[index].tag))
            offsets.varint(end - index)
            for entry in index..<end { offsets.varint(length(entry), flag: true) }
            index = end
        }
    }
}
