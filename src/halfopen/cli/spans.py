"""Spans of the past and lengths of time, as people write them on the command line."""

import sys
from datetime import datetime, timedelta

from halfopen.config import durations, moments
from halfopen.errors import ConfigError, UsageError
from halfopen.window.clock import utc_now
from halfopen.window.window import Window
from halfopen.wire.moment import plain


def span(first: str, last: str) -> Window:
    """`--from` and `--to` as a window that ends by now; UsageError for whatever does not fit."""
    start, end = moment(first, "--from"), moment(last, "--to")
    now = utc_now().replace(microsecond=0)
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
    """The moment that an option names, in whole seconds; UsageError for anything else."""
    try:
        return moments.parse(text).replace(microsecond=0)
    except ConfigError as error:
        raise UsageError(f"{option}: {error}") from None
