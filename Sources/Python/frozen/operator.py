"""operator: the operators as functions."""


def add(a, b): return a + b
def sub(a, b): return a - b
def mul(a, b): return a * b
def truediv(a, b): return a / b
def floordiv(a, b): return a // b
def mod(a, b): return a % b
def pow(a, b): return a ** b
def matmul(a, b): return a @ b
def neg(a): return -a
def pos(a): return +a
def invert(a): return ~a
def not_(a): return not a
def truth(a): return bool(a)
def and_(a, b): return a & b
def or_(a, b): return a | b
def xor(a, b): return a ^ b
def lshift(a, b): return a << b
def rshift(a, b): return a >> b
def lt(a, b): return a < b
def le(a, b): return a <= b
def eq(a, b): return a == b
def ne(a, b): return a != b
def ge(a, b): return a >= b
def gt(a, b): return a > b
def is_(a, b): return a is b
def is_not(a, b): return a is not b
def contains(a, b): return b in a
def concat(a, b): return a + b
def getitem(a, b): return a[b]
def index(a): return int(a)


_abs = abs


def abs(a): return _abs(a)


def setitem(a, b, c):
    a[b] = c


def delitem(a, b):
    del a[b]


def itemgetter(item, *items):
    if not items:
        return lambda x: x[item]
    return lambda x: tuple(x[i] for i in (item,) + items)


def attrgetter(attr, *attrs):
    def get(x, path):
        for name in path.split("."):
            x = getattr(x, name)
        return x

    if not attrs:
        return lambda x: get(x, attr)
    return lambda x: tuple(get(x, path) for path in (attr,) + attrs)


def methodcaller(name, *args, **keywords):
    return lambda x: getattr(x, name)(*args, **keywords)
