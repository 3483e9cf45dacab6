"""`corridor doctor`: what must be so, and what should."""

from pathlib import Path

import pytest

from ledger import doctor
from ledger.bootstrap import Service
from ledger.doctor import Check, examine
from ledger.eventstore import health
from tests.integration.serviced import settings_of

NO_SERVER_HAS = {"shared_buffers": ("pg_size_bytes(current_setting('shared_buffers'))", 2**60, "a quarter of the memory")}


def test_a_server_with_little_room_is_advised_but_fit(module_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that only makes a long log slow gets a line of advice, with the value found and a better one."""
    for module in (doctor, health):
        monkeypatch.setattr(module, "ROOMY_SETTINGS", NO_SERVER_HAS)
    with Service(settings_of(module_database_url, tmp_path)) as service:
        [(found,)] = service.pool.rows("SHOW shared_buffers")
        checks = {check.name: check for check in examine(service)}
    way_out = "Set shared_buffers to a quarter of the memory in postgresql.conf: a long log is then written as fast as a short one."
    assert checks["shared_buffers"] == Check("shared_buffers", ok=False, found=found, way_out=way_out, advice=True)
    assert checks["shared_buffers"].fit
    assert not Check("fsync", ok=False, found="off").fit


def test_settings_are_read_as_numbers(module_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes and times are compared in bytes and seconds, whatever unit the server shows them in."""
    least = {name: (number, 1, better) for name, (number, _, better) in health.ROOMY_SETTINGS.items()}
    with Service(settings_of(module_database_url, tmp_path)) as service:
        monkeypatch.setattr(health, "ROOMY_SETTINGS", least)
        assert health.database_health(service.pool).cramped == ()
        monkeypatch.setattr(health, "ROOMY_SETTINGS", {name: (number, 2**60, better) for name, (number, _, better) in least.items()})
        assert health.database_health(service.pool).cramped == ("shared_buffers", "max_wal_size", "checkpoint_timeout")
