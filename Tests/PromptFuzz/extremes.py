# Extreme calls: operators, built-ins, methods and module functions with arguments that no program would choose. Call number i of
# a seed is always the same one. `run(seed, first, last)` prints each number before its call; whatever a call raises is fine.
import array, binascii, builtins, cmath, collections, gc, heapq, io, json, math, micropython, random, re, struct, sys, time

INTEGERS = [0, 1, -1, 2, 3, 7, -8, 255, 256, 4095, 65536, 2**31 - 1, 2**31, -2**31, 2**32, 2**32 + 1, 2**61, -2**61 - 1, 2**62 - 1, 2**62,
            -2**62, 2**63 - 1, 2**63, -2**63, 2**64 - 1, 2**64, -2**64, 2**100, -10**40, 10**300]
FLOATS = [0.0, -0.0, 1.5, -2.5, 1e-320, 1e308, -1e308, float('inf'), float('-inf'), float('nan'), 4.6e18, 9.3e18]
TEXTS = ['', 'a', 'abcd', 'é☃', '\0', '%d', '%s %s', '%*d', '%-99999999999d', '%.99999999999f', '{}', '{:>{}}', '{:99999999999}', '{0[0]}',
         '{!r:^9}', '(a*)*b', '[a-', '(', 'x' * 300, ' a b  c ', '\n' * 9, '999B', '99999999999999999999i', '<hQ', '@P', '-17', '1e999', '0x']


class Evil:
    """Answers every question with something extreme, and changes what it can reach on the way."""

    def __init__(self):
        self.things = []

    def say(self):
        for thing in self.things:
            try:
                if random.randrange(2):
                    thing.clear()
                else:
                    thing.extend(thing)
            except Exception:
                pass
        return number()

    def __int__(self): return self.say()
    def __float__(self): return float(self.say())
    def __len__(self): return self.say()
    def __hash__(self): return self.say()
    def __bool__(self): return self.say() > 0
    def __eq__(self, other): return self.say() > 5
    def __lt__(self, other): return self.say() > 5
    def __gt__(self, other): return self.say() > 5
    def __getitem__(self, index): return self.say()
    def __setitem__(self, index, value): self.say()
    def __delitem__(self, index): self.say()
    def __contains__(self, item): return self.say() > 5
    def __iter__(self): return iter([self.say(), self, self.say()])
    def __call__(self, *a, **k): return self.say()
    def __enter__(self): return self
    def __exit__(self, *a): return self.say() > 5
    def __add__(self, other): return self.say()
    def __radd__(self, other): return self.say()
    def __repr__(self): return 'x' * (abs(self.say()) % 1000)
    def __str__(self): return self.say()
    def __getattr__(self, name): return self.say()
    def read(self, count=-1): return bytes(5)
    def readinto(self, buffer):
        self.things.append(buffer)
        return self.say()
    def write(self, buffer):
        self.things.append(buffer)
        return self.say()


class Half(list):
    def __init__(self, *a): pass  # its native part is never made


class Failing(Exception):
    def __init__(self, *a): raise self


class Stream(io.IOBase):
    def readinto(self, buffer): return number()
    def write(self, buffer): return number()
    def ioctl(self, request, argument): return number()


def number(): return random.choice(INTEGERS)


def generator():
    while True:
        try:
            yield value()
        except Exception:
            pass


def recursive():
    a = [1]
    a.append(a)
    return a


def reachable(container):
    evil = Evil()
    evil.things.append(container)
    if isinstance(container, list): container.append(evil)
    return container


MAKERS = [
    lambda: random.choice(INTEGERS), lambda: random.choice(INTEGERS), lambda: random.choice(INTEGERS), lambda: random.choice(FLOATS),
    lambda: random.choice(TEXTS), lambda: random.choice(TEXTS), lambda: random.choice(TEXTS).encode(), lambda: bytearray(random.choice(TEXTS).encode()),
    lambda: None, lambda: True, lambda: [], lambda: [value() for _ in range(random.randrange(5))],
    lambda: tuple([value() for _ in range(random.randrange(5))]), lambda: {1, 2, 'a'}, lambda: frozenset((1, 2)), lambda: {1: 2, 'a': []},
    lambda: collections.OrderedDict([(3, 4)]), lambda: range(random.choice(INTEGERS), random.choice(INTEGERS), random.choice([1, -1, 2**62, 7])),
    lambda: slice(random.choice(INTEGERS), None, random.choice(INTEGERS)), lambda: memoryview(bytearray(10)), lambda: memoryview(b'abc')[1:],
    lambda: array.array(random.choice(['b', 'H', 'i', 'q', 'd', 'f']), [1, 2, 3]), lambda: complex(1, 2), lambda: Ellipsis,
    lambda: collections.deque((1, 2, 3), 5), lambda: io.BytesIO(b'abc'), lambda: io.StringIO('abc'), lambda: iter([1, 2]), lambda: generator(),
    lambda: map(Evil(), [1, 2]), lambda: enumerate('ab'), lambda: reversed([1, 2]), lambda: zip('ab', [1]), lambda: filter(None, [0, 1]),
    lambda: Evil(), lambda: reachable([1, 2, 3]), lambda: reachable(bytearray(3)), lambda: reachable({1: 2}), lambda: Half([1]), lambda: Stream(),
    lambda: recursive(), lambda: random.choice(TYPES), lambda: random.choice(FUNCTIONS), lambda: re.compile('(a|b)*c'), lambda: re.match('a', 'a'),
    lambda: ValueError(1, 2), lambda: Failing, lambda: collections.namedtuple('P', 'x y')(1, 2), lambda: type('T', (), {}), lambda: len,
    lambda: property(len), lambda: sys, lambda: super(Half, Half()), lambda: [].append, lambda: (lambda *a, **k: a),
]


def value(): return random.choice(MAKERS)()


TYPES = [bool, bytearray, bytes, complex, dict, enumerate, filter, float, frozenset, int, list, map, memoryview, object, property, range, reversed, set,
         slice, str, super, tuple, type, zip, Exception, StopIteration, OSError, array.array, collections.deque, collections.OrderedDict, io.BytesIO,
         io.StringIO, io.IOBase, Half, Evil, Stream]
SKIPPED = ('input', 'print', 'help', 'open', 'exec', 'execfile', 'exit', 'quit', '__import__', 'sleep', 'sleep_ms', 'sleep_us', 'print_exception', 'qstr_info',
           'mem_info', 'stdin', 'stdout', 'stderr', 'dump', '__build_class__', '__repl_print__', 'modules', 'alloc_emergency_exception_buf')


def functions_of(module):
    return [getattr(module, name) for name in sorted(dir(module)) if name not in SKIPPED and callable(getattr(module, name))]


FUNCTIONS = functions_of(builtins) if dir(builtins) else []
for module in (array, binascii, cmath, collections, gc, heapq, json, math, micropython, random, re, struct, sys, time):
    FUNCTIONS += functions_of(module)
FUNCTIONS = [f for f in FUNCTIONS if f not in (random.seed,)]
OPERATORS = ['+', '-', '*', '/', '//', '%', '**', '<<', '>>', '&', '|', '^', '@', '==', '!=', '<', '<=', '>', '>=', 'in', 'is', 'and']
STATEMENTS = ['a[b]', 'a[b:c]', 'a[b:c:d]', 'a[:b]', 'a[b:]', 'a[::b]', 'a[b] = c', 'a[b:c] = d', 'a[::b] = c', 'del a[b]', 'del a[b:c]', 'a(b)', 'a(*b)',
              'a(**b)', 'a(*b, **c)', 'a(b, *c)', 'a.x', 'a.x = b', 'del a.x', '-a', '~a', 'not a', '+a', '[*a]', '{**a}', '{*a, b}', '(*a, *b)', 'x, y = a',
              'x, *y = a', 'list(a)', 'f"{a}{b!r:>20}"', 'f"{a:{b}}"', 'a % b', 'a.format(b, c)', 'with a as x: x', 'raise a', 'raise a from b',
              'for x in a: break', 'next(a)', 'a.send(b)', 'a.throw(b)', 'a.close()', 'str(a)', 'repr(a)', 'hash(a)', 'sorted(a, key=b)', 'a.sort(key=b)',
              'isinstance(a, b)', 'issubclass(a, b)', 'type(a)(b)', 'type("T", (a,), b)', 'type("T", (type(a), type(b)), {})()', 'super(a, b).x',
              'getattr(a, b)', 'setattr(a, b, c)', 'bytes(a)', 'bytearray(a)', 'str(a, b)', 'int(a, b)', 'json.dumps(a)', 'json.loads(a)', 'dict(a)',
              'memoryview(a)[b]', 'struct.pack(a, b, c)', 'struct.unpack(a, b)', 'struct.pack_into(a, b, c, d)', 'struct.unpack_from(a, b, c)',
              're.compile(a).sub(b, c, d)', 're.match(a, b)', 'heapq.heappush(a, b)', 'a.insert(b, c)', 'a.pop(b)', 'a.index(b, c, d)', 'a.center(b)',
              'a.split(b, c)', 'a.rsplit(b, c)', 'a.replace(b, c, d)', 'a.join(b)', 'a.find(b, c, d)', 'a.extend(b)', 'a.append(b)', 'a.update(b)',
              'a.read(b)', 'a.seek(b, c)', 'a.write(b)', 'a.readinto(b)', 'a.to_bytes(b, "little")', 'int.from_bytes(a, b)', 'range(a, b, c)[d]',
              'slice(a, b, c).indices(d)', 'a.setdefault(b, c)', 'a.__del__()', 'type(a).__init__(b, c)', 'array.array(a, b)', 'collections.deque(a, b)']


def call():
    kind = random.randrange(10)
    if kind < 3:
        a, b = value(), value()
        operator = random.choice(OPERATORS)
        return eval('a ' + operator + ' b', {'a': a, 'b': b})
    if kind < 6:
        names = {'a': value(), 'b': value(), 'c': value(), 'd': value(), 'struct': struct, 're': re, 'heapq': heapq, 'json': json, 'array': array,
                 'collections': collections}
        return exec(random.choice(STATEMENTS), names)
    arguments = [value() for _ in range(random.randrange(5))]
    if kind < 8:
        return random.choice(FUNCTIONS)(*arguments)
    subject = value()
    names = [name for name in dir(subject) if name not in SKIPPED]
    if not names: return None
    method = getattr(subject, random.choice(names))
    return method(*arguments) if callable(method) else method


def run(seed, first, last):
    raised = 0
    for index in range(first, last):
        print(index)
        random.seed((seed * 1000003 + index) & 0xffffffff)
        try:
            call()
        except SystemExit:
            pass
        except Exception:
            raised += 1
        while micropython.heap_locked(): micropython.heap_unlock()
        gc.enable()
    print('ran', last - first, 'calls,', raised, 'raised')
