# Sizes that overflow, objects that change under C code's hands, recursion without an end: each is an exception or a right result.
# Every line that prints "FAIL" is a failure; so is an end before the last line.
import array, collections, gc, heapq, io, json, micropython, re, struct, sys

failures = checks = 0


def check(condition, text):
    global failures, checks
    checks += 1
    if not condition:
        failures += 1
        print("FAIL", text)


def raised(text, names=None):
    try:
        return eval(text, names or globals())
    except BaseException as e:
        return type(e)


HUGE = 2**62
# --- sizes ---
for text in ["(0, 1) * HUGE", "(0,) * 2**61", "(1, 2, 3, 4) * 2**60", "'abcd' * HUGE", "b'abcd' * HUGE", "[0] * 2**61", "[0] * 10**10",
             "(0,) * 2**40",
             "bytearray(2**61)", "bytes(HUGE)", "'x'.center(2**61)", "1 << 2**40", "1 << HUGE", "(1).to_bytes(2**40, 'little')",
             "io.BytesIO(2**61)",
             "collections.deque((), 2**61)", "[0] * HUGE + [1]", "array.array('d', [0]) * 3 if 0 else bytearray(2**61 + 5)",
             "'a'.join(['b'] * 2**61)",
             "list(range(10**12))", "'%d' % 1 * HUGE", "'abc'.replace('', 'x' * 10**6) * 2**40", "memoryview(b'abc' * 2**61)"]:
    check(raised(text) is MemoryError, text + ": " + str(raised(text)))
for text in ["'%*d' % (2**40, 5)", "'{:{}}'.format(5, 2**40)", "'{:99999999999}'.format(1)", "'%99999999999d' % 1",
             "'%.99999999999f' % 1.0",
             "struct.calcsize('999999999999i')", "struct.pack('%dB' % 2**40)", "struct.unpack_from('I', b'abcd', HUGE)", "array.array('O')",
             "struct.pack('O', 1)", "pow(2, 10**6, 0)", "pow(2, -5, 3)", "bytes(-1)", "bytearray(-1)", "io.BytesIO(-1)",
             "slice(1).indices(-1)"]:
    check(raised(text) is ValueError, text + ": " + str(raised(text)))
for text in ["len(range(-HUGE, HUGE))", "range(HUGE)[::2**61].stop if 0 else range(HUGE)[::HUGE * 4]", "'%c' % 2**40", "'%c' % -1"]:
    check(raised(text) is OverflowError, text + ": " + str(raised(text)))
check([1, 2, 3][::2**61] == [1] and [1, 2, 3][2**70:] == [] and "abc"[-2**70:2**70] == "abc", "slices by giants")
check(list(range(2**62 - 2, 2**62 + 1)) == [2**62 - 2, 2**62 - 1, 2**62], "ranges beyond small integers")
check(range(0, 2**62, 2**61)[1] == 2**61 and len(range(0, -2**62, -2**61)) == 2, "lengths of ranges")
check("abc".split("b", 2**61) == ["a", "c"] and "a b".rsplit(" ", 2**61) == ["a", "b"], "splits")
check("%c%c" % (0x2603, "é") == "☃é" and "{:c}".format(0x1F600) == "😀" and b"%c" % 255 == b"\xff", "characters by number")
check(len("%100000d" % 1) == 100000 and len("{:>100000}".format("e")) == 100000, "wide fields")
try:
    "x" * 10**13
except MemoryError as e:
    check("10000000000001 bytes" in str(e), "the true figure: " + str(e))
try:
    [0] * 10**10
except MemoryError as e:
    check("80000000000 bytes" in str(e), "the true figure: " + str(e))

# --- objects that change meanwhile ---
class Clearing:
    def __init__(self, *things): self.things = things

    def go(self):
        for thing in self.things: thing.clear()
        gc.collect()
        return [bytearray(64) for _ in range(50)]

    def __eq__(self, other): return bool(self.go()) and False
    def __lt__(self, other): return not self.go()
    def __hash__(self): return 1 if self.go() else 0
    def __int__(self): return len(self.go())
    def __float__(self): return float(len(self.go()))
    def __len__(self): return 5
    def __iter__(self): return iter(self.go())
    def __repr__(self): return "clearing" if self.go() else ""


def filled(kind=list):
    container = kind()
    evil = Clearing(container)
    if isinstance(container, dict):
        for i in range(20): container[evil if i == 7 else i] = evil
    elif isinstance(container, set):
        for i in range(20): container.add(i)
        container.add(evil)
    else:
        for i in range(20): container.append(evil if i in (3, 9) else i)
    return container


for text in ["filled() == filled()", "filled() < filled()", "filled().count(99)", "filled().index(99)", "99 in filled()",
             "sorted(filled())", "repr(filled())",
             "filled().remove(99)", "heapq.heapify(filled())", "heapq.heappush(filled(), Clearing())", "min(filled())",
             "filled(dict) == filled(dict)",
             "repr(filled(dict))", "dict(filled(dict))", "json.dumps(filled())", "hash(tuple(filled()))", "filled(set) | filled(set)",
             "filled(set) == filled(set)",
             "filled(set).pop() and filled(set).pop()", "[*filled(), *filled()]", "max(filled(), key=lambda x: filled())"]:
    raised(text)
    checks += 1
x = [3, 1, 2] * 100
check(raised("x.sort(key=lambda v: x.clear() or v)") in (None, ValueError), "a list that is cleared while it is sorted")
check(sorted([(1, "b"), (0, "c"), (1, "a")], key=lambda p: p[0]) == [(0, "c"), (1, "b"), (1, "a")], "sort is stable")
check(sorted([(1, "b"), (0, "c"), (1, "a")], key=lambda p: p[0], reverse=True) == [(1, "b"), (1, "a"), (0, "c")], "also reversed")
b = bytearray(b"x" * 10)
view = memoryview(b)
for _ in range(1000): b.append(65)
view[0] = 66
junk = [bytearray(i) for i in range(500)]
check(bytes(b[1:10]) == b"x" * 9 and view[1] == 120, "a view of bytes that have grown")
a = array.array("i", [1, 2, 3])
class Index:
    def __int__(self): a.extend(a); return 1
check(raised("a[Index()]") is TypeError, "indices are integers")
check(raised("[1, 2, 3][Index():]") is TypeError and raised("'abc'[Index()]") is TypeError, "everywhere")


class Reader(io.IOBase):
    kept = []
    def readinto(self, buffer): self.kept.append(buffer); return 2**40
    def write(self, buffer): self.kept.append(buffer); return len(buffer)
    def ioctl(self, request, argument): return argument


check(raised("json.load(Reader())") is ValueError, "a stream that returns more than it was asked for")
json.dump([1, 2, 3], Reader())
for kept in Reader.kept: kept[0] = 1
check(raised("super(int, 5).x") is TypeError and raised("super(type, list).append") is not None, "super of what is no instance")


class Half(list):
    def __init__(self): pass

    def rebound(self):
        self = 5
        return super().append(1)


class Failing(Exception):
    def __init__(self): raise self


check(raised("Half().rebound()") is TypeError, "self that is something else")
check(raised("Failing()") is Failing and raised("raise_(Failing)", {"raise_": lambda e: (_ for _ in ()).throw(e)}) is not None,
      "an exception that raises itself")
for text in ["list(Half())", "Half() == Half()", "len(Half())", "Half()[0]", "bytes(Half())", "Half() + [1]", "[1] + Half()",
             "repr(Half())", "Half().append(1)",
             "Half()()", "hash(Half())", "(1,) == type('T', (tuple,), {'__init__': lambda s: None})()"]:
    raised(text)
    checks += 1
check(raised("list.append(5, 6)") is TypeError and raised("type('L', (list,), {}).append(5, 6)") is TypeError, "methods of another type's")
d = {i: i for i in range(10)}
for key in d:
    d.clear()
    d["x"] = 1
check(d == {"x": 1}, "a dictionary that becomes smaller while it is walked over")
check(raised("(lambda *a, **k: (a, k))(*range(300), **{str(i): i for i in range(300)})")[0][299] == 299, "many arguments")
micropython.heap_unlock()
check(raised("[1, 2] + [3]") == [1, 2, 3], "the heap's lock, which nobody had")
try:
    del sys.path
except AttributeError:
    pass
import math
check(sys.path is not None, "sys.path stays")

# --- recursion ---
deep = ()
for _ in range(200000): deep = (deep,)
nested = []
nested.append(nested)
other = []
other.append(other)
class Get: pass
Get.__get__ = Get()
for text in ["hash(deep)", "deep == (deep,)", "repr(deep)", "nested == other", "sorted([deep, (deep,)])", "json.dumps(deep)"]:
    check(raised(text) is RuntimeError, text + ": " + str(raised(text)))
check(raised("json.loads('[' * 10**6)") is ValueError, "json of a million brackets")
check(raised("eval('(' * 100000 + ')' * 100000)") == (), "a hundred thousand parentheses")
for text in ["eval('[' * 100000)", "eval('[' * 30000 + ']' * 30000)", "eval('not ' * 100000 + '1')", "eval('-' * 100000 + 'x')",
             "eval('lambda: ' * 50000 + '1')",
             "exec('(' * 20000 + 'x' + ',)' * 20000 + ' = 1')", "eval('a' + '[0' * 50000)",
             "exec('f(' + ','.join('x%d=1' % i for i in range(300)) + ')')",
             "exec('if 1:\\n' + ''.join(' ' * i + 'if 1:\\n' for i in range(1, 300)) + ' ' * 300 + 'pass')",
             "re.match('((((((a*)*)*)*)*)*)b', 'a' * 30)"]:
    raised(text)
    checks += 1
check(len(eval("[" + "1," * 100000 + "]")) == 100000, "a literal of a hundred thousand items")
check(len(eval("'" + "x" * 2000000 + "'")) == 2000000, "a literal of two megabytes")
names = {}
exec("\n".join("name%d = %d" % (i, i) for i in range(20000)), names)
check(names["name19999"] == 19999, "twenty thousand names")
exec("def f():\n" + "\n".join(" v%d = %d" % (i, i) for i in range(20000)) + "\n return v19999", names)
check(names["f"]() == 19999, "twenty thousand locals")
check(raised("f(**{'k%d' % i: i for i in range(5000)})", {"f": lambda **k: len(k)}) == 5000, "five thousand keywords")

# --- text ---
check(repr("héllo ☃") == "'héllo ☃'" and repr("\x7f\xa0\u200b\n") == "'\\x7f\\xa0\\u200b\\n'", "repr of what can be printed, and what cannot")
check(exit is not None and raised("exit(3)") is SystemExit and raised("quit()") is SystemExit, "exit and quit")

print("%d passed, %d failed" % (checks - failures, failures))
sys.exit(1 if failures else 0)
