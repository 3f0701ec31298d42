"""Spans of the past and lengths of time, as people write them on the command line."""

import sys
from datetime import datetime, timedelta

from halfopen.config import durations, moments
from halfopen.errors import ConfigError, UsageError
from halfopen.window.clock import utc_now
from halfopen.window.window import LATEST, SECOND, Window, floor
from halfopen.wire.moment import plain


def span(first: str, last: str) -> Window:
    """`--from` and `--to` as a window of whole seconds that ends by now; UsageError for whatever does not fit.

    A second that is named in part is in it whole: windows are cut on whole seconds, and nothing is to be left out.
    """
    start, end = floor(moment(first, "--from"), SECOND), ceiling(moment(last, "--to"))
    now = floor(utc_now(), SECOND)
    if end > now:
        sys.stderr.write(f"halfopen: --to {last!r} lies in the future; pulling up to now, {plain(now)!r}\n")
        end = now
    if start >= end:
        raise UsageError(f"--from {first!r} is not before --to {plain(end)!r}; name a span of the past")
    return Window(start, end)


def duration(text: str, option: str) -> timedelta:
    """The length of time that an option names; UsageError for anything else."""
    try:
        return durations.parse(text)
    except ConfigError as error:
        raise UsageError(f"{option}: {error}") from None


def moment(text: str, option: str) -> datetime:
    """The moment that an option names; UsageError for anything else."""
    try:
        return moments.parse(text)
    except ConfigError as error:
        raise UsageError(f"{option}: {error}") from None


def ceiling(moment: datetime) -> datetime:
    """Its second, or the next one where it has a fraction and there is one."""
    second = floor(moment, SECOND)
    return second if second == moment or moment > LATEST - SECOND else second + SECOND
