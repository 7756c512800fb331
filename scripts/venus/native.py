"""The listed calls on a Vulkan driver of this host: structures laid out as C has them (x86-64), calls through its symbols."""
from swift import HEADER, Method, array_count, chained, field_type, shown


def size_and_alignment(r, f):
    if f.pointers and not f.fixed:
        return 8, 8
    scalar = r.scalar(f.type)
    size, alignment = (scalar[1], scalar[1]) if scalar else layout(r, r.structs[f.type])[1:]
    return size * (f.fixed or 1), alignment


def layout(r, s):
    """([(offset, field)], size, alignment) of a structure."""
    offset, alignment, placed = (16, 8, []) if s.stype is not None else (0, 1, [])
    for f in s.fields:
        size, align = size_and_alignment(r, f)
        offset = (offset + align - 1) // align * align
        placed.append((offset, f))
        offset, alignment = offset + size, max(alignment, align)
    return placed, (offset + alignment - 1) // alignment * alignment, alignment


def store_value(r, kind, at, x):
    if kind in r.handles:
        return f'{at}.store({x}.id)'
    scalar = r.scalar(kind)
    return f'{at}.store({x})' if scalar else f'{x}.store({at}, arena)'


def element_size(r, kind):
    scalar = r.scalar(kind)
    return scalar[1] if scalar else layout(r, r.structs[kind])[1]


def address(r, f, x):
    """A Swift expression for the address of what a pointer field points to; nil for an empty array."""
    size = element_size(r, f.type) if f.type not in ('void', 'char') else 1
    if f.kind == 'array':
        return f'arena.array({x}.count, stride: {size}) {{ at, index in {store_value(r, f.type, "at", x + "[index]")} }}'
    if f.kind == 'pointer':
        inner = f'arena.one({size}) {{ at in {store_value(r, f.type, "at", "value" if f.optional else x)} }}'
        return f'{x}.flatMap {{ value in {inner} }}' if f.optional else inner
    if f.kind == 'words':
        return f'arena.words({x})'
    if f.kind == 'bytes':
        return f'arena.bytes({x})'
    if f.kind == 'string':
        return f'arena.string({x}, orNull: {"true" if f.optional else "false"})'
    if f.kind == 'strings':
        return f'arena.array({x}.count, stride: 8) {{ at, index in at.store(arena.string({x}[index], orNull: false)) }}'
    return 'nil'


def count_value(r, f):
    arrays = [a for a in f.counts if a.kind != 'absent']
    count = '0' if not arrays else arrays[0].swift + '.count' + (' * 4' if arrays[0].kind == 'words' else '')
    return f'{r.scalar(f.type)[0]}({count})'


def structs(r):
    out = HEADER + 'import GPU\n\n'
    for s in r.structs.values():
        if s.protocol_only:
            continue
        placed, size, _ = layout(r, s)
        chain = [n for n in s.chain if not r.structs[n].protocol_only]
        out += f'extension {s.name} {{\n    static let nativeByteCount = {size}\n\n    func store(_ p: NativePointer, _ arena: NativeArena) {{\n'
        if s.stype is not None:
            out += f'        p.store(Int32({s.stype}))\n'
            if chain:
                out += '        var last = p\n'
            for n in chain:
                out += f'        if let next = {chained(n)} {{ last = arena.chain(last, {layout(r, r.structs[n])[1]}) {{ next.store($0, arena) }} }}\n'
            if chain:
                out += '        _ = last\n'
        if s.written:
            for offset, f in placed:
                at = f'(p + {offset})'
                if f.counts:
                    out += f'        {at}.store({count_value(r, f)})\n'
                elif f.kind == 'absent':
                    continue
                elif f.kind == 'value':
                    out += f'        {store_value(r, f.type, at, f.swift)}\n'
                elif f.kind == 'fixed':
                    continue
                else:
                    out += f'        {at}.store({address(r, f, f.swift)})\n'
        out += '    }\n'
        if s.read:
            out += '\n    mutating func load(_ p: NativePointer) {\n'
            for offset, f in placed:
                at = f'(p + {offset})'
                scalar = r.scalar(f.type)
                if f.kind == 'value':
                    out += f'        {f.swift} = {at}.load()\n' if scalar and f.type not in r.handles else f'        {f.swift}.load({at})\n'
                elif f.type == 'char':
                    out += f'        {f.swift} = {at}.string(byteCount: {f.fixed})\n'
                else:
                    element = '0' if scalar else f.type + '()'
                    kind = scalar[0] if scalar else f.type
                    assign = 'element = at.load()' if scalar else 'element.load(at)'
                    out += f'        {f.swift} = (0..<{f.fixed}).map {{ index in var element: {kind} = {element}; let at = {at} + index * {element_size(r, f.type)}; {assign}; return element }}\n'
            if chain:
                out += '        var next = p\n'
            for n in chain:
                out += f'        if {chained(n)} != nil {{ next = next.next; {chained(n)}!.load(next) }}\n'
            out += '    }\n'
        out += '}\n\n'
    return out


def c_type(r, p):
    if p.pointers:
        return 'UnsafeMutableRawPointer?'
    scalar = r.scalar(p.type)
    return 'UInt64' if p.type in r.handles else scalar[0]


def calls(r):
    out = HEADER + 'import GPU\nimport JaxPlatform\n\nextension NativeVulkan: VulkanCalls {\n'
    for call in r.calls:
        method = Method(r, call)
        types = ', '.join(c_type(r, p) for p in call.params)
        result = 'Int32' if call.result == 'VkResult' else 'Void' if call.result == 'void' else r.scalar(call.result)[0]
        lines = ['let arena = NativeArena(); defer { withExtendedLifetime(arena) {} }', f'let function = unsafeBitCast(try symbol("{call.name}"), to: (@convention(c) ({types}) -> {result}).self)']
        arguments, after = [], []
        for p in call.params:
            if p.kind != 'out':
                if p.counts:
                    arguments.append(count_value(r, p))
                elif p.kind == 'value':
                    arguments.append(p.swift + ('.id' if p.type in r.handles else ''))
                elif p.kind == 'absent':
                    arguments.append('nil')
                else:
                    lines.append(f'let {p.name}Address = {address(r, p, p.swift)}')
                    arguments.append(f'{p.name}Address?.raw')
                continue
            scalar = r.scalar(p.type)
            size = element_size(r, p.type) if p.type != 'void' else 1
            lines_before = f'let {p.name}Address = '
            arguments.append(f'{p.name}Address.raw')
            if p in method.inouts:
                lines.append(lines_before + f'arena.allocate({size})')
                lines.append(f'{p.swift}.store({p.name}Address, arena)')
                after.append(f'{p.swift}.load({p.name}Address)')
            elif p is method.count:
                lines.append(lines_before + 'arena.allocate(8)')
            elif p is method.enumerated:
                element = f'{p.type}(id: ($0).load())' if p.type in r.handles else ''
                lines.append(f'var {p.name}Address = NativePointer.null')
                body = f'{p.type}(id: ({p.name}Address + index * {size}).load())' if p.type in r.handles else \
                    f'var element = {p.type}(); element.load({p.name}Address + index * {size}); return element'
                after.append(f'let {p.swift} = (0..<count).map {{ index in {body} }}')
            elif p.length:
                count = array_count(r, method, p)
                lines.append(lines_before + f'arena.allocate(max({count}, 1) * {size})')
                element = 'UInt8' if p.type == 'void' else scalar[0] if scalar else p.type
                load = f'{p.type}(id: ({p.name}Address + index * {size}).load())' if p.type in r.handles else f'({p.name}Address + index * {size}).load() as {element}'
                after.append(f'let {p.swift} = (0..<{count}).map {{ index in {load} }}')
            else:
                lines.append(lines_before + 'arena.allocate(8)')
                load = f'{p.type}(id: {p.name}Address.load())' if p.type in r.handles else f'{p.name}Address.load() as {scalar[0]}'
                after.append(f'let {p.swift} = {load}')
        invoke = f'function({", ".join(arguments)})'
        check = call.result == 'VkResult'
        if method.enumerated is not None:
            p = method.enumerated
            lines.append(f'try check({invoke}, "{call.name}")' if check else invoke)
            lines.append(f'var count = Int({method.count.name}Address.load() as UInt32)')
            struct_size = element_size(r, p.type)
            lines.append(f'{p.name}Address = arena.allocate(max(count, 1) * {struct_size})')
            if p.type in r.structs:
                lines.append(f'for index in 0..<count {{ {p.type}().store({p.name}Address + index * {struct_size}, arena) }}')
            lines.append(f'try check({invoke}, "{call.name}")' if check else invoke)
            lines.append(f'count = min(count, Int({method.count.name}Address.load() as UInt32))')
        elif check:
            lines.append(f'{"let result = " if "VkResult" in method.result else ""}try check({invoke}, "{call.name}")')
        elif call.result != 'void':
            lines.append(f'let result = {invoke}')
        else:
            lines.append(invoke)
        lines += after
        results = ['result'] if 'VkResult' in method.result else []
        results += [p.swift for p in method.returned] + (['result'] if call.result not in ('VkResult', 'void') else [])
        if results:
            lines.append('return ' + (results[0] if len(results) == 1 else '(' + ', '.join(results) + ')'))
        if not any('arena.' in line or ', arena)' in line for line in lines[1:]):
            lines.pop(0)
        out += f'    public {method.signature} {{\n' + ''.join(f'        {line}\n' for line in lines) + '    }\n\n'
    return out + '}\n'
