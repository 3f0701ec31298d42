"""The errors that halfopen raises on purpose.

::

    HalfopenError                 anything that a person can mend; one line, no traceback
    ├── UsageError                a word on the command line is wrong
    ├── ConfigError               halfopen.toml, or a database or product that it names, does not fit
    ├── ContractError             a value or a body does not keep the contract
    │   ├── MomentError           a `from` or `to` that is no moment
    │   ├── ValueProblem          one field of one row, named by its code
    │   └── BodyError             bytes that are no whole CSV, JSON or NDJSON
    ├── SourceError               the operator's database refused or failed
    ├── StateError                the seals' store refused or failed
    ├── SinkError                 the mirror refused or failed
    │   ├── LostTurnError         another process has taken the mirror over
    │   └── QueryError            a person's SQL that does not read, or that the mirror does not understand
    └── ProductError              the product did not answer as it should

The text of an error says where, what was found (quoted) and what would be right or what to do next.
It never holds a secret.
"""

from typing import ClassVar


class HalfopenError(Exception):
    """The root: its text is one line for a person; `exit_code` is what the command ends with."""

    exit_code: ClassVar[int] = 2


class UsageError(HalfopenError):
    """A word on the command line is wrong."""


class ConfigError(HalfopenError):
    """The configuration, or something that it names, does not fit."""


class ContractError(HalfopenError):
    """Something does not keep the contract."""

    exit_code = 1


class MomentError(ContractError):
    """A text that is no moment in the grammar of `from` and `to`."""


class ValueProblem(ContractError):  # noqa: N818 - a finding about one value, not a failure of the program
    """A value that cannot be read as its kind: `code` is the finding's name, `value` the text as found."""

    def __init__(self, code: str, value: str) -> None:
        super().__init__(f"{code}: found {value!r}")
        self.code = code
        self.value = value


class BodyError(ContractError):
    """Bytes that are no whole body of their format."""


class SourceError(HalfopenError):
    """The operator's database refused or failed."""

    exit_code = 3


class StateError(HalfopenError):
    """What serve remembers between answers could not be read or written."""

    exit_code = 3


class SinkError(HalfopenError):
    """The mirror refused or failed."""

    exit_code = 3


class LostTurnError(SinkError):
    """Another process has taken the mirror over: nothing more can be stored by this one."""


class QueryError(SinkError):
    """SQL that somebody asked the mirror with, and that is no reading statement or fails."""

    exit_code = 2


class ProductError(HalfopenError):
    """The product could not be reached, or did not answer as it should."""

    exit_code = 3
