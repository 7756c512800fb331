// Python texts that go on until somebody ends them, or that take far longer than anyone waits: loops that catch everything, C code
// without an end in sight, parsing, recursion, memory that runs out again and again. Which ones depends on the generator alone.

public struct UnendingText {
    /// What kind it is, for reports.
    public let name: String
    public let source: String
}

public enum UnendingTexts {
    /// N stands for a number that is drawn, a few hundred thousand to some million.
    private static let kinds: [(name: String, lines: [String])] = [
        ("loop", ["while True: pass"]),
        ("except all", ["while True:", "  try:", "    while True: pass", "  except BaseException: pass"]),
        ("except in turn", ["def f():", "  try:", "    while True: pass",
                            "  except:", "    f()", "while True:", "  try: f()", "  except: pass"]),
        ("finally", ["def f():", "  try:", "    while True: pass", "  finally: f()", "f()"]),
        ("with", ["class A:", "  def __enter__(s): pass", "  def __exit__(s, *a): return True",
                  "while True:", "  with A():", "    while True: pass"]),
        ("generator", ["def g():", "  while True:", "    try: yield 1", "    except BaseException: pass", "for x in g(): pass"]),
        ("generator close", ["def g():", "  while True:", "    try: yield 1",
                             "    except GeneratorExit: pass", "x = g()", "next(x)", "x.close()",
                             "while True: pass"]),
        ("power", ["x = 3 ** (10 * N)", "while True: x = x * x % 10**N"]),
        ("digits", ["while True: str(3 ** N)"]), ("number", ["while True: int('9' * N)"]),
        ("division", ["x = 7 ** N // 3 ** N", "while True: x = (x << N) // 7"]),
        ("sum", ["sum(range(10 ** 12))"]), ("member", ["-1 in range(10 ** 12)"]), ("all", ["all(x >= 0 for x in range(10 ** 12))"]),
        ("sort", ["while True: sorted(range(N), key=lambda x: -x)"]), ("compare", ["a = [0] * N", "while True: a == list(a)"]),
        ("count", ["a = [1.5] * N", "while True: a.count(2)"]), ("expression", ["import re", "re.match('(a|a)*b', 'a' * 60)"]),
        ("parentheses", ["while True: eval('(' * N + ')' * N)"]), ("literal", ["while True: eval('[' + '1,' * N + ']')"]),
        ("names", ["while True: exec('\\n'.join('x%d = %d' % (i, i) for i in range(N)))"]),
        ("locals", ["exec('def f():\\n' + '\\n'.join(' x%d = %d' % (i, i) for i in range(N)))", "while True: pass"]),
        ("strings", ["while True: eval(\"'a'\" * N)"]),
        ("equality", ["class A:", "  def __hash__(s): return 1", "  def __eq__(s, o):", "    while True:",
                                                                      "      try: pass", "      except: pass", "{A(): 1, A(): 2}"]),
        ("collisions", ["class K:", "  def __init__(s, i): s.i = i", "  def __hash__(s): return 1",
                        "  def __eq__(s, o): return s.i == o.i", "d = {}",
                        "for i in range(10 ** 9): d[K(i)] = i"]),
        ("memory", ["x = []", "while True:", "  try: x.append([0] * 100)", "  except MemoryError: x = []"]),
        ("large memory", ["while True:", "  try: x = [0] * 10**6 * 10", "  except MemoryError: pass"]),
        ("sleep", ["import time", "while True:", "  try: time.sleep(1000)", "  except BaseException: pass"]),
        ("search", ["while True: ('a' * N).find('a' * (N // 2) + 'b')"]), ("replace", ["while True: ('ab' * N).replace('a', 'bb')"]),
        ("split", ["while True: ('a,' * N).split(',')"]), ("join", ["while True: ''.join('ab' for _ in range(N))"]),
        ("recursion", ["def f(n):", "  try: return f(n + 1) + f(n + 1)",
                       "  except BaseException: return f(0)", "while True:", "  try: f(0)",
                       "  except BaseException: pass"]),
        ("output", ["while True: print('x' * 1000)"]), ("silence", ["while True:", "  try: print(end='')", "  except BaseException: pass"]),
        ("json", ["import json", "while True: json.dumps([[1, 2.5, 'x']] * N)"]),
        ("heap", ["import heapq", "h = list(range(N))", "while True: heapq.heapify(h)"]),
        ("collection", ["import gc", "x = [[i] for i in range(N)]", "while True: gc.collect()"]),
        ("no collection", ["import gc", "gc.disable()", "x = []", "while True:",
                           "  try: x.append(object())", "  except MemoryError: x = []"]),
        ("format", ["while True: '%100000000d' % 5"]),
        ("attribute", ["class A:", "  def __getattr__(s, n):", "    while True: pass", "dir(A())"]),
        ("classes", ["A = type('A', (), {})", "for i in range(60): A = type('A', (A, A), {})", "A().x"]),
        ("depth", ["x = ()", "for i in range(N): x = (x,)", "while True:", "  try: hash(x)", "  except RuntimeError: pass"]),
        ("maps", ["x = iter([1])", "for i in range(N): x = map(lambda a: a, x)",
                  "while True:", "  try: next(x)", "  except Exception: pass"]),
        ("schedule", ["import micropython", "def f(x): micropython.schedule(f, x)", "f(1)", "while True: pass"]),
        ("locked heap", ["import micropython", "micropython.heap_lock()", "while True: pass"]),
        ("arrays", ["import jax.numpy as jnp", "x = jnp.ones((300, 300))",
                    "while True:", "  try: x = x @ x", "  except BaseException: pass"]),
        ("large array", ["import jax.numpy as jnp", "while True:", "  try: (jnp.ones((1500, 1500)) @ jnp.ones((1500, 1500))).sum()",
                         "  except BaseException: pass"]),
        ("list to array", ["import jax.numpy as jnp", "x = [1.5] * N", "while True: jnp.array(x)"]),
        ("array to list", ["import jax.numpy as jnp", "x = jnp.arange(10 * N)", "while True: x.tolist()"]),
        ("text of an array", ["import jax.numpy as jnp", "x = jnp.arange(N)", "while True: str(x)"]),
        ("set", ["s = set()", "for i in range(10 ** 9): s.add(i)"]),
        ("bytes", ["import binascii", "x = bytes(N)", "while True: binascii.hexlify(x)"]),
        ("struct", ["import struct", "while True: struct.unpack('%dB' % N, bytes(N))"]),
        ("random", ["import random", "while True: random.random()"]),
    ]

    public static var kindCount: Int { kinds.count }

    /// Some text; with luck within a function, a class or another text.
    public static func draw(_ random: inout SeededRandom) -> UnendingText {
        make(random.below(kinds.count), &random)
    }

    public static func make(_ kind: Int, _ random: inout SeededRandom) -> UnendingText {
        let number = 20_000 << random.below(6)
        let lines = kinds[kind].lines.map { $0.split(separator: "N", omittingEmptySubsequences: false).joined(separator: "\(number)") }
        func indented(_ lines: [String]) -> [String] { lines.map { "  " + $0 } }
        var source = lines
        var name = kinds[kind].name
        switch random.below(6) {
        case 0:
            source = ["def run():"] + indented(lines) + ["run()"]
            name += " in a function"
        case 1:
            source = ["while True:", "  try:"] + indented(indented(lines)) + ["  except BaseException: pass"]
            name += " again and again"
        case 2:
            source = ["import builtins", "builtins.print = None", "import sys", "sys.path[:] = [5]"] + lines
            name += " with changed modules"
        case 3:
            source = ["class Run:"] + indented(lines)
            name += " in a class"
        default: break
        }
        return UnendingText(name: name, source: source.joined(separator: "\n") + "\n")
    }
}
