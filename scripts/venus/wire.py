"""Venus encoders and decoders: every item padded to 4 bytes, arrays with a 64-bit count, pointers with a presence word."""
from swift import HEADER, Method, array_count, chained, field_type, shown

READ = {'UInt8': 'u8()', 'UInt32': 'u32()', 'Int32': 'i32()', 'UInt64': 'u64()', 'Float': 'f32()'}


def put(r, kind, expression):
    """Writes one scalar or structure."""
    if kind in r.handles:
        return f'w.put({expression}.id)'
    return f'w.put({expression})' if r.scalar(kind) else f'{expression}.encode(&w)'


def get(r, kind, target):
    if kind in r.handles:
        return f'{target} = {kind}(id: r.u64())'
    return f'{target} = r.{READ[r.scalar(kind)[0]]}' if r.scalar(kind) else f'{target}.decode(&r)'


def write_field(r, f, prefix=''):
    x = prefix + f.swift
    if f.counts:
        arrays = [a for a in f.counts if a.kind != 'absent']
        count = '0' if not arrays else prefix + arrays[0].swift + '.count' + (' * 4' if arrays[0].kind == 'words' else '')
        return f'w.put({r.scalar(f.type)[0]}({count}))'
    return {
        'value': lambda: put(r, f.type, x),
        'fixed': lambda: f'w.putCount({f.fixed}); for index in 0..<{f.fixed} {{ {put(r, f.type, x + "[index]")} }}',
        'pointer': lambda: (f'if let {f.swift} = {x} {{ w.putPresent(); {put(r, f.type, f.swift)} }} else {{ w.putNull() }}' if f.optional
                            else f'w.putPresent(); {put(r, f.type, x)}'),
        'array': lambda: f'w.putCount({x}.count); for element in {x} {{ {put(r, f.type, "element")} }}',
        'words': lambda: f'w.putCount({x}.count); w.put({x})',
        'bytes': lambda: f'w.putCount({x}.count); w.putBytes({x})',
        'string': lambda: f'w.putString({x}, orNull: {"true" if f.optional else "false"})',
        'strings': lambda: f'w.putCount({x}.count); for element in {x} {{ w.putString(element, orNull: false) }}',
        'absent': lambda: 'w.putNull()',
    }[f.kind]()


def read_field(r, f):
    if f.kind == 'value':
        return get(r, f.type, f.swift)
    assert f.kind == 'fixed', f.name
    if f.type == 'char':
        return f'{f.swift} = r.string(byteCount: {f.fixed})'
    if f.type == 'uint8_t':
        return f'{f.swift} = r.bytes(count: {f.fixed})'
    kind, _ = field_type(r, f)
    element = '0' if r.scalar(f.type) else f.type + '()'
    return f'{f.swift} = {kind}(); if r.count({f.fixed}) {{ for _ in 0..<{f.fixed} {{ var element: {kind[1:-1]} = {element}; {get(r, f.type, "element")}; {f.swift}.append(element) }} }}'


def partial_field(r, f):
    """What a request says of a structure that the answer fills: the sizes of its arrays of structures."""
    if f.type not in r.structs:
        return None
    if f.kind == 'fixed':
        inner = f'for _ in 0..<{f.fixed} {{ {f.type}().encodePartial(&w) }}' if has_partial(r, r.structs[f.type]) else ''
        return f'w.putCount({f.fixed}); {inner}'.rstrip('; ')
    return f'{f.swift}.encodePartial(&w)' if has_partial(r, r.structs[f.type]) else None


def has_partial(r, s):
    return s.stype is not None or any(partial_field(r, f) for f in s.fields)


def function(name, argument, lines, mutating=False):
    return f'    {"mutating " if mutating else ""}func {name}(_ {argument}) {{\n' + ''.join(f'        {line}\n' for line in lines) + '    }\n'


def chain_headers(r, s, lines):
    out = [f'w.put(Int32({s.stype}))']
    out += [f'if {chained(n)} != nil {{ w.putPresent(); w.put(Int32({r.structs[n].stype})) }}' for n in s.chain] + ['w.putNull()']
    return out + lines


def encoders(r):
    out = HEADER
    for s in r.structs.values():
        out += f'extension {s.name} {{\n'
        if s.written:
            body = [write_field(r, f) for f in s.fields]
            if s.stype is not None:
                out += function('encodeFields', 'w: inout VenusWriter', body)
                nested = [f'{chained(n)}?.encodeFields(&w)' for n in reversed(s.chain)] + ['encodeFields(&w)']
                out += function('encode', 'w: inout VenusWriter', chain_headers(r, s, nested))
            else:
                out += function('encode', 'w: inout VenusWriter', body)
        if s.read:
            body = [line for f in s.fields if (line := partial_field(r, f))]
            if s.stype is not None:
                out += function('encodePartialFields', 'w: inout VenusWriter', body)
                nested = [f'{chained(n)}?.encodePartialFields(&w)' for n in reversed(s.chain)] + ['encodePartialFields(&w)']
                out += function('encodePartial', 'w: inout VenusWriter', chain_headers(r, s, nested))
            elif body:
                out += function('encodePartial', 'w: inout VenusWriter', body)
            body = [read_field(r, f) for f in s.fields]
            if s.stype is not None:
                out += function('decodeFields', 'r: inout VenusReader', body, mutating=True)
                head = [f'r.expect({s.stype})'] + [f'if {chained(n)} != nil {{ r.present(); r.expect({r.structs[n].stype}) }}' for n in s.chain]
                nested = [f'{chained(n)}?.decodeFields(&r)' for n in reversed(s.chain)] + ['decodeFields(&r)']
                out += function('decode', 'r: inout VenusReader', head + ['r.null()'] + nested, mutating=True)
            else:
                out += function('decode', 'r: inout VenusReader', body, mutating=True)
        out += '}\n\n'
    return out


def write_out(r, method, p):
    """The request's words for a parameter that the answer fills, and the Swift that prepares it."""
    if p is method.count:
        return [f'w.putPresent(); w.put({r.scalar(p.type)[0]}(count))']
    if p in method.inouts:
        return [f'w.putPresent()' + (f'; {p.swift}.encodePartial(&w)' if has_partial(r, r.structs[p.type]) else '')]
    if p is method.enumerated:
        if p.type in r.handles:
            return [f'w.putCount(count); for _ in 0..<count {{ w.put(context.newObject()) }}']
        partial = f'; for _ in 0..<count {{ {p.type}().encodePartial(&w) }}' if has_partial(r, r.structs[p.type]) else ''
        return [f'w.putCount(count){partial}']
    if p.length:
        count = array_count(r, method, p)
        if p.type == 'void':
            return [f'w.putCount({count})']
        return [f'var {p.swift}: [{p.type}] = []', f'w.putCount({count})',
                f'for _ in 0..<{count} {{ let object = {p.type}(id: context.newObject()); {p.swift}.append(object); w.put(object.id) }}']
    if p.type in r.handles:
        return [f'let {p.swift} = {p.type}(id: context.newObject())', f'w.putPresent(); w.put({p.swift}.id)']
    return ['w.putPresent()']


def call_body(r, method):
    call, lines = method.call, []
    answered = not call.unanswered and (call.result != 'void' or method.outs)
    lines.append(f'var w = context.begin({call.id}, answered: {"true" if answered else "false"})')
    for p in call.params:
        lines += write_out(r, method, p) if p.kind == 'out' else [write_field(r, p)]
    if not answered:
        return lines + ['try context.send(&w)']
    lines.append(f'var r = try context.call({call.id}, &w)')
    if call.result == 'VkResult':
        keep = 'let result' if 'VkResult' in method.result else '_'
        lines.append(f'{keep} = try context.check(&r, "{call.name}")')
    elif call.result != 'void':
        lines.append(f'let result = r.{READ[r.scalar(call.result)[0]]}')
    for p in method.outs:
        if p in method.inouts:
            lines.append(f'r.present(); {p.swift}.decode(&r)')
        elif p is method.count:
            lines.append(f'r.present(); let found = min(Int(r.u32()), count)')
        elif p is method.enumerated:
            zero = f'{p.type}.null' if p.type in r.handles else f'{p.type}()'
            lines += [f'var {p.swift}: [{p.type}] = []',
                      f'if r.count(found) {{ for _ in 0..<found {{ var element = {zero}; {get(r, p.type, "element")}; {p.swift}.append(element) }} }}']
        elif p.type == 'void':
            lines.append(f'let {p.swift} = r.bytes(count: {array_count(r, method, p)})')
        elif p.length:
            lines.append(f'r.created({p.swift}.count)')
        elif p.type in r.handles:
            lines.append('r.created()')
        else:
            lines.append(f'r.present(); let {p.swift} = r.{READ[r.scalar(p.type)[0]]}')
    lines.append(f'try context.finish(r, "{call.name}")')
    results = ['result'] if 'VkResult' in method.result else []
    results += [p.swift for p in method.returned] + (['result'] if call.result not in ('VkResult', 'void') else [])
    if results:
        lines.append('return ' + (results[0] if len(results) == 1 else '(' + ', '.join(results) + ')'))
    return lines


def calls(r):
    out = HEADER + 'import JaxPlatform\n\nextension VenusCalls: VulkanCalls {\n'
    for call in r.calls:
        method = Method(r, call)
        body = call_body(r, method)
        if method.enumerated is not None:
            # First with no room, for the count; then with as much room as that.
            none = [line for p in call.params for line in
                    (['w.putPresent(); w.put(UInt32(0))'] if p is method.count else ['w.putNull()'] if p is method.enumerated else [write_field(r, p)])]
            first = [f'var question = context.begin({call.id}, answered: true)'] + [line.replace('w.', 'question.').replace('&w', '&question') for line in none]
            first += [f'var answer = try context.call({call.id}, &question)']
            first += [f'_ = try context.check(&answer, "{call.name}")'] if call.result == 'VkResult' else []
            first += ['answer.present(); let count = Int(min(answer.u32(), 4096))', f'try context.finish(answer, "{call.name}")']
            body = first + body
        out += f'    public {method.signature} {{\n' + ''.join(f'        {line}\n' for line in body) + '    }\n\n'
    return out + '}\n'
