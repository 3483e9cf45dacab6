"""Benches measure a real ledger and look at its rules afterwards. How fast it is is never asserted."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger.bench import beside, catalogue, idle, processes, project, start
from ledger.bench.catalogue import broken_rules, measure
from ledger.bench.load import drive, fill, lives
from ledger.bench.neighbours import NEIGHBOURS
from ledger.bench.plan import Plan
from ledger.bench.result import Check, Found
from ledger.bench.spent import Spent, layers_of, project_seconds
from ledger.bench.yardsticks import copy_and_join_seconds, insert_and_commit_seconds
from ledger.bootstrap import Service
from ledger.cli import benches, main  # noqa: F401 - importing the command line adds every command to it
from ledger.cli.frame import FOUND, OK, app
from tests.integration.projected import as_owner
from tests.integration.serviced import settings_of


@pytest.fixture
def service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on the database of this file; all of its tests share one vault."""
    folder = tmp_path_factory.getbasetemp() / "bench-vault"
    folder.mkdir(exist_ok=True)
    with Service(settings_of(module_database_url, folder)) as service:
        yield service


def small(service: Service, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan whose every size is a hundredth of the quick one: enough to go through all steps."""
    monkeypatch.setattr(Plan, "pick", lambda _plan, quick, _usual, _full: max(12, quick // 100) if isinstance(quick, int) else quick)
    return Plan(service, "quick", 1, secrets.randbits(30), lambda _line: None)


def spoil(url: str, corridor: str) -> None:
    """Changes the amount of a posted line in the log, as only its owner can."""
    owner = as_owner(url)
    try:
        owner.execute("ALTER TABLE ledger.events DISABLE TRIGGER append_only")
        owner.execute(
            """UPDATE ledger.events SET state = convert_to(replace(convert_from(state, 'UTF8'), '"balance":', '"balance":1'), 'UTF8')
               WHERE corridor = %(corridor)s AND position = (
                   SELECT max(position) FROM ledger.events WHERE corridor = %(corridor)s AND topic = 'Account.Posted.v1')""",
            {"corridor": corridor},
        )
        owner.execute("ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER append_only")
    finally:
        owner.raw.connection.close()


def test_a_load_answers_every_command_once_and_keeps_the_rules(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty transfers by five callers: three waits each, nothing replayed, the log grown by what the load says."""
    ledger = small(service, monkeypatch).corridor()
    before = ledger.log_store.head().position
    driven = drive(ledger, lives(ledger.corridor_code, "seed", 20), callers=5)
    assert (driven.transfers, len(driven.waits), driven.replayed) == (20, 60, 0)
    assert ledger.log_store.head().position == before + driven.events
    assert broken_rules(service, [ledger.corridor_code]) == {}


def test_a_log_is_filled_up_to_the_events_asked_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least so many; asked again for as many, nothing is added."""
    ledger = small(service, monkeypatch).corridor()
    told: list[str] = []
    fill(ledger, "seed", 800, told.append)
    reached = ledger.log_store.head().position
    assert fill(ledger, "seed", 800, told.append) == 0
    assert reached >= 800
    assert ledger.log_store.head().position == reached
    assert told[-1].endswith("of 800 events")


def test_a_bench_tells_its_figure_where_it_was_taken_and_that_the_rules_held(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The idle bench, whole: every name that readers of the JSON rely on is there."""
    result = measure("idle", small(service, monkeypatch))
    told = result.as_json()
    assert set(told) == {
        "bench", "command", "measured_at", "machine", "postgres", "runs", "median", "spread", "unit", "yardstick", "ratio", "target",
        "layers", "figures", "peak_rss_mb", "rules_ok", "broken_rules", "plot",
    }  # fmt: skip
    assert (told["bench"], told["target"]["number"], len(told["runs"]), told["rules_ok"]) == ("idle", "T8", 1, True)
    assert told["postgres"]["fsync"] in ("on", "off")
    assert told["yardstick"]["name"] == "one single-row INSERT and commit, median"


def test_processes_of_their_own_answer_every_command_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four processes on one corridor: the checks that count commands are met, whatever the figure."""
    found = processes.bench(small(service, monkeypatch))
    assert {check.what: check.value for check in found.checks if check.what != "ratio"} == {
        "commands lost": 0,
        "commands not answered once": 0,
    }
    assert broken_rules(service, found.corridors) == {}


def test_a_process_that_starts_tells_when_it_was_ready(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps follow one another."""
    found = start.bench(small(service, monkeypatch))
    assert list(found.layers) == ["unit", "imported", "connected", "answered"]
    assert found.layers["imported"] <= found.layers["connected"] <= found.layers["answered"]


def test_the_yardsticks_do_what_they_stand_for_and_leave_nothing_behind(service: Service) -> None:
    """The join finds exactly the rows that differ; the tables are gone afterwards."""
    theirs = lives("bench-test", "a", 3)
    uetrs = [life[0].command.uetr for life in theirs]  # type: ignore[attr-defined]
    _, differ = copy_and_join_seconds(service.owner_url, [(uetrs[0], 1), (uetrs[1], 2)], [(uetrs[0], 1), (uetrs[1], 3), (uetrs[2], 4)])
    assert insert_and_commit_seconds(service.owner_url, 5) > 0
    left = service.pool.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'bench%%'", {})
    assert (differ, left) == (2, [])


def test_a_bench_fails_when_a_rule_of_the_ledger_is_broken(
    service: Service, module_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """However fast it was: the command ends with exit code 1, and the JSON names corridor and rules."""
    plan = small(service, monkeypatch)

    def spoilt(_plan: Plan) -> Found:
        found = idle.bench(plan)
        spoil(module_database_url, found.corridors[0])
        return found

    monkeypatch.setitem(catalogue.BENCHES, "idle", spoilt)
    result = measure("idle", plan)
    assert (result.rules_ok, list(result.broken)) == (False, list(result.found.corridors))
    assert {"I2", "I9"} & set(result.broken[result.found.corridors[0]])

    monkeypatch.setattr(benches, "_measure", lambda *_: result)
    out = tmp_path / "idle.json"
    ended = CliRunner().invoke(app, ["bench", "idle", "--quick", "--json", "--out", str(out)])
    assert ended.exit_code == FOUND
    assert '"rules_ok":false' in out.read_text(encoding="utf-8").replace(" ", "")


def test_a_bench_whose_rules_held_ends_well_even_when_its_target_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure is told, never enforced."""
    from tests.unit.test_bench_result import result  # noqa: PLC0415 - the one example of a result

    values: dict[str, Any] = {**result().found.__dict__, "checks": (Check("ratio", 9.0, at_most=5.0),)}
    missed = result(found=Found(**values))
    monkeypatch.setattr(benches, "_measure", lambda *_: missed)
    ended = CliRunner().invoke(app, ["bench", "idle"])
    assert (missed.met, ended.exit_code) == (False, OK)


def test_a_bench_nobody_knows_and_a_corridor_that_is_no_benchs_are_refused() -> None:
    """A bench never writes to a corridor of somebody else's."""
    for arguments, field in ((["bench", "engines"], "what"), (["bench", "start", "--on", "abb-psbc"], "on")):
        ended = CliRunner().invoke(app, arguments)
        assert getattr(ended.exception, "field", None) == field


def test_the_load_stands_beside_its_neighbours_and_the_rules_hold(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every neighbour is there and did something, refused commands were refused, and each is held to the same bound."""
    found = beside.bench(small(service, monkeypatch))
    assert [(check.what, check.at_most) for check in found.checks] == [
        ("wait of a granted command, one in ten refused", 1.1),
        *((name, 1.1) for name in NEIGHBOURS),
    ]
    assert [bar.label for bar in found.bars] == ["alone", "refused commands", *NEIGHBOURS]
    assert broken_rules(service, found.corridors) == {}


LOADED = ["unit", "receive", "decide", "encode", "send", "insert and commit", "answer"]


def test_a_load_says_in_which_layers_its_time_went(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Insert and commit are one trip to the server, and are told as one; projecting is measured afterwards."""
    ledger = small(service, monkeypatch).corridor()
    spent = Spent(ledger)
    drive(ledger, lives(ledger.corridor_code, "layers", 20), callers=5)
    told = layers_of([spent.so_far()], 20, project=project_seconds(ledger))
    assert list(told) == [*LOADED, "project"]
    assert all(told[layer] > 0 for layer in told if layer != "unit")


def test_catching_up_says_in_which_layers_its_time_went(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The projector reads, folds and stores; the log was projected whole, in a process of its own."""
    found = project.bench(small(service, monkeypatch))
    assert list(found.layers) == ["unit", "read", "fold", "store"]
    assert broken_rules(service, found.corridors) == {}
