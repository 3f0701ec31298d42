"""Keeps the server's memory flat: answers are made in threads, and glibc gives each thread an arena of its own."""

import ctypes
from typing import Final

_M_ARENA_MAX: Final = -8
"""Its number in glibc's malloc.h."""

_ARENAS: Final = 2


def bound_arenas() -> None:
    """Lets all threads share two arenas; what one frees another can use. Nothing where there is no glibc.

    MALLOC_ARENA_MAX does the same, but only for who knows of it before the start.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_M_ARENA_MAX, _ARENAS)
