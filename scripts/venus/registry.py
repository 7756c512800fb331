"""The Vulkan registry (vk.xml), reduced to what the listed calls reach.

A field (a structure's member or a call's parameter) is classified once, here; wire.py and native.py only write it down.
"""
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

PRIMITIVE = {  # C type: (Swift type, bytes)
    'uint8_t': ('UInt8', 1), 'char': ('UInt8', 1), 'uint32_t': ('UInt32', 4), 'int32_t': ('Int32', 4),
    'uint64_t': ('UInt64', 8), 'int64_t': ('Int64', 8), 'size_t': ('UInt64', 8), 'float': ('Float', 4),
    'VkBool32': ('UInt32', 4), 'VkFlags': ('UInt32', 4), 'VkFlags64': ('UInt64', 8),
    'VkDeviceSize': ('UInt64', 8), 'VkDeviceAddress': ('UInt64', 8),
}


@dataclass
class Field:
    name: str            # the registry's
    type: str
    pointers: int = 0
    const: bool = False
    fixed: int = 0       # elements of an array that lies in the structure
    length: str = ''     # the registry's len attribute, altlen preferred
    optional: bool = False
    values: str = ''     # sType's only value
    kind: str = ''       # value, fixed, pointer, array, string, strings, bytes, words, absent, out
    counts: list = field(default_factory=list)  # for a count: the arrays whose length it gives

    @property
    def swift(self):
        """The name without Hungarian marks: pCreateInfo → createInfo, ppEnabledLayerNames → enabledLayerNames."""
        match = re.match(r'p{1,2}([A-Z].*)$', self.name) if self.pointers else None
        return match.group(1)[0].lower() + match.group(1)[1:] if match else self.name


@dataclass
class Struct:
    name: str
    fields: list
    stype: int = None
    chain: list = field(default_factory=list)
    protocol_only: bool = False   # known to Venus, not to a native driver
    read: bool = False            # some call answers with it
    written: bool = False         # some call passes it


@dataclass
class Call:
    name: str
    id: int
    result: str
    params: list
    several_results: bool
    unanswered: bool


class Registry:
    def __init__(self, xml_path, table_path):
        self.root = ET.parse(xml_path).getroot()
        self.constants = {e.get('name'): e.get('value') for e in self.root.find("enums[@name='API Constants']") if e.get('value')}
        self.types, self.handles, self.enums, self.flags = {}, set(), set(), {}
        for t in self.root.find('types'):
            name = t.get('name') or t.findtext('name')
            category = t.get('category')
            if not name or t.get('api') == 'vulkansc':
                continue
            if category == 'struct' and not t.get('alias'):
                self.types[name] = t
            elif category == 'handle' and not t.get('alias'):
                self.handles.add(name)
            elif category == 'enum':
                self.enums.add(name)
            elif category == 'bitmask' and not t.get('alias'):
                self.flags[name] = (t.findtext('type'), t.get('requires') or t.get('bitvalues'))
        self.commands = {c.findtext('proto/name'): c for c in self.root.find('commands')
                         if c.find('proto') is not None and c.get('api') != 'vulkansc'}
        self.structs, self.calls, self.used_handles, self.used_enums = {}, [], set(), set()
        self.read_table(table_path)

    # The table

    def read_table(self, path):
        rows = [line.split('#')[0].split() for line in open(path)]
        rows = [row for row in rows if row]
        self.absent = {name for row in rows if row[0] == 'absent' for name in row[1:]}
        self.chains = {row[1]: row[2:] for row in rows if row[0] == 'chain'}
        for row in rows:
            if row[0] == 'struct':
                fields = [Field(n, t, kind='value') for n, t in (f.split(':') for f in row[3:])]
                self.structs[row[1]] = Struct(row[1], fields, int(row[2]), protocol_only=True, written=True)
        for row in rows:
            if row[0] == 'call':
                if row[1] not in self.commands:
                    raise SystemExit(f'{path}: the registry has no call {row[1]}')
                self.add_call(row[1], int(row[2]), 'unanswered' in row[3:])
            elif row[0] not in ('absent', 'chain', 'struct'):
                raise SystemExit(f'{path}: a row begins with call, chain, absent or struct, not {row[0]}')

    def add_call(self, name, number, unanswered):
        node = self.commands[name]
        params = [self.parse_field(p, name) for p in node.findall('param') if p.get('api') != 'vulkansc']
        self.classify(params, name, is_call=True)
        successes = [c for c in (node.get('successcodes') or '').split(',') if c not in ('', 'VK_SUCCESS', 'VK_INCOMPLETE', 'VK_PIPELINE_COMPILE_REQUIRED', 'VK_PIPELINE_COMPILE_REQUIRED_EXT')]
        self.calls.append(Call(name, number, node.findtext('proto/type'), params, bool(successes), unanswered))
        for p in params:
            if p.kind != 'absent':
                self.reach(p.type, written=p.kind != 'out', read=p.kind == 'out')

    # Types

    def reach(self, name, written, read):
        if name in self.handles:
            self.used_handles.add(name)
            return
        if name in self.flags:
            if self.flags[name][1]:
                self.used_enums.add(self.flags[name][1])
            return
        if name in self.enums:
            self.used_enums.add(name)
            return
        if name in PRIMITIVE or name == 'void':
            return
        struct = self.structs.get(name)
        if struct is None:
            node = self.types[name]
            fields = [self.parse_field(m, name) for m in node.findall('member') if m.get('api') != 'vulkansc']
            stype = next((self.enumerant(f.values) for f in fields if f.name == 'sType'), None)
            fields = [f for f in fields if f.name not in ('sType', 'pNext')]
            self.classify(fields, name, is_call=False)
            struct = self.structs[name] = Struct(name, fields, stype, self.chains.get(name, []))
        if (struct.written or not written) and (struct.read or not read):
            return
        struct.written |= written
        struct.read |= read
        for f in struct.fields:
            if f.kind != 'absent':
                self.reach(f.type, written, read)
        for next_name in struct.chain:
            self.reach(next_name, written, read)

    def parse_field(self, node, owner):
        text = ''.join(node.itertext())
        comment = node.findtext('comment') or ''
        text = text.replace(comment, '') if comment else text
        name, kind = node.findtext('name'), node.findtext('type')
        fixed = 0
        if '[' in text:
            size = re.search(r'\[(\w+)\]', text).group(1)
            fixed = int(self.constants.get(size, size).rstrip('U'))
        return Field(name, kind, text.count('*'), 'const' in text.split(kind)[0], fixed,
                     (node.get('altlen') or node.get('len') or '').replace('::', '->'), node.get('optional') == 'true', node.get('values') or '')

    def classify(self, fields, owner, is_call):
        by_name = {f.name: f for f in fields}
        for f in fields:
            absent = f'{owner}.{f.name}' in self.absent or f.type == 'VkAllocationCallbacks'
            if f.fixed:
                f.kind = 'fixed'
            elif not f.pointers:
                f.kind = 'value'
            elif absent:
                f.kind = 'absent'
            elif is_call and not f.const:
                f.kind = 'out'
            elif f.type == 'char':
                f.kind = 'strings' if f.pointers == 2 else 'string'
            elif f.type == 'void':
                f.kind = 'bytes'
            elif f.length == 'codeSize / 4':
                f.kind = 'words'
            else:
                f.kind = 'array' if f.length else 'pointer'
        for f in fields:
            name = 'codeSize' if f.kind == 'words' else f.length.split(',')[0]
            if f.kind in ('array', 'strings', 'bytes', 'words') and name in by_name:
                by_name[name].counts.append(f)
            if f.kind == 'absent' and name in by_name and not f.optional:
                by_name[name].counts.append(f)
        for f in fields:  # a count whose only arrays are absent is 0
            if f.counts and all(a.kind == 'absent' for a in f.counts) is False:
                f.counts = [a for a in f.counts if a.kind != 'absent']

    # Values

    def scalar(self, name):
        """(Swift type, bytes) of a scalar; None for a structure."""
        if name in self.handles:
            return name, 8
        if name in self.flags:
            return PRIMITIVE[self.flags[name][0]]
        if name in self.enums:
            return ('UInt32' if 'FlagBits' in name else 'Int32'), 4
        return PRIMITIVE.get(name)

    def enumerant(self, name):
        for node in self.root.iter('enum'):
            if node.get('name') == name and node.get('alias') is None and (value := self.enum_value(node)) is not None:
                return value
        raise SystemExit(f'the registry gives no value for {name}')

    @staticmethod
    def enum_value(node, extension_number=None):
        if node.get('value'):
            return int(node.get('value'), 0)
        if node.get('bitpos'):
            return 1 << int(node.get('bitpos'))
        number = node.get('extnumber') or extension_number
        if node.get('offset') and number:
            value = 1000000000 + (int(number) - 1) * 1000 + int(node.get('offset'))
            return -value if node.get('dir') == '-' else value
        return None

    def enumerants(self, type_name):
        """[(name, value)] of an enumeration, as of Vulkan's numbered versions."""
        found = {}
        block = self.root.find(f"enums[@name='{type_name}']")
        nodes = list(block) if block is not None else []
        for feature in self.root.findall('feature'):
            nodes += [e for e in feature.iter('enum') if e.get('extends') == type_name]
        for node in nodes:
            if node.tag == 'enum' and not node.get('alias') and (value := self.enum_value(node)) is not None:
                found[node.get('name')] = value
        return list(found.items())
