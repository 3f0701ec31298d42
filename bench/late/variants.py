"""The ways to serve and to ask that are compared, each a server of its own and one or two pollers."""

from dataclasses import dataclass

from late.scale import Scale

ALLOWED_SECONDS = 900.0
WAIT_SECONDS = 30.0
APART_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Ask:
    """When a poller asks, in seconds of the product after a window's end."""

    name: str
    after: float
    gives_up: bool = False

    @property
    def said(self) -> str:
        """For the table."""
        return f"to + {self.after:g} s"


@dataclass(frozen=True, slots=True)
class Variant:
    """`late_rows` of its servers, and who asks them. Several servers share their state in a database."""

    name: str
    late_rows: str
    asks: tuple[Ask, ...]
    servers: int = 1


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(
            "plain",
            "plain",
            (Ask("plain", 0), Ask("plain", 1), Ask("offset", APART_SECONDS), Ask("offset", APART_SECONDS + 1)),
        ),
        Variant("wait", "wait", (Ask("wait", 0), Ask("wait", 1), Ask("wait, skips", 1, gives_up=True))),
        Variant("lift", "lift", (Ask("lift", 0), Ask("lift", 1))),
        Variant("apart", "lift", (Ask("lift, apart", 0), Ask("lift, apart", APART_SECONDS))),
        Variant("two", "lift", (Ask("lift, 2 servers", 0), Ask("lift, 2 servers", 1)), servers=2),
    )
}


def settings(variant: Variant, database: str, state: str, scale: Scale) -> str:
    """Lines of [serve]; lengths of time are the product's, compressed."""
    lines = [f'database = "{database}"', f'late_rows = "{variant.late_rows}"', f'state = "{state}"']
    lines.append(f'allowed_lateness = "{scale.real(ALLOWED_SECONDS):g}s"')
    lines.append(f'wait_max = "{scale.real(WAIT_SECONDS):g}s"')
    return "\n".join(lines)
