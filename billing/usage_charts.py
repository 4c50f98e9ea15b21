"""Charts drawn on the server: what people would rather look at than read; a table stands beside each."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

HEIGHT, STEP, GAP = 160, 24, 4
LEAST = 2  # pixels of a bar that is not nothing
FEWEST = 8  # bars that there is always room for: two are not drawn as two walls


@dataclass(frozen=True)
class Bar:
    """One bar, in the units of the drawing, with what it says on being pointed at."""

    x: int
    y: int
    width: int
    height: int
    label: str
    text: str
    tone: str = ""  # over: above the limit


@dataclass(frozen=True)
class BarChart:
    """Bars beside each other over one line; ``limit_y`` is where the line of a limit is drawn, or nothing."""

    bars: list[Bar]
    width: int
    height: int = HEIGHT
    limit_y: int | None = None
    limit_text: str = ""


def bar_chart(
    points: Sequence[tuple[str, Decimal, str]], *, limit: Decimal | None = None, limit_text: str = ""
) -> BarChart | None:
    """Return the chart of (label, value, text in words); ``None`` where there is nothing to draw."""
    highest = max([value for _label, value, _text in points] + ([limit] if limit else []), default=Decimal(0))
    if highest <= 0:
        return None
    bars = [_bar(at, point, highest, limit) for at, point in enumerate(points)]
    limit_y = HEIGHT - int(limit / highest * HEIGHT) if limit else None
    return BarChart(bars, width=max(len(points), FEWEST) * STEP, limit_y=limit_y, limit_text=limit_text)


def _bar(at: int, point: tuple[str, Decimal, str], highest: Decimal, limit: Decimal | None) -> Bar:
    label, value, text = point
    height = max(int(value / highest * HEIGHT), LEAST) if value > 0 else 0
    tone = "over" if limit and value > limit else ""
    return Bar(at * STEP + GAP // 2, HEIGHT - height, STEP - GAP, height, label, text, tone)
