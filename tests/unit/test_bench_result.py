"""What a bench's JSON looks like, and the page and plots that are made of it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ledger.bench.plot import Plot, svg
from ledger.bench.report import BEGIN, END, read_results, write_report
from ledger.bench.result import Bar, Check, Found, Result, Yardstick
from ledger.bench.targets import TARGETS
from ledger.errors import Malformed


def result(**changes: Any) -> Result:
    """A measuring with round numbers."""
    values: dict[str, Any] = {
        "bench": "idle",
        "command": "corridor bench idle",
        "measured_at": datetime(2026, 4, 1, 8, 30, 15, 999, tzinfo=UTC),
        "machine": {"cores": 2, "processor": "Test", "memory_mb": 4096, "python": "3.11.7"},
        "postgres": {"server_version": "15.18 (test)", "fsync": "on", "synchronous_commit": "on", "shared_buffers": "128MB"},
        "target": TARGETS["idle"],
        "found": Found(
            runs=(300.0, 500.0, 400.0),
            unit="µs a command, median",
            yardstick=Yardstick("one INSERT", "µs", 90.0, 110.0),
            ratio=4.0,
            checks=(Check("ratio", 4.0, at_most=5.0),),
            layers={"unit": "µs", "decide": 100.0},
            figures={"commands_per_run": 1500},
            peak_rss_mb=64.5,
            corridors=("bench-test",),
            bars=(Bar("INSERT before", 90.0, "yardstick"), Bar("run 1", 300.0)),
            goal=500.0,
        ),
        "broken": {},
    }
    return Result(**{**values, **changes})


def test_the_json_of_a_result_says_all_that_is_needed_to_judge_it() -> None:
    """Whole value: what was typed, where, the runs with median and spread, the yardstick, the target and whether it was met."""
    assert json.loads(json.dumps(result().as_json())) == {
        "bench": "idle",
        "command": "corridor bench idle",
        "measured_at": "2026-04-01T08:30:15+00:00",
        "machine": {"cores": 2, "processor": "Test", "memory_mb": 4096, "python": "3.11.7"},
        "postgres": {"server_version": "15.18 (test)", "fsync": "on", "synchronous_commit": "on", "shared_buffers": "128MB"},
        "runs": [300.0, 500.0, 400.0],
        "median": 400.0,
        "spread": 0.5,
        "unit": "µs a command, median",
        "yardstick": {"name": "one INSERT", "unit": "µs", "before": 90.0, "after": 110.0},
        "ratio": 4.0,
        "target": {
            "number": "T8",
            "sentence": "one command on an idle system: at most 5 × one single-row INSERT and commit",
            "met": True,
            "checks": [{"what": "ratio", "value": 4.0, "at_most": 5.0, "met": True}],
        },
        "layers": {"unit": "µs", "decide": 100.0},
        "figures": {"commands_per_run": 1500},
        "peak_rss_mb": 64.5,
        "rules_ok": True,
        "broken_rules": {},
        "plot": {
            "bars": [
                {"label": "INSERT before", "value": 90.0, "kind": "yardstick"},
                {"label": "run 1", "value": 300.0, "kind": "measured"},
            ],
            "goal": 500.0,
        },
    }


def test_a_broken_rule_shows_in_the_result_however_good_the_figure() -> None:
    """The target may be met and the result is worth nothing."""
    broken = result(broken={"bench-test": {"I2": "position 7: an entry does not balance"}})
    assert (broken.met, broken.rules_ok, broken.as_json()["rules_ok"]) == (True, False, False)


def test_a_plot_is_well_formed_and_draws_each_bar_to_scale() -> None:
    """The longest of bars and goal takes the whole width; names that look like markup are escaped."""
    drawn = svg(Plot("T8 <idle>", "µs", (Bar("before & after", 50.0, "yardstick"), Bar("run 1", 100.0)), 200.0))
    root = ElementTree.fromstring(drawn)
    bars = [(bar.get("class"), bar.get("width")) for bar in root.iter("{http://www.w3.org/2000/svg}rect")]
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert bars == [("yardstick", "110.0"), ("measured", "220.0")]
    assert texts == ["T8 <idle>", "µs", "before & after", "50", "run 1", "100", "target 200"]


def test_the_page_gets_a_row_for_every_target_and_keeps_what_was_written_by_hand(tmp_path: Path) -> None:
    """Measured or not: nothing is left out. Written twice it is the same page."""
    folder, page = tmp_path / "performance", tmp_path / "performance.md"
    folder.mkdir()
    (folder / "idle.json").write_text(json.dumps(result().as_json()), encoding="utf-8")
    page.write_text(f"# Performance\n\nBefore.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n", encoding="utf-8")

    assert write_report(folder, page) == ["idle"]
    written = page.read_text(encoding="utf-8")
    write_report(folder, page)

    assert page.read_text(encoding="utf-8") == written
    assert written.startswith(f"# Performance\n\nBefore.\n\n{BEGIN}\n")
    assert written.endswith(f"{END}\n\nAfter.\n")
    assert re.findall(r"^\| (T\d+)", written, re.MULTILINE) == [target.number for target in TARGETS.values()]
    assert (
        "| T8 | one command on an idle system: at most 5 × one single-row INSERT and commit | 400 µs a command, median | 4.0 × | yes "
        "| 2026-04-01 | `corridor bench idle` |" in written
    )
    assert "| T1 | complete transfers/s, 64 callers, one process: at least 1 × pgbench TPC-B with 16 clients; 1.5 × is the aim " in written
    assert written.count("not measured yet") == len(TARGETS) - 1
    assert (folder / "idle.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_a_file_that_is_no_result_is_refused_by_name(tmp_path: Path) -> None:
    """Rather than left out of the page in silence."""
    (tmp_path / "idle.json").write_text('{"bench": "engine", "runs": []}', encoding="utf-8")
    with pytest.raises(Malformed) as refused:
        write_report(tmp_path, tmp_path / "page.md")
    assert refused.value.field == "file"
    assert str(refused.value).startswith(f"{tmp_path / 'idle.json'} is not the result of bench idle.")


def test_a_page_without_a_place_for_the_figures_is_left_alone(tmp_path: Path) -> None:
    """Nothing written by hand is ever overwritten."""
    page = tmp_path / "page.md"
    page.write_text("# By hand\n", encoding="utf-8")
    with pytest.raises(Malformed) as refused:
        write_report(tmp_path, page)
    assert refused.value.field == "page"
    assert page.read_text(encoding="utf-8") == "# By hand\n"


def test_every_result_that_the_page_shows_carries_what_it_is_judged_by() -> None:
    """The files behind the page of figures: a result without its machine, yardstick or rules would only be a number."""
    folder = Path(__file__).parents[2] / "docs/operating/performance"
    needed = {
        "bench", "command", "machine", "postgres", "runs", "median", "unit", "yardstick", "ratio", "layers", "peak_rss_mb", "rules_ok",
    }  # fmt: skip
    for name, told in read_results(folder).items():
        assert needed - told.keys() == set(), name
        assert {"server_version", "fsync", "synchronous_commit"} - told["postgres"].keys() == set(), name
        assert told["yardstick"] is None or {"name", "before", "after"} - told["yardstick"].keys() == set(), name
        assert (len(told["runs"]) > 0, told["rules_ok"]) == (True, True), name
