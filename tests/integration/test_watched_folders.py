"""A watched directory: files taken in once, answered once, put away; what is wrong with one is found beside it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from ledger.bootstrap import Service
from ledger.errors import Malformed, Unavailable
from ledger.iso20022.admi002 import read_admi002
from ledger.messages import watching
from ledger.messages.folders import Folders
from ledger.messages.incoming import take_in
from ledger.messages.watching import Handled, Watcher
from ledger.privacy.received import ReceivedMessages
from ledger.sandbox.generator import generate_pacs008
from tests.integration.serviced import facts

DAY = "archive/2026-03-27"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def file_of(seed: int, count: int = 2) -> bytes:
    return generate_pacs008(seed, count, facts(with_release_condition=False))


def watch(service: Service, corridor: str, folders: Folders, actor: str = "abb") -> list[Handled]:
    return list(Watcher(service, corridor, actor, folders).run_once())


def told(folders: Folders, corridor: str) -> list[str]:
    """The names of what the bank is told without having asked."""
    return sorted(path.name for path in folders.outbox.glob(f"{corridor}-*.xml"))


def test_a_file_is_taken_in_answered_and_put_away(service: Service, corridor: str, folders: Folders) -> None:
    """Its checksum with it; the answer is the one it would get by any other way, and has its own checksum."""
    data = file_of(1)
    digest = sha256(data).hexdigest()
    (folders.inbox / "day.xml.sha256").write_text(f"{digest}  day.xml\n")
    (folders.inbox / "day.xml").write_bytes(data)

    [handled] = watch(service, corridor, folders)

    taken = take_in(service, corridor, "abb", data)
    name = f"day-{digest[:12]}.pacs.002.xml"
    assert handled == Handled(
        file="day.xml",
        status="accepted",
        path=f"{DAY}/day.xml",
        message="pacs.008",
        message_id=taken.message_id,
        taken=2,
        reply=f"outbox/{name}",
    )
    assert (folders.root / handled.path).read_bytes() == data
    assert (folders.root / f"{handled.path}.sha256").read_text() == f"{digest}  day.xml\n"
    answer = (folders.outbox / name).read_bytes()
    assert answer == taken.reply
    assert (folders.outbox / f"{name}.sha256").read_text() == f"{sha256(answer).hexdigest()}  {name}\n"
    assert list(folders.inbox.iterdir()) == []
    assert sorted(path.name for path in folders.work.iterdir()) == ["cursor", "lock", "taken"]


def test_what_is_told_unasked_is_put_into_the_outbox_once(service: Service, corridor: str, folders: Folders) -> None:
    """What became of the transfers; a bank that collects it does not find it again."""
    (folders.inbox / "day.xml").write_bytes(file_of(2))
    watch(service, corridor, folders)
    first = told(folders, corridor)
    assert first != []
    for path in folders.outbox.iterdir():
        path.unlink()
    watch(service, corridor, folders)
    assert told(folders, corridor) == []
    other = Folders(folders.root / "archive")
    watch(service, corridor, other)
    assert told(other, corridor) == first


def test_unfinished_files_links_and_folders_are_left_alone(service: Service, corridor: str, folders: Folders) -> None:
    """A sender that is still writing, and things that are no files."""
    data = file_of(3)
    for name in (".day.xml", "day.xml.part", "day.xml.tmp", "day.xml.sha256"):
        (folders.inbox / name).write_bytes(data)
    (folders.inbox / "folder").mkdir()
    (folders.inbox / "link.xml").symlink_to(folders.inbox / ".day.xml")
    before = sorted(path.name for path in folders.inbox.iterdir())
    assert watch(service, corridor, folders) == []
    assert sorted(path.name for path in folders.inbox.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("cut.xml", "truncated", "truncated-message"), ("other.xml", "psbc", "not-permitted"), ("none.xml", "nothing", "not-xml")],
)
def test_what_cannot_be_taken_goes_into_quarantine_with_its_reason(
    service: Service, corridor: str, folders: Folders, name: str, content: str, code: str
) -> None:
    """The reason in words, the reject beside it and in the outbox; the bytes are kept as received."""
    data = {"truncated": file_of(4)[:-50], "psbc": file_of(5), "nothing": b""}[content]
    (folders.inbox / name).write_bytes(data)
    actor = "psbc" if content == "psbc" else "abb"

    [handled] = watch(service, corridor, folders, actor)

    assert (handled.status, handled.code, handled.path) == ("quarantined", code, f"quarantine/{name}")
    assert (folders.quarantine / name).read_bytes() == data
    assert (folders.quarantine / f"{name}.reason.txt").read_text() == f"{code}: {handled.sentence}\n"
    reject = (folders.quarantine / f"{name}.admi.002.xml").read_bytes()
    assert read_admi002(reject).reason == code
    assert (folders.root / handled.reply).read_bytes() == reject
    [kept] = ReceivedMessages(service.pool, service.vault).latest(corridor)
    assert (kept.refused, kept.digest) == (code, sha256(data).digest())


def test_a_file_that_is_not_its_checksums_is_not_taken_in(service: Service, corridor: str, folders: Folders) -> None:
    """However readable it is; sent again with the right checksum it is taken."""
    data = file_of(6)
    (folders.inbox / "day.xml.sha256").write_text(sha256(b"another").hexdigest())
    (folders.inbox / "day.xml").write_bytes(data)
    [handled] = watch(service, corridor, folders)
    assert (handled.status, handled.code) == ("quarantined", "checksum-wrong")
    assert (folders.quarantine / "day.xml.sha256").exists()
    (folders.inbox / "day.xml.sha256").write_text(sha256(data).hexdigest().upper())
    (folders.inbox / "day.xml").write_bytes(data)
    [again] = watch(service, corridor, folders)
    assert (again.status, again.taken) == ("accepted", 2)


def test_a_file_larger_than_any_message_is_put_aside_unread(service: Service, corridor: str, folders: Folders) -> None:
    """Its size is enough to say so."""
    (folders.inbox / "day.xml").write_bytes(file_of(7))
    watcher = Watcher(service, corridor, "abb", folders, limits=watching.Limits(file_bytes_max=1_000))
    [handled] = watcher.run_once()
    assert (handled.status, handled.code) == ("quarantined", "too-large")


def test_the_same_name_twice_stands_twice_in_the_archive(service: Service, corridor: str, folders: Folders) -> None:
    """The second one under a number of its own."""
    for seed in (8, 9):
        (folders.inbox / "day.xml").write_bytes(file_of(seed))
        watch(service, corridor, folders)
    assert {path.name: path.read_bytes() for path in (folders.root / DAY).iterdir()} == {"day.xml": file_of(8), "day~2.xml": file_of(9)}


def test_a_name_that_cannot_be_shown_is_changed_into_one_that_can(service: Service, corridor: str, folders: Folders) -> None:
    """Line ends, signs of a shell, and names as long as a file system takes them."""
    names = ["a\n$(rm) b.xml", "x" * 251 + ".xml"]
    for number, name in enumerate(names):
        (folders.inbox / name).write_bytes(file_of(20 + number))
    handled = watch(service, corridor, folders)
    assert {one.file for one in handled} == {
        f"a___rm__b-{sha256(names[0].encode()).hexdigest()[:12]}.xml",
        f"{'x' * 120}-{sha256(names[1].encode()).hexdigest()[:12]}.xml",
    }
    assert {one.status for one in handled} == {"accepted"}


def test_a_file_waits_while_the_ledger_does_not_answer(
    service: Service, corridor: str, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing behind it is taken either; when the ledger answers, both are, in their order."""

    def silent(*_: object, **__: object) -> None:
        raise Unavailable("The database does not answer.")

    for name, seed in (("1.xml", 10), ("2.xml", 11)):
        (folders.inbox / name).write_bytes(file_of(seed))
    with monkeypatch.context() as patched:
        patched.setattr(watching, "take_in", silent)
        waits = watch(service, corridor, folders)
    assert [(one.file, one.status, one.code) for one in waits] == [("1.xml", "waiting", "unavailable")]
    assert [(one.file, one.status) for one in watch(service, corridor, folders)] == [("1.xml", "accepted"), ("2.xml", "accepted")]


def test_it_looks_again_until_it_is_told_to_stop(service: Service, corridor: str, folders: Folders) -> None:
    """Waiting is somebody else's: here each wait brings a file."""
    asked: list[float] = []

    def rest(seconds: float) -> bool:
        asked.append(seconds)
        (folders.inbox / f"{len(asked)}.xml").write_bytes(file_of(30 + len(asked)))
        return len(asked) == 3

    handled = list(Watcher(service, corridor, "abb", folders).run(rest, 2.0))
    assert [one.file for one in handled] == ["1.xml", "2.xml"]
    assert asked == [2.0, 2.0, 2.0]


def test_one_process_watches_a_directory(service: Service, corridor: str, folders: Folders) -> None:
    """A second one is told so, and does nothing."""
    (folders.inbox / "day.xml").write_bytes(file_of(12))
    with folders.held(), pytest.raises(Unavailable, match="Another process watches"):
        watch(service, corridor, Folders(folders.root))
    assert (folders.inbox / "day.xml").exists()


def test_a_checksum_without_its_file_goes_back(folders: Folders) -> None:
    """A process was stopped between the two; the file may still come."""
    (folders.taken / "day.xml.sha256").write_text("abc")
    assert folders.unfinished() == []
    assert (folders.inbox / "day.xml.sha256").read_text() == "abc"


def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A misspelt name would look like an empty inbox for ever."""
    with pytest.raises(Malformed, match="is no directory"):
        Folders(tmp_path / "nowhere")
    (tmp_path / "outbox").write_text("no folder")
    with pytest.raises(Malformed, match="outbox cannot be made: File exists"):
        Folders(tmp_path)
