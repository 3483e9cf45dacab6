"""Messages on the command line: many at once, their answers in a directory, and JSON for machines."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger.bootstrap import Service
from ledger.cli import main  # noqa: F401 - importing the command line adds every command to it
from ledger.cli.frame import OK, REFUSED, UNREADABLE, app, exit_code, settings
from ledger.errors import LedgerError
from ledger.iso20022.admi002 import read_admi002
from ledger.sandbox.generator import generate_pacs008
from tests.integration.serviced import facts, friday_clock, open_corridor, settings_of


@pytest.fixture
def files(module_database_url: str, key_folder: Path, corridor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A good file, a bad one and another good one, for an open corridor that the command line finds."""
    configured = settings_of(module_database_url, key_folder)
    # The command line's clock is the computer's own, so these transfers are turned away one by one for want of a rate: that is an answer.
    with Service(configured, clock=friday_clock()) as service:
        open_corridor(service, corridor)
    for name, value in {"DATABASE_URL": configured.database_url, "KEY_FILE": key_folder / "vault.key", "CODE": corridor}.items():
        monkeypatch.setenv(f"CORRIDOR_{name}", str(value))
    good = [generate_pacs008(seed, 2, facts(with_release_condition=False)) for seed in (1, 2)]
    paths = [tmp_path / name for name in ("one.xml", "cut.xml", "two.xml")]
    for path, data in zip(paths, (good[0], good[0][:-10], good[1]), strict=True):
        path.write_bytes(data)
    return paths


def stored(corridor: str) -> list[tuple[int, str, str, str]]:
    """Position, topic, actor and message of each reading of a message that the log holds."""
    with Service(settings()) as service:
        rows = service.ledger(corridor).log_store.read_page(0, 10_000)
    readings = [(row.position, row.topic, json.loads(row.state)) for row in rows if row.topic == "PersonalData.MessageRead.v1"]
    return [(position, topic, state["actor"], state["message"]) for position, topic, state in readings]


def run(*arguments: object) -> tuple[int, str]:
    """Exit code and what was printed; an error ends with the code that `main` gives it."""
    ended = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(ended.exception, LedgerError):
        return exit_code(ended.exception), ended.stdout
    assert isinstance(ended.exception, SystemExit | None)
    return ended.exit_code, ended.stdout


def test_a_bad_file_does_not_sink_the_others(files: list[Path], tmp_path: Path) -> None:
    """Each has its answer; the exit code is that of the worst."""
    answers = tmp_path / "answers"
    answers.mkdir()
    code, out = run("import", *files, "--as", "abb", "--reply", answers, "--json")
    told = json.loads(out)
    assert code == UNREADABLE
    assert [(Path(one["file"]).name, one["status"]) for one in told] == [
        ("one.xml", "rejected"),
        ("cut.xml", "refused"),
        ("two.xml", "rejected"),
    ]
    assert [one.get("code", one.get("version")) for one in told] == ["pacs.008.001.08", "truncated-message", "pacs.008.001.08"]
    assert sorted(path.name for path in answers.iterdir()) == ["cut.reply.xml", "one.reply.xml", "two.reply.xml"]
    assert read_admi002((answers / "cut.reply.xml").read_bytes()).reason == "truncated-message"


def test_several_answers_do_not_go_into_one_file(files: list[Path], tmp_path: Path) -> None:
    """The second would overwrite the first; nothing is taken in."""
    assert run("import", *files, "--as", "abb", "--reply", tmp_path / "answer.xml")[0] == 2
    assert json.loads(run("received", "--json")[1]) == []


def test_what_came_is_listed_the_newest_first(files: list[Path]) -> None:
    """With digest and subject, and the code of what was refused."""
    run("import", *files, "--as", "abb")
    came = json.loads(run("received", "--json")[1])
    digests = {sha256(path.read_bytes()).hexdigest(): path.name for path in files}
    assert [(digests[one["digest"]], one["refused"]) for one in came] == [
        ("two.xml", None),
        ("cut.xml", "truncated-message"),
        ("one.xml", None),
    ]
    assert [one["refused"] for one in json.loads(run("received", "--refused", "--json")[1])] == ["truncated-message"]
    # A narrow screen breaks the word at its hyphen.
    assert "truncated-" in run("received", "--refused")[1]


def erase_all(corridor: str) -> None:
    """Two officers erase every message that came."""
    for one in json.loads(run("received", "--json")[1]):
        for officer in ("amina", "bao"):
            assert run("person", "erase", one["subject"], "--as", f"officer:{officer}", "--reason", "order")[0] == OK


def test_an_officer_reads_the_bytes_of_a_message_and_the_log_said_so_first(files: list[Path], corridor: str) -> None:
    """By its digest, as listed: those very bytes, readable or not. Without a reason, to an operator or for no message that came, nothing is
    shown and nothing is written; of one that was erased it is told so."""
    run("import", *files, "--as", "abb")
    cut = files[1].read_bytes()
    shown = ("person", "show-message", sha256(cut).hexdigest()[:16])
    officer = ("--as", "officer:amina", "--reason", "investigation")
    assert CliRunner().invoke(app, [*shown, *officer]).stdout_bytes == cut
    told = json.loads(run(*shown, *officer, "--json")[1])
    assert (base64.b64decode(told.pop("content")), told["digest"], told["refused"]) == (cut, sha256(cut).hexdigest(), "truncated-message")
    readings = stored(corridor)
    assert [(topic, actor) for _, topic, actor, _ in readings] == [("PersonalData.MessageRead.v1", "officer:amina")] * 2
    assert (readings[-1][0], {subject for *_, subject in readings}) == (told["position"], {told["subject"]})

    assert run(*shown, "--as", "officer:amina")[0] == 2
    assert run(*shown, "--as", "officer:amina", "--reason", "curiosity") == (UNREADABLE, "")
    assert run(*shown, "--as", "operator:omar", "--reason", "complaint") == (REFUSED, "")
    assert run(*shown, *officer[:3], "case", "--case", "hold-none") == (REFUSED, "")
    for nothing in ("00" * 32, sha256(cut).hexdigest()[:15], "no digest of anything"):
        assert run("person", "show-message", nothing, *officer) == (UNREADABLE, "")
    erase_all(corridor)
    ended = CliRunner().invoke(app, [*shown, *officer])
    assert (ended.exit_code, ended.stdout, "was erased at" in ended.stderr) == (REFUSED, "", True)
    assert stored(corridor) == readings


def test_bytes_that_two_banks_sent_are_read_by_subject(files: list[Path], corridor: str) -> None:
    """The digest names both; the list tells the subject of each."""
    for bank in ("abb", "psbc"):
        run("import", files[1], "--as", bank)
    officer = ("--as", "officer:amina", "--reason", "investigation")
    digest = sha256(files[1].read_bytes()).hexdigest()
    assert run("person", "show-message", digest, *officer) == (UNREADABLE, "")
    subjects = [one["subject"] for one in json.loads(run("received", "--json")[1])]
    for subject in subjects:
        assert CliRunner().invoke(app, ["person", "show-message", subject, *officer]).stdout_bytes == files[1].read_bytes()
    assert {subject for *_, subject in stored(corridor)} == set(subjects)


def test_a_watcher_tells_a_line_a_file(files: list[Path], tmp_path: Path) -> None:
    """One JSON document a line; 1 when something went into quarantine, 0 when there is nothing to do."""
    directory = tmp_path / "abb"
    (directory / "inbox").mkdir(parents=True)
    for path in files:
        path.rename(directory / "inbox" / path.name)
    code, out = run("watch", directory, "--as", "abb", "--once", "--json")
    told = {line["file"]: (line["status"], line["code"]) for line in map(json.loads, out.splitlines())}
    assert code == 1
    assert told == {"one.xml": ("rejected", ""), "cut.xml": ("quarantined", "truncated-message"), "two.xml": ("rejected", "")}
    assert run("watch", directory, "--as", "abb", "--once") == (OK, "")
