"""A mistake of halfopen's own over one answer is told as what it is, and ends nothing else.

What products send has no end of shapes, and some day one of them meets a line of ours that nobody has tried with it. If
that ended the process, one answer of one product would keep all the others from being pulled, and would do so again
after each start.
"""

import logging

from halfopen.errors import HalfopenError, SinkError

_logger = logging.getLogger(__name__)


def told(error: Exception, where: str) -> HalfopenError:
    """What stands in the place of an unforeseen exception; its text may quote a body, so that only the log has it."""
    kind = type(error).__name__
    _logger.error("%s: a mistake of halfopen's", where, exc_info=error)
    return HalfopenError(
        f"{where}: {kind}, which is a mistake of halfopen's and not of the product: please report it, with the"
        " traceback in the log"
    )


def located(error: HalfopenError, where: str) -> str:
    """The text of an error with where it happened: a mirror that fails does not know what it was given."""
    return f"{where}: {error}" if isinstance(error, SinkError) else str(error)
