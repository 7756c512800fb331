"""Cases of JAX's harnesses on which the machine differs from jaxlib for a reason that stands. Kept short."""

#: Part of the case's name, and the reason.
KNOWN = [
]


def known_difference(name):
    """The reason, or None."""
    for part, reason in KNOWN:
        if part in name:
            return reason
    return None
