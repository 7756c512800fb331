"""collections.abc: names for annotations."""
from typing import (Callable, Collection, Container, Coroutine, Generator, Hashable, Iterable, Iterator, Mapping, MutableMapping,
                    MutableSequence, Reversible, Sequence, Set, Sized)
