"""The watcher of a folder is killed at every step, again and again, and no file is lost or counted twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

from ledger.bootstrap import Service
from ledger.eventstore.migrate import migrate
from ledger.iso20022.admi002 import read_admi002
from ledger.messages.folders import Folders
from ledger.messages.incoming import take_in
from ledger.messages.outgoing import messages_after
from ledger.projections.runner import Runner
from ledger.projections.snapshot import snapshot
from ledger.projections.transfers import transfers
from ledger.sandbox.generator import generate_pacs008
from ledger.verify import verify
from tests.integration.serviced import environment_of, facts, friday_clock, open_corridor, settings_of

CORRIDOR = "abb-psbc"
# What one process after the other may do before it is killed. The first ones die before anything is written down as to be done.
LIVES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 25, 30)


def collect(folders: Folders, collected: Counter[tuple[str, bytes]]) -> None:
    """The bank fetches what lies ready for it, and takes it away: each file after its checksum, which must be right."""
    for path in sorted(folders.outbox.iterdir()):
        if path.name.startswith(".") or path.suffix == ".sha256":
            continue
        data = path.read_bytes()
        checksum = path.with_name(f"{path.name}.sha256")
        assert checksum.read_text() == f"{sha256(data).hexdigest()}  {path.name}\n"
        collected[path.name, data] += 1
        path.unlink()
        checksum.unlink()


def test_a_watcher_killed_at_every_step_takes_each_file_once_and_answers_it_once(empty_database_url: str, tmp_path: Path) -> None:
    """Two files and one that cannot be read, one life after the other, each a few steps long; the bank collects its answers in between."""
    migrate(empty_database_url)
    settings = settings_of(empty_database_url, tmp_path)
    directory = tmp_path / "bank"
    directory.mkdir()
    folders = Folders(directory)
    files = {f"{seed}.xml": generate_pacs008(seed, 3, facts(with_release_condition=False)) for seed in (1, 2)}
    cut = files["1.xml"][:-100]
    for name, data in {**files, "cut.xml": cut}.items():
        (folders.inbox / f"{name}.sha256").write_text(sha256(data).hexdigest())
        (folders.inbox / f"{name}.tmp").write_bytes(data)
        (folders.inbox / f"{name}.tmp").rename(folders.inbox / name)
    with Service(settings, clock=friday_clock()) as service:
        open_corridor(service, CORRIDOR)
    environment = environment_of(settings)
    collected: Counter[tuple[str, bytes]] = Counter()
    ended = []
    for life in (*LIVES, 1_000):
        child = [sys.executable, "-m", "tests.faults.watcher", str(directory), CORRIDOR, str(life)]
        ended.append(subprocess.run(child, env=environment, check=False, cwd=Path(__file__).parents[2]).returncode)
        collect(folders, collected)
        if ended[-1] == 0:
            break

    assert ended[-1] == 0
    assert set(ended[:-1]) == {-signal.SIGKILL}
    assert len(ended) > 10
    with Service(settings, clock=friday_clock()) as service:
        taken = {name: take_in(service, CORRIDOR, "abb", data) for name, data in files.items()}
        told = {f"{one.message_id}.{one.message}.xml": one.data for one in messages_after(service, CORRIDOR, "abb", 0, 1_000)}
        Runner(service.ledger(CORRIDOR).log_store).catch_up()
        with snapshot(service.pool, CORRIDOR) as at:
            assert len(transfers(at, size=100)) == 6
        assert verify(service.pool, CORRIDOR).ok
    # Every file stands in one place, with its checksum.
    put_away = {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*.xml")}
    reject = put_away.pop("quarantine/cut.xml.admi.002.xml")
    assert put_away == {f"archive/2026-03-27/{name}": data for name, data in files.items()} | {"quarantine/cut.xml": cut}
    assert {path.name for path in directory.rglob("*.sha256")} == {"1.xml.sha256", "2.xml.sha256", "cut.xml.sha256"}
    assert read_admi002(reject).reason == "truncated-message"
    # Every answer, and all that is told besides, was collected once.
    answers = {f"{name[0]}-{sha256(data).hexdigest()[:12]}.pacs.002.xml": taken[name].reply for name, data in files.items()}
    answers[f"cut-{sha256(cut).hexdigest()[:12]}.admi.002.xml"] = reject
    assert collected == Counter(dict.fromkeys((answers | told).items(), 1))
