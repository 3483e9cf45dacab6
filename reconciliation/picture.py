"""The report at a glance: one bar an account, in plain SVG.

A bar's parts are its lines by class. Most nights nearly all is matched and what matters is a sliver, so a part that is there at all is
drawn wide enough to be seen.
"""

from __future__ import annotations

from html import escape

from reconciliation.report import AccountPage, Report

_BAR_LEFT, _BAR_WIDTH, _BAR_HEIGHT, _ROW_HEIGHT, _WIDTH = 210, 420, 16, 30, 860
_SEEN_WIDTH = 6
_LEGEND_HEIGHT, _SWATCH, _LEGEND_STEP = 26, 10, 130

# What is drawn apart, in this order: (name, colour). Colours that also differ in brightness.
_KINDS = (("matched", "#2e7d4f"), ("timing", "#8fa8c8"), ("corrected", "#c9b458"), ("differs", "#b3261e"))
_CORRECTED = ("reversed_in_statement", "adjusted", "parked")


def lines_by_kind(page: AccountPage) -> dict[str, int]:
    """How many lines of both sides are matched, timing, corrected by bank or officers, or differ; a pair counts once."""
    counts = dict.fromkeys((name for name, _ in _KINDS), 0)
    for total in page.classes:
        pairs = total.statement_lines if total.line_class in ("matched", "amount_differs") else 0
        lines = total.statement_lines + total.ledger_lines - pairs
        if total.line_class in counts:
            counts[total.line_class] += lines
        else:
            counts["corrected" if total.line_class in _CORRECTED else "differs"] += lines
    return counts


def part_widths(counts: dict[str, int], width: int) -> dict[str, int]:
    """Whole widths that fill the bar, each in proportion, but none that is there narrower than can be seen."""
    there = {name: count for name, count in counts.items() if count}
    if not there:
        return {}
    total = sum(there.values())
    widths = {name: max(_SEEN_WIDTH, width * count // total) for name, count in there.items()}
    widest = max(widths, key=lambda name: widths[name])
    widths[widest] += width - sum(widths.values())
    return widths


def picture(report: Report) -> str:
    """An `svg` element with its own title and description, for a page or a file."""
    height = len(report.accounts) * _ROW_HEIGHT + _LEGEND_HEIGHT
    spoken = "; ".join(f"{page.account}: {_spoken(lines_by_kind(page))}" for page in report.accounts)
    rows = "".join(_row(page, number) for number, page in enumerate(report.accounts))
    legend = "".join(
        f'<rect x="{_BAR_LEFT + number * _LEGEND_STEP}" y="{height - 18}" width="{_SWATCH}" height="{_SWATCH}" fill="{colour}"/>'
        f'<text x="{_BAR_LEFT + number * _LEGEND_STEP + 16}" y="{height - 9}">{name}</text>'
        for number, (name, colour) in enumerate(_KINDS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="12" fill="currentColor">'
        f"<title>Lines of statements and ledger by class</title><desc>{escape(spoken)}</desc>{rows}{legend}</svg>"
    )


def _spoken(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no lines"


def _row(page: AccountPage, number: int) -> str:
    top, colours = number * _ROW_HEIGHT + 4, dict(_KINDS)
    counts = lines_by_kind(page)
    parts, left = [], _BAR_LEFT
    for name, width in part_widths(counts, _BAR_WIDTH).items():
        parts.append(f'<rect x="{left}" y="{top}" width="{width}" height="{_BAR_HEIGHT}" fill="{colours[name]}"/>')
        left += width
    differ = "1 differs" if counts["differs"] == 1 else f"{counts['differs']} differ"
    words = f"{counts['matched']} matched" + (f", {differ}" if counts["differs"] else "")
    return (
        f'<text x="0" y="{top + 12}">{escape(page.account)}</text>{"".join(parts)}'
        f'<text x="{_BAR_LEFT + _BAR_WIDTH + 10}" y="{top + 12}">{words}</text>'
    )
