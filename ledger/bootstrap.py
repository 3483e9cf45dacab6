"""The only place where parts are wired together."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from threading import Lock
from types import ModuleType

from ledger.application import Ledger
from ledger.clock import Clock, system_clock
from ledger.embedded import embedded_url
from ledger.errors import Misconfigured
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.migrate import check_migrated, migrate
from ledger.intake import Intake
from ledger.privacy.entropy import Entropy
from ledger.privacy.keys import FileKeyProvider, KeyProvider
from ledger.privacy.vault import Vault
from ledger.screening.invented_list import InventedList
from ledger.screening.list_file import ListFile
from ledger.screening.port import Screening
from ledger.settings import Settings


def database_urls(settings: Settings) -> tuple[str, str]:
    """(owner's URL, application's URL); without CORRIDOR_DATABASE_URL the embedded PostgreSQL is started or attached to."""
    if settings.database_url is not None:
        return settings.owner_url or settings.database_url, settings.database_url
    urls = embedded_url(settings.data_dir)
    return urls.owner_url, urls.database_url


def key_providers(settings: Settings) -> tuple[KeyProvider, ...]:
    """The master key in use first, then the one that it follows or that follows it, if one is named."""
    own: KeyProvider
    if settings.key_module is None:
        own = FileKeyProvider(settings.key_file, create=not settings.production)
    else:
        own = _module_key(settings, settings.key_module)
    return (own,) if settings.key_other_file is None else (own, FileKeyProvider(settings.key_other_file, create=False))


def _module_key(settings: Settings, library: Path) -> KeyProvider:
    provider: KeyProvider = _modules().ModuleKeyProvider(library, settings.key_token, settings.key_label, _pin(settings))
    return provider


def make_module_key(settings: Settings, library: Path) -> str:
    """Makes the master key that the settings name inside their module; its name."""
    name: str = _modules().make_key(library, settings.key_token, settings.key_label, _pin(settings))
    return name


def _pin(settings: Settings) -> str:
    return settings.key_pin.get_secret_value() if settings.key_pin is not None else ""


def _modules() -> ModuleType:
    try:
        from ledger.privacy import module_keys  # noqa: PLC0415 - it needs the extra hsm
    except ImportError:
        raise Misconfigured("CORRIDOR_KEY_MODULE needs the library python-pkcs11: install corridor-ledger[hsm].") from None
    return module_keys


class Service:
    """Everything a process shares: connections, vault, screening, and one ledger a corridor. Close it when done."""

    def __init__(self, settings: Settings, *, clock: Clock = system_clock, entropy: Entropy = os.urandom) -> None:
        self.settings = settings
        self.clock = clock
        self.entropy = entropy
        listed = self._list_file = None if settings.screening_list is None else ListFile(settings.screening_list)
        self.owner_url, self.database_url = database_urls(settings)
        check_migrated(self.database_url)
        self.pool = PostgresPool(self.database_url, pool_size=settings.pool_size)
        self.vault = Vault(self.pool, *key_providers(settings))
        self.screening: Screening = InventedList() if listed is None else listed
        self._ledgers: dict[str, Ledger] = {}
        # Every command makes hundreds of small objects and no cycles: looking for some as often as Python does took a tenth of the time.
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        self._lock = Lock()

    def ledger(self, corridor: str) -> Ledger:
        """The ledger of a corridor, opened or not; one for the whole process."""
        with self._lock:
            if corridor not in self._ledgers:
                self._ledgers[corridor] = Ledger(corridor, self.database_url, clock=self.clock, vault=self.vault)
            return self._ledgers[corridor]

    def ledgers(self) -> dict[str, Ledger]:
        """The ledgers this process has asked for, by corridor."""
        with self._lock:
            return dict(self._ledgers)

    def intake(self, corridor: str) -> Intake:
        """What turns orders with personal data into commands for a corridor."""
        return Intake(self.ledger(corridor), self.screening, self.entropy)

    def follow_screening_list(self) -> None:
        """Takes a newer screening list into force, if the operator has put one in place of the old."""
        if self._list_file is not None:
            self._list_file.refresh()

    def close(self) -> None:
        """Decides what is waiting and closes every connection."""
        with self._lock:
            for ledger in self._ledgers.values():
                ledger.close()
            self._ledgers.clear()
        self.pool.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def migrate_database(settings: Settings) -> list[str]:
    """Applies the pending migrations as the owner; the names of those applied."""
    return migrate(database_urls(settings)[0])
