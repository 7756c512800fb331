"""Cases of JAX's harnesses on which the machine differs from jaxlib for a reason that stands. Kept short."""

#: Part of the case's name, and the reason.
KNOWN = [
    ("preferred_lhs_complex64_2_3_9_10_rhs_complex64_3_3_4_5",
     "jaxlib multiplies in complex64 and widens the sums; the machine multiplies in complex128, the type of the result"),
]


def known_difference(name):
    """The reason, or None."""
    for part, reason in KNOWN:
        if part in name:
            return reason
    return None
