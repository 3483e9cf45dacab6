"""The page of figures, made of the JSON that benches left in a folder: one table, one plot each.

Only what stands between the two marks of the page is rewritten; the rest of the page is written by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ledger.bench.plot import Plot, shown, svg
from ledger.bench.result import Bar
from ledger.bench.targets import TARGETS
from ledger.errors import Malformed

BEGIN, END = "<!-- corridor bench report: begin -->", "<!-- corridor bench report: end -->"

Told = dict[str, Any]
"""The JSON of one bench."""


def write_report(folder: Path, page: Path) -> list[str]:
    """Writes the plots beside the JSON and the table into the page; the names of the benches found. Raises Malformed."""
    found = read_results(folder)
    for name, told in found.items():
        (folder / f"{name}.svg").write_text(svg(plot_of(told)), encoding="utf-8")
    before, after = _around(page)
    page.write_text(f"{before}{BEGIN}\n\n{section(found, folder.name)}\n{END}{after}", encoding="utf-8")
    return list(found)


def read_results(folder: Path) -> dict[str, Told]:
    """The results in a folder by bench, in the order of the targets. Raises Malformed for a file that is none."""
    found: dict[str, Told] = {}
    for name in TARGETS:
        file = folder / f"{name}.json"
        if not file.exists():
            continue
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            usable = told["bench"] == name and isinstance(told["runs"], list)
        except (ValueError, KeyError, TypeError):
            usable = False
        if not usable:
            raise Malformed(
                f"{file} is not the result of bench {name}.", field="file", value=str(file), way_out=f"Write it with `--out {file}`."
            )
        found[name] = told
    return found


def plot_of(told: Told) -> Plot:
    """The chart of a result."""
    target = told["target"]
    bars = tuple(Bar(bar["label"], bar["value"], bar["kind"]) for bar in told["plot"]["bars"])
    return Plot(f"{target['number']} corridor bench {told['bench']}", told["unit"], bars, told["plot"]["goal"])


def section(found: dict[str, Told], folder: str) -> str:
    """The generated part of the page."""
    rows = ["| # | target | measured | ratio | met | when | command |", "|---|---|---|---|---|---|---|"]
    rows += [_row(name, found.get(name)) for name in TARGETS]
    parts = ["\n".join(rows)]
    if found:
        parts += ["Where: " + "; ".join(sorted({_machine(told) for told in found.values()})) + "."]
    for name, told in found.items():
        target = TARGETS[name]
        parts += [f"### {target.number} {name}", f"![{target.number}: {told['bench']}]({folder}/{name}.svg)", "\n".join(_details(told))]
    return "\n\n".join(parts) + "\n"


def _row(name: str, told: Told | None) -> str:
    target = TARGETS[name]
    if told is None:
        return f"| {target.number} | {target.sentence} | not measured yet | | | | `corridor bench {name}` |"
    ratio = "" if told["ratio"] is None else f"{told['ratio']} ×"
    measured = f"{shown(told['median'])} {told['unit']}"
    met = "yes" if told["target"]["met"] else "no"
    if not told["rules_ok"]:
        met = "**rules broken**"
    return f"| {target.number} | {target.sentence} | {measured} | {ratio} | {met} | {told['measured_at'][:10]} | `{told['command']}` |"


def _details(told: Told) -> list[str]:
    """What the table has no room for."""
    runs = ", ".join(shown(run) for run in told["runs"])
    lines = [f"- {told['unit']}: {runs} (spread {told['spread']:.0%})"]
    yardstick = told["yardstick"]
    if yardstick is not None:
        lines.append(f"- beside {yardstick['name']}: {shown(yardstick['before'])} before, {shown(yardstick['after'])} after")
    for check in told["target"]["checks"]:
        bounds = [f"{word} {shown(check[key])}" for key, word in (("at_least", "at least"), ("at_most", "at most")) if key in check]
        lines.append(f"- {check['what']}: {shown(check['value'])} ({' and '.join(bounds)}): {'met' if check['met'] else 'missed'}")
    if told["layers"]:
        layers = ", ".join(f"{layer} {shown(value)}" for layer, value in told["layers"].items() if layer != "unit")
        lines.append(f"- by layer, in {told['layers'].get('unit', '')}: {layers}")
    if told["figures"]:
        lines.append("- " + ", ".join(f"{what.replace('_', ' ')} {_plain(value)}" for what, value in told["figures"].items()))
    lines.append(f"- peak memory {shown(told['peak_rss_mb'])} MB; every rule {'held' if told['rules_ok'] else 'did NOT hold'}")
    return lines


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name.replace('_', ' ')} {_plain(inner)}" for name, inner in value.items()) + ")"
    if isinstance(value, list):
        return " / ".join(map(_plain, value))
    return shown(value) if isinstance(value, int | float) else str(value)


def _machine(told: Told) -> str:
    machine, postgres = told["machine"], told["postgres"]
    durable = f"fsync {postgres['fsync']}, synchronous_commit {postgres['synchronous_commit']}"
    return (
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_mb']:,} MB, Python {machine['python']}, "
        f"PostgreSQL {postgres['server_version'].split()[0]} ({durable}, shared_buffers {postgres['shared_buffers']})"
    )


def _around(page: Path) -> tuple[str, str]:
    """What stands before and after the generated part. Raises Malformed when the page has no place for it."""
    text = page.read_text(encoding="utf-8") if page.exists() else f"# Performance\n\n{BEGIN}\n{END}\n"
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise Malformed(f"{page} has no place for the figures.", field="page", value=str(page), way_out=f"Put {BEGIN} and {END} into it.")
    return before, after
