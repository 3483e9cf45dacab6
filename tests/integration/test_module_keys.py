"""The master key in a security module: SoftHSM stands in for a device, by the same PKCS #11 that a device speaks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.bootstrap import Service, key_providers
from ledger.errors import Misconfigured
from ledger.eventstore.migrate import migrate
from ledger.privacy.entropy import new_subject_id
from ledger.privacy.errors import WrongMasterKey
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.records import RecordKind
from ledger.privacy.rewrapping import rewrap
from ledger.privacy.subjects import NewSubject
from ledger.settings import Settings
from tests.integration.serviced import settings_of

LIBRARIES = [Path(path) for path in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")]
PIN = "1234567"
pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra hsm).")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """SoftHSM with two tokens of this file; a library is loaded once a process, so all tests share it."""
    found = next((path for path in LIBRARIES if path.exists()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed (Debian package softhsm2).")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    for token in ("vault", "another"):
        command = ["softhsm2-util", "--init-token", "--free", "--label", token, "--so-pin", "7654321", "--pin", PIN]
        subprocess.run(command, check=True, capture_output=True)
    yield found
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def test_a_key_is_wrapped_in_the_module_and_by_that_key_alone(library: Path) -> None:
    """Each time anew, and what was altered or wrapped by another key is not opened; the module goes on working afterwards."""
    from ledger.privacy.module_keys import ModuleKeyProvider, make_key  # noqa: PLC0415 - it needs the extra

    name = make_key(library, "vault", "wraps", PIN)
    make_key(library, "vault", "other", PIN)
    one, same, other = (ModuleKeyProvider(library, "vault", label, PIN) for label in ("wraps", "wraps", "other"))
    assert one.name == same.name == name != other.name
    assert name.startswith("module:")
    key = bytes(range(32))
    wrapped = one.wrap(key)
    assert (len(wrapped), same.unwrap(wrapped), wrapped != one.wrap(key)) == (60, key, True)
    for altered in (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), wrapped[:-1], b"", other.wrap(key)):
        with pytest.raises(WrongMasterKey):
            one.unwrap(altered)
    assert one.unwrap(wrapped) == key


def test_the_key_does_not_come_out(library: Path) -> None:
    """The module was told so when it made it."""
    from ledger.privacy.module_keys import make_key  # noqa: PLC0415 - it needs the extra

    make_key(library, "vault", "stays", PIN)
    token = pkcs11.lib(str(library)).get_token(token_label="vault")
    try:
        session = token.open(user_pin=PIN)
    except pkcs11.exceptions.UserAlreadyLoggedIn:
        session = token.open()
    key = session.get_key(label="stays")
    assert (key[pkcs11.Attribute.SENSITIVE], key[pkcs11.Attribute.EXTRACTABLE]) == (True, False)
    with pytest.raises(pkcs11.exceptions.AttributeSensitive):
        key[pkcs11.Attribute.VALUE]


@pytest.mark.parametrize(
    ("token", "label", "pin", "said"),
    [
        ("nowhere", "wraps", PIN, "exactly one token called nowhere"),
        ("another", "nothing", "0000000", "does not take this PIN"),
        ("another", "nothing", PIN, "exactly one AES key called nothing"),
    ],
)
def test_what_is_set_up_wrong_is_named(library: Path, token: str, label: str, pin: str, said: str) -> None:
    """With the setting that says otherwise, and without the PIN."""
    from ledger.privacy.module_keys import ModuleKeyProvider  # noqa: PLC0415 - it needs the extra

    with pytest.raises(Misconfigured, match=said) as refused:
        ModuleKeyProvider(library, token, label, pin)
    assert pin not in str(refused.value)


def test_a_vault_goes_over_from_a_file_to_a_module(library: Path, empty_database_url: str, tmp_path: Path) -> None:
    """By the same command as from one file to another; afterwards the service starts with the module alone."""
    migrate(empty_database_url)
    in_a_file = settings_of(empty_database_url, tmp_path)
    subject = NewSubject(new_subject_id(os.urandom), {RecordKind.REFERENCE: "Schulgeld"})
    with Service(in_a_file) as service:
        service.vault.store_subjects([subject])
    module = {"key_module": library, "key_token": "vault", "key_pin": PIN}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CORRIDOR_")}
    environment |= {f"CORRIDOR_{name.upper()}": str(value) for name, value in module.items()}
    command = [sys.executable, "-c", "from ledger.cli import main; main()", "keys", "master", "make-in-module"]
    name = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    in_the_module = Settings.model_validate({**dict(in_a_file), **module})
    both = in_the_module.model_copy(update={"key_other_file": in_a_file.key_file})
    new, old = key_providers(both)
    assert new.name == name
    with Service(both) as service:
        assert service.vault.read(subject.subject_id) == subject.records
    assert rewrap(empty_database_url, new, [old]) == (new.name, 1)
    with Service(in_the_module) as service:
        assert service.vault.read(subject.subject_id) == subject.records
    with Service(in_a_file) as service, pytest.raises(WrongMasterKey, match=new.name):
        service.vault.read(subject.subject_id)
    assert new.name != FileKeyProvider(in_a_file.key_file).name
