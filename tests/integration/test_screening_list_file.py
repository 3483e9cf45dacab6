"""The operator's list of sanctioned names: the file at the start, while it is written anew, and in production mode."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.doctor import examine
from ledger.errors import Misconfigured
from ledger.screening.list_file import ListFile
from ledger.screening.port import ListFacts, ScreenedParty
from ledger.screening.un_list import ListUnusable, read_un_list
from tests.integration.serviced import FRIDAY, settings_of
from tests.unit.test_un_list import LIST

THE_UNS = "sanctions/un-consolidated-2026-02-27.xml"


def test_a_half_written_list_is_not_taken_and_the_previous_one_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Fault F31: cut off, gone, and whole again; what is in force is told in the log and never has a hole."""
    path = tmp_path / "list.xml"
    path.write_text(LIST, encoding="utf-8")
    listed = ListFile(path)
    first, newer = listed.about(), LIST.replace("2026-02-27", "2026-03-27").replace("VOLNADI", "VULNODU")
    with caplog.at_level(logging.INFO, logger="ledger.screening.list_file"):
        path.write_text(newer[: len(newer) // 2], encoding="utf-8")
        listed.refresh()
        path.unlink()
        listed.refresh()
        assert listed.about() == first
        assert listed.screen([ScreenedParty("debtor", ("Qasmir ibn Zoltan Volnadi",))]).outcome == "hit"
        path.write_text(newer, encoding="utf-8")
        listed.refresh()
        listed.refresh()
    assert listed.about() == first._replace(version="2026-03-27T00:00:09.554Z")
    assert [
        listed.screen([ScreenedParty("debtor", (name,))]).outcome for name in ("Qasmir ibn Zoltan Volnadi", "Qasmir ibn Zoltan Vulnodu")
    ] == [
        "clear",
        "hit",
    ]
    assert [record.getMessage() for record in caplog.records] == [
        "the screening list stays that of 2026-02-27T00:00:09.554Z: It is no whole XML document: reading ended at line 8.",
        "the screening list stays that of 2026-02-27T00:00:09.554Z: It cannot be read (FileNotFoundError).",
        "the screening list is now that of 2026-03-27T00:00:09.554Z",
    ]


def test_a_service_does_not_start_without_a_whole_list(tmp_path: Path) -> None:
    """There is no previous one to go on with."""
    path = tmp_path / "list.xml"
    with pytest.raises(Misconfigured, match=r"list.xml is not usable. It cannot be read \(FileNotFoundError\). Fetch the UN"):
        ListFile(path)
    path.write_text(LIST[:-20], encoding="utf-8")
    with pytest.raises(Misconfigured, match="It is no whole XML document"):
        ListFile(path)


def test_production_mode_starts_with_a_real_list(module_database_url: str, tmp_path: Path) -> None:
    """It screens against that list, and the doctor tells which one; the demo's invented one is told as one that protects nobody."""
    settings = settings_of(module_database_url, tmp_path)
    with Service(settings, clock=SetClock(FRIDAY)) as demo:
        [line] = [check for check in examine(demo) if check.name == "screening list"]
        assert (line.ok, line.fit, line.found) == (False, True, "invented of 2026-1, 10 entries")
        assert line.way_out == "Name the UN consolidated list in CORRIDOR_SCREENING_LIST: this one protects nobody."
    path = tmp_path / "list.xml"
    path.write_text(LIST, encoding="utf-8")
    production = settings.model_copy(update={"mode": "production", "screening_list": path})
    with Service(production, clock=SetClock(FRIDAY)) as service:
        assert service.screening.about() == ListFacts("un-consolidated", "2026-02-27T00:00:09.554Z", 2)
        [line] = [check for check in examine(service) if check.name == "screening list"]
        assert (line.ok, line.found) == (True, "un-consolidated of 2026-02-27T00:00:09.554Z, 2 entries")
        path.write_text(LIST.replace("2026-02-27", "2026-03-27"), encoding="utf-8")
        service.follow_screening_list()
        assert service.screening.about().version == "2026-03-27T00:00:09.554Z"


def test_the_list_as_the_un_publishes_it_is_read_whole(conformance_data: Path) -> None:
    """730 people and 273 bodies of 2026-02-27, each found by the first name it is listed under; cut off anywhere, it is refused."""
    if not (conformance_data / THE_UNS).exists():
        pytest.skip(f"{THE_UNS} is not among the published test data.")
    data = (conformance_data / THE_UNS).read_bytes()
    listed = read_un_list(data)
    assert listed.about() == ListFacts("un-consolidated", "2026-02-27T00:00:09.554Z", 1_003)

    def found(name: str) -> list[tuple[str, int]]:
        return [(hit.entry, hit.score) for hit in listed.screen([ScreenedParty("creditor", (name,))]).hits if hit.score == 100]

    assert (found("Eric Badege"), found("Allied Democratic Forces"), found("صدام حسين التكريتي")) == (
        [("CDi.001", 100)], [("CDe.001", 100)], [("IQi.001", 100)],
    )  # fmt: skip
    assert [found(name) for name in ("Yasmina Testouni", "Wei Shili", "魏实例")] == [[], [], []]
    for cut in range(1, 40):
        with pytest.raises(ListUnusable, match="no whole XML document"):
            read_un_list(data[: len(data) * cut // 40])
