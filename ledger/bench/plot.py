"""A bar chart as SVG: what was measured beside its yardstick, and where the target lies. Readable without a script, in light and dark."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from ledger.bench.result import Bar

WIDTH, LEFT, RIGHT, TOP, ROW = 720, 170, 110, 46, 26
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}.measured{fill:#0b6e4f}"
    ".yardstick{fill:#9aa5b1}.goal{stroke:#b42318;stroke-width:2;stroke-dasharray:5 3}.goal-text{fill:#b42318}"
    "@media(prefers-color-scheme:dark){text{fill:#d0d7de}.measured{fill:#3fb68b}.goal{stroke:#ff7b72}.goal-text{fill:#ff7b72}}"
)


class Plot(NamedTuple):
    """One chart: bars from zero, in one unit; ``goal`` is where the target lies, if it is on this scale."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    goal: float | None = None


def svg(plot: Plot) -> str:
    """The chart, a whole document."""
    top = max([bar.value for bar in plot.bars] + ([plot.goal] if plot.goal is not None else [])) or 1.0
    scale = (WIDTH - LEFT - RIGHT) / top
    bottom = TOP + ROW * len(plot.bars)
    height = bottom + 34
    said = ", ".join(f"{bar.label} {shown(bar.value)}" for bar in plot.bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{escape(f"{plot.title}, {plot.unit}: {said}")}">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="12" y="24">{escape(plot.title)}</text>',
        f'<text x="{WIDTH - 12}" y="24" text-anchor="end">{escape(plot.unit)}</text>',
    ]
    for number, bar in enumerate(plot.bars):
        y = TOP + ROW * number
        width = bar.value * scale
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{escape(bar.kind)}" x="{LEFT}" y="{y + 2}" width="{width:.1f}" height="{ROW - 8}" rx="2"/>',
            f'<text x="{LEFT + width + 8:.1f}" y="{y + 15}">{shown(bar.value)}</text>',
        ]
    if plot.goal is not None:
        x = LEFT + plot.goal * scale
        parts += [
            f'<line class="goal" x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom + 4}"/>',
            f'<text class="goal-text" x="{x:.1f}" y="{bottom + 22}" text-anchor="middle">target {shown(plot.goal)}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


def shown(value: float) -> str:
    """A figure as it is read: thousands apart, decimals only where they say something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
