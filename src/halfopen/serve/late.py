"""`serve.late_rows`: how windows are answered, so that rows that commit late are lifted, waited for, or lost."""

from halfopen.config.serve import ServeConfig
from halfopen.errors import ConfigError
from halfopen.serve.seal.opening import open_store
from halfopen.serve.seal.windows import SealedWindows, Terms
from halfopen.serve.waiting import WaitingWindows
from halfopen.serve.windows import Clock, PlainWindows, Windows
from halfopen.sources.base import Source
from halfopen.sources.sealing import Seals
from halfopen.sources.waiting import TellsOpen


def windows_of(config: ServeConfig, source: Source, clock: Clock) -> Windows:
    """How windows are answered; ConfigError where the database cannot do it, StateError where seals cannot be kept."""
    refuse = config.unfinished == "refuse"
    plain = PlainWindows(source, clock, refuse_unfinished=refuse)
    if config.late_rows == "plain":
        return plain
    engine = source.capabilities.engine
    if config.late_rows == "wait":
        if not isinstance(source, TellsOpen):
            raise ConfigError(
                f'serve.late_rows: "wait" needs a database that tells of its open transactions, which {engine} does '
                'not; write "lift"'
            )
        return WaitingWindows(source, plain, config.wait_max)
    if not isinstance(source, Seals):
        raise ConfigError(f'serve.late_rows: "lift" cannot be done with {engine}; write "plain"')
    terms = Terms(lateness=config.allowed_lateness, keep=config.keep_lifted, refuse_unfinished=refuse)
    return SealedWindows(source, open_store(config.store), clock, terms)
