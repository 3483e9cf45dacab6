"""Which addresses an operator may have the banks told at."""

from pathlib import Path

import pytest

from api.webhooks.destinations import Destination, read_destinations
from ledger.errors import Misconfigured

GOOD = """
allowed_hosts = ["hooks.psbc.example"]

[[destination]]
corridor = "abb-psbc"
participant = "psbc"
url = "https://hooks.psbc.example/corridor?of=abb"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "webhooks.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_destinations_is_read(tmp_path: Path) -> None:
    """Each participant has one address, over TLS, on a host that the file allows."""
    read = read_destinations(written(tmp_path, GOOD), production=True)
    assert read.destination == (Destination(corridor="abb-psbc", participant="psbc", url="https://hooks.psbc.example/corridor?of=abb"),)
    assert read.destination[0].host == "hooks.psbc.example"


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        (("https://", "http://"), "the destination of psbc is not https"),
        (("https://", "file://"), "the destination of psbc is not https"),
        (('allowed_hosts = ["hooks.psbc.example"]', ""), "the host hooks.psbc.example stands not in allowed_hosts"),
        (("https://hooks", "https://user:secret@hooks"), "the destination of psbc needs a host, and neither a login nor a fragment"),
        (("?of=abb", "#x"), "the destination of psbc needs a host, and neither a login nor a fragment"),
        (('participant = "psbc"', 'participant = "PSBC!"'), "destination.0.participant: String should match pattern"),
        (('url = "', 'uri = "'), "destination.0.url: Field required"),
        (("?of=abb", "?" + "x" * 2_000), "destination.0.url: String should have at most 2000 characters"),
        (("[[destination]]", "[[destination"), "is not TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, changed: tuple[str, str], wrong: str) -> None:
    """The error names the setting, the file, and the entry; a login that somebody wrote into a URL is not repeated."""
    path = written(tmp_path, GOOD.replace(*changed))
    with pytest.raises(Misconfigured) as refused:
        read_destinations(path, production=False)
    said = str(refused.value)
    assert said.startswith(f"CORRIDOR_WEBHOOKS_FILE={path} is not")
    assert wrong in said
    assert "secret" not in said


def test_two_destinations_of_one_participant_are_refused(tmp_path: Path) -> None:
    """An entry has one way to its bank, or its order could not be kept."""
    path = written(tmp_path, GOOD + GOOD[GOOD.index("[[") :])
    with pytest.raises(Misconfigured, match="psbc of abb-psbc has two destinations"):
        read_destinations(path, production=False)


def test_what_is_for_tests_stays_out_of_production(tmp_path: Path) -> None:
    """Plain http to this machine is for tests and demos."""
    path = written(tmp_path, "for_tests = true\n" + GOOD.replace("https://", "http://"))
    assert read_destinations(path, production=False).for_tests
    with pytest.raises(Misconfigured, match="says for_tests, which production mode refuses"):
        read_destinations(path, production=True)
    with pytest.raises(Misconfigured, match=r"cannot be read \(No such file or directory\)"):
        read_destinations(tmp_path / "absent.toml", production=False)
