"""abc: abstract methods are marked and not enforced."""


class ABC:
    pass


class ABCMeta(type):
    pass


def abstractmethod(function):
    return function


abstractproperty = property
