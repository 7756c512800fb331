# The dialect: what MicroPython lacks and this project adds. Every line that prints "FAIL" is a failure.
import sys

failures = checks = 0


def check(condition, text):
    global failures, checks
    checks += 1
    if not condition:
        failures += 1
        print("FAIL", text)


def raises(kind, body):
    try:
        body()
    except kind as e:
        return str(e)
    return None


# Starred items in displays, returns and subscripts.
a, s = [1, 2], (3, 4)
check([*a, 5, *s] == [1, 2, 5, 3, 4], "[*a, 5, *s]")
check([*a] == [1, 2], "[*a]")
check((*s, 9) == (3, 4, 9), "(*s, 9)")
check((*s,) == (3, 4), "(*s,)")
check({*a, 2, *s} == {1, 2, 3, 4}, "{*a, 2, *s}")
check({*a} == {1, 2}, "{*a}")
d = {"x": 1, "y": 2}
check({**d, "z": 3} == {"x": 1, "y": 2, "z": 3}, "{**d, 'z': 3}")
check({**d} == d and {**d} is not d, "{**d}")
check({"a": 0, **d, "x": 9} == {"a": 0, "x": 9, "y": 2}, "{'a': 0, **d, 'x': 9}")
t = *a, 7
check(t == (1, 2, 7), "t = *a, 7")


def returns(x):
    return 0, *x


check(returns(a) == (0, 1, 2), "return 0, *x")


class Index:
    def __getitem__(self, index):
        return index


check(Index()[1, *a] == (1, 1, 2), "x[1, *a]")
check(Index()[*a] == (1, 2), "x[*a]")
check(Index()[*a, 1:2][2] == slice(1, 2, None), "x[*a, 1:2]")
first, *rest = [*a, *a]
check(first == 1 and rest == [2, 1, 2], "first, *rest")


# Parameters.
def positional(x, y=2, /, z=3, *, k=4):
    return (x, y, z, k)


check(positional(1) == (1, 2, 3, 4), "def f(x, /)")
check((lambda x, /, y: (x, y))(1, y=2) == (1, 2), "lambda x, /")

# Decorators are expressions.
registry = [lambda f: f, lambda f: (lambda *x: f(*x) + 1)]


@registry[1]
def decorated(x):
    return x


@(lambda f: f)
@registry[0]
def plain(x):
    return x


check(decorated(1) == 2 and plain(1) == 1, "decorator expressions")

# Dictionaries keep their order.
many = {}
for i in range(1000):
    many[str(i)] = i
check(list(many.values()) == list(range(1000)), "order of 1000 insertions")
for i in range(0, 1000, 3):
    del many[str(i)]
check(list(many.values()) == [i for i in range(1000) if i % 3], "order after deletions")
many["0"] = 0
check(list(many)[-1] == "0", "an entry made again comes last")
check(many.popitem() == ("0", 0), "popitem takes the last")
check(list({"b": 1, "a": 2, 3: 4, (1, 2): 5}) == ["b", "a", 3, (1, 2)], "order of a literal")
check(str({"b": 1, "a": 2}) == "{'b': 1, 'a': 2}", "printing")
check({"a": 1, "b": 2} == {"b": 2, "a": 1}, "equality ignores the order")
copy = dict(many)
check(list(copy) == list(many) and many.copy() == many, "copies")
check(list({**{"q": 1}, **{"p": 2}}) == ["q", "p"], "order of an update")
mixed = {}
for i in range(300):
    mixed[i] = i
    mixed[-i] = i
    mixed[i / 2] = i
check(len(mixed) == len(set(mixed)), "no key twice")
for i in range(300):
    mixed.pop(i, None)
check(sum(1 for k in mixed) == len(mixed), "length after removals")
mixed.clear()
check(mixed == {} and raises(KeyError, lambda: mixed[1]) is not None, "clear")
check(raises(TypeError, lambda: {[]: 1}) is not None, "keys must be hashable")


# Annotations of classes.
class Fields:
    x: int
    y: float = 2.0
    name: "str" = "n"
    items: dict[str, int] = None


check(list(Fields.__annotations__) == ["x", "y", "name", "items"], "__annotations__")
check(Fields.__annotations__["x"] is int and Fields.y == 2.0, "annotations are evaluated")


# Formatting.
class Money:
    def __format__(self, spec):
        return "<" + spec + ">"

    def __str__(self):
        return "money"


check(f"{Money():.2f}" == "<.2f>" and f"{Money()}" == "<>" and f"{Money()!s}" == "money", "__format__")
check(format(3.14159, ".2f") == "3.14" and format("x") == "x", "format()")
check(repr(ValueError("x")) == "ValueError('x')" and repr(KeyError(1, 2)) == "KeyError(1, 2)", "repr of exceptions")

# Floats read and print exactly.
check(repr(0.1 + 0.2) == "0.30000000000000004", "0.1 + 0.2")
check([repr(x) for x in (1e16, 1e-5, 123456789012345.0, 5e-324, 1.7976931348623157e308, 1.0, -0.0)]
      == ["1e+16", "1e-05", "123456789012345.0", "5e-324", "1.7976931348623157e+308", "1.0", "-0.0"], "repr of floats")
check(float("2.2250738585072011e-308") == 2.225073858507201e-308, "reading near the normal range")
check(float("9007199254740993") == 9007199254740992.0 and float("9007199254740993.00000000000000000000001") == 9007199254740994.0, "ties")
check("%.3e|%g|%.10f|%G" % (12345.678, 0.0001, 1 / 3, 1e-10) == "1.235e+04|0.0001|0.3333333333|1E-10", "percent formats")
check("{:.0f} {:.1f} {:8.3f}|{:+.2e}".format(0.5, 0.25, 3.14159, 1234.5) == "0 0.2    3.142|+1.23e+03", "half to even")
check(str(1e22) == "1e+22" and str(complex(1, -2.5)) == "(1-2.5j)", "complex")

# Isolation: nothing reads or writes an address.
import struct

check(raises(Exception, lambda: struct.unpack("O", bytes(8))) is not None, "struct 'O'")
check(raises(Exception, lambda: struct.unpack("P", bytes(8))) is not None, "struct 'P'")
check(raises(Exception, lambda: struct.unpack("S", bytes(8))) is not None, "struct 'S'")
import array

for code in "OPS":
    check(raises(Exception, lambda: array.array(code, [0])) is not None, "array '" + code + "'")
for name in ("uctypes", "marshal", "_thread", "ctypes", "ffi", "vfs", "os", "socket"):
    check(raises(ImportError, lambda: __import__(name)) is not None, "module " + name)


def function():
    pass


check(not hasattr(function, "__code__"), "__code__")
import machine

check(not any(hasattr(machine, name) for name in ("mem8", "mem16", "mem32", "Pin", "mem")), "machine.mem*")
import micropython

check(not any(hasattr(micropython, name) for name in ("native", "viper", "asm_x64", "RingIO")), "micropython.native")
for text in ("@micropython.native\ndef f(): pass", "@micropython.viper\ndef f(x: ptr8): return x[0]"):
    check(raises(Exception, lambda: exec(text, {"micropython": micropython})) is not None, text)
check(raises(Exception, lambda: memoryview(12345)) is not None, "memoryview of an integer")
check(raises(Exception, lambda: exec(b"M\x06\x00\x1f\x00\x00")) is not None, "bytecode as a program")

# Subclassing and the stack's end are survived.
check(raises(RuntimeError, lambda: (lambda f: f(f))(lambda f: f(f))) is not None, "endless recursion")
check(raises(SyntaxError, lambda: exec("match x:\n  case 1: pass")) is not None, "match is a SyntaxError")

print("%d passed, %d failed" % (checks - failures, failures))
sys.exit(1 if failures else 0)
