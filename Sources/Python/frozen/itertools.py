"""itertools: as generators."""


def count(start=0, step=1):
    while True:
        yield start
        start += step


def cycle(iterable):
    items = list(iterable)
    while items:
        for item in items:
            yield item


def repeat(value, times=None):
    if times is None:
        while True:
            yield value
    for _ in range(times):
        yield value


class chain:
    def __init__(self, *iterables):
        self._items = self._generate(iterables)

    @staticmethod
    def _generate(iterables):
        for iterable in iterables:
            for item in iterable:
                yield item

    @staticmethod
    def from_iterable(iterables):
        return chain._generate(iterables)

    def __iter__(self):
        return self._items

    def __next__(self):
        return next(self._items)


def accumulate(iterable, func=None, *, initial=None):
    iterator = iter(iterable)
    total = initial
    if total is None:
        try:
            total = next(iterator)
        except StopIteration:
            return
    yield total
    for item in iterator:
        total = total + item if func is None else func(total, item)
        yield total


def islice(iterable, *args):
    start, stop, step = 0, None, 1
    if len(args) == 1:
        stop = args[0]
    else:
        start, stop = args[0] or 0, args[1]
        if len(args) > 2 and args[2] is not None:
            step = args[2]
    if stop is not None and stop <= start:
        return
    index = 0
    for item in iterable:
        if index >= start and (index - start) % step == 0:
            yield item
        index += 1
        if stop is not None and index >= stop:
            return


def takewhile(predicate, iterable):
    for item in iterable:
        if not predicate(item):
            return
        yield item


def dropwhile(predicate, iterable):
    iterator = iter(iterable)
    for item in iterator:
        if not predicate(item):
            yield item
            break
    for item in iterator:
        yield item


def filterfalse(predicate, iterable):
    for item in iterable:
        if not (item if predicate is None else predicate(item)):
            yield item


def compress(data, selectors):
    for item, selected in zip(data, selectors):
        if selected:
            yield item


def starmap(function, iterable):
    for args in iterable:
        yield function(*args)


def pairwise(iterable):
    iterator = iter(iterable)
    try:
        last = next(iterator)
    except StopIteration:
        return
    for item in iterator:
        yield last, item
        last = item


def zip_longest(*iterables, fillvalue=None):
    iterators = [iter(i) for i in iterables]
    active = len(iterators)
    done = [False] * active
    while active:
        row = []
        for index, iterator in enumerate(iterators):
            value = fillvalue
            if not done[index]:
                try:
                    value = next(iterator)
                except StopIteration:
                    done[index] = True
                    active -= 1
            row.append(value)
        if active:
            yield tuple(row)


def product(*iterables, repeat=1):
    pools = [tuple(i) for i in iterables] * repeat
    rows = [()]
    for pool in pools:
        rows = [row + (item,) for row in rows for item in pool]
    for row in rows:
        yield row


def permutations(iterable, r=None):
    pool = tuple(iterable)
    count = len(pool) if r is None else r

    def build(chosen):
        if len(chosen) == count:
            yield tuple(pool[i] for i in chosen)
            return
        for i in range(len(pool)):
            if i not in chosen:
                yield from build(chosen + [i])

    return build([])


def _choose(iterable, r, step):
    """What is chosen next stands `step` places behind what was chosen last, or further."""
    pool = tuple(iterable)

    def build(start, chosen):
        if len(chosen) == r:
            yield tuple(chosen)
            return
        for i in range(start, len(pool)):
            yield from build(i + step, chosen + [pool[i]])

    return build(0, [])


def combinations(iterable, r):
    return _choose(iterable, r, 1)


def combinations_with_replacement(iterable, r):
    return _choose(iterable, r, 0)


def groupby(iterable, key=None):
    group, current, started = [], None, False
    for item in iterable:
        k = item if key is None else key(item)
        if started and k != current:
            yield current, iter(group)
            group = []
        current, started = k, True
        group.append(item)
    if started:
        yield current, iter(group)


def tee(iterable, n=2):
    items = list(iterable)
    return tuple(iter(items) for _ in range(n))


def batched(iterable, n):
    batch = []
    for item in iterable:
        batch.append(item)
        if len(batch) == n:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)
