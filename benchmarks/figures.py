"""What `with_fakes` writes down."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Figures:
    """
    What the runner used, without its children.

    Attributes:
        judged: Seconds of CPU until each cell was judged.
        ended: Seconds of CPU until the end, reports included.
        peak_mb: Largest resident memory in MiB.
    """

    judged: list[float] = field(default_factory=list)
    ended: float = 0.0
    peak_mb: int = 0
