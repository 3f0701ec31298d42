"""What all lanes of a puller share."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from halfopen.sync.events import Events
from halfopen.sync.evidence import Archive
from halfopen.sync.pace import Paces
from halfopen.sync.rereads import Rereads
from halfopen.sync.writer import Writer


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """`clock` gives the aware UTC time, `dice` the jitter, `seq` request sequences.

    lanes: how many there are, which says how far they are spread over the cadence.
    """

    writer: Writer
    archive: Archive
    rereads: Rereads
    events: Events
    clock: Callable[[], datetime]
    dice: random.Random
    seq: Iterator[int]
    spool: Path
    lanes: int = 0
    paces: Paces = field(default_factory=Paces)
