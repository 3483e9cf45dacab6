"""Files that a bank leaves in a folder are taken in, and what it is told is left there for it: for banks that exchange files over SFTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import PurePath
from typing import Final

from eventsourcing.persistence import PersistenceError

from ledger.bootstrap import Service
from ledger.errors import LedgerError
from ledger.iso20022.errors import ChecksumWrong, TooLarge
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits
from ledger.iso20022.xml import opening
from ledger.messages.folders import CHECKSUM, Folders, Plan
from ledger.messages.incoming import kind_of, take_in
from ledger.messages.outgoing import messages_after
from ledger.messages.received import keep
from ledger.messages.rejects import FINAL, code_of, write_reject
from ledger.messages.taken import Status

# Messages put into the outbox by one plan.
_OUT_AT_ONCE: Final = 200

Rest = Callable[[float], bool]
"""Waits so many seconds, and says whether to stop."""


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one file: ``status`` is accepted, part or rejected as the ledger answered it, or quarantined with the ``code``.

    ``path`` is where it is now and ``reply`` the name of its answer in the outbox, both below the watched directory. ``status`` is waiting
    where the ledger did not answer; the file is taken up again.
    """

    file: str
    status: Status | str
    path: str
    message: str = ""
    message_id: str = ""
    taken: int = 0
    rejected: int = 0
    reply: str = ""
    code: str = ""
    sentence: str = ""


class Watcher:
    """Works on one directory for one bank. Only one may, at any time; stopped or killed, the next one goes on."""

    def __init__(self, service: Service, corridor: str, actor: str, folders: Folders, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self._service = service
        self._corridor = corridor
        self._actor = actor
        self._folders = folders
        self._limits = limits

    def run(self, rest: Rest, seconds: float) -> Iterator[Handled]:
        """Looks again after so many seconds, until told to stop. Yields what became of each file."""
        with self._folders.held():
            while True:
                yield from self._round()
                if rest(seconds):
                    return

    def run_once(self) -> Iterator[Handled]:
        """Takes in what is there now, and puts into the outbox what the bank is told so far."""
        with self._folders.held():
            yield from self._round()

    def _round(self) -> Iterator[Handled]:
        self._folders.go_on()
        for name in chain(self._folders.unfinished(), self._arriving()):
            handled = self._handle(name)
            yield handled
            if handled.status == "waiting":
                return
        try:
            while self._tell():
                pass
        except (LedgerError, PersistenceError) as error:
            if isinstance(error, FINAL):
                raise

    def _arriving(self) -> Iterator[str]:
        for name in self._folders.arrived():
            taken = self._folders.take(name)
            if taken is not None:
                yield taken

    def _handle(self, name: str) -> Handled:
        data = b""
        try:
            data = self._read(name)
            self._check(name, data)
            taken = take_in(self._service, self._corridor, self._actor, data, limits=self._limits)
        except FINAL as error:
            return self._put_aside(name, data, error)
        except (LedgerError, PersistenceError) as error:
            return Handled(name, "waiting", f"work/taken/{name}", code=code_of(error) if isinstance(error, LedgerError) else "unavailable")
        reply = self._reply_name(name, data, kind_of_reply(taken.reply)) if taken.reply is not None else ""
        publish = ((self._folders.stage("reply", taken.reply), reply),) if taken.reply is not None else ()
        day = self._service.clock().date().isoformat()
        path = self._folders.free_path(self._folders.archive / day, name)
        self._folders.carry_out(Plan(self._moves(name, path), publish))
        return Handled(
            file=name,
            status=taken.status,
            path=path,
            message=taken.message,
            message_id=taken.message_id,
            taken=len(taken.accepted),
            rejected=len(taken.rejected),
            reply=f"outbox/{reply}" if reply else "",
        )

    def _read(self, name: str) -> bytes:
        """At most one byte over the limit, so that a file of any size fills no memory."""
        with (self._folders.taken / name).open("rb") as file:
            return file.read(self._limits.file_bytes_max + 1)

    def _check(self, name: str, data: bytes) -> None:
        if len(data) > self._limits.file_bytes_max:
            raise TooLarge(
                f"The message is larger than {self._limits.file_bytes_max} bytes.", field="message", way_out="Split it into several files."
            )
        stated = self._folders.stated_digest(name)
        if stated is not None and stated != sha256(data).hexdigest():
            error = ChecksumWrong(
                f"The file is not the one whose SHA-256 stands in {name}{CHECKSUM}.",
                field=f"{name}{CHECKSUM}",
                way_out="Send the file again, its checksum first.",
            )
            keep(self._service, self._corridor, self._actor, data, refused=error.code)
            raise error

    def _put_aside(self, name: str, data: bytes, error: LedgerError) -> Handled:
        """Into quarantine, with the reason beside it; the sender finds the reject in its outbox."""
        reject = write_reject(self._service, self._corridor, self._actor, data, error)
        reply = self._reply_name(name, data, "admi.002")
        path = self._folders.free_path(self._folders.quarantine, name)
        beside = {
            self._folders.stage("reason", f"{code_of(error)}: {error}\n".encode()): f"{path}.reason.txt",
            self._folders.stage("reject", reject): f"{path}.admi.002.xml",
        }
        # What stands beside it comes first: who looks at a file in quarantine finds why.
        moves = (*beside.items(), *self._moves(name, path))
        self._folders.carry_out(Plan(moves, ((self._folders.stage("reply", reject), reply),)))
        return Handled(name, "quarantined", path, reply=f"outbox/{reply}", code=code_of(error), sentence=str(error))

    def _moves(self, name: str, path: str) -> tuple[tuple[str, str], ...]:
        return ((f"work/taken/{name}{CHECKSUM}", f"{path}{CHECKSUM}"), (f"work/taken/{name}", path))

    def _reply_name(self, name: str, data: bytes, message: str) -> str:
        """The same for the same file, and never that of another one's reply."""
        return f"{PurePath(name).stem}-{sha256(data).hexdigest()[:12]}.{message}.xml"

    def _tell(self) -> bool:
        """Puts the next messages for the bank into the outbox; False when there are none."""
        found = messages_after(self._service, self._corridor, self._actor, self._folders.cursor(), _OUT_AT_ONCE)
        if not found:
            return False
        publish = tuple(
            (self._folders.stage(f"{one.message_id}.{one.message}.xml", one.data), f"{one.message_id}.{one.message}.xml")
            for one in found
            if one.data
        )
        self._folders.carry_out(Plan(publish=publish, cursor=found[-1].position))
        return True


def kind_of_reply(reply: bytes) -> str:
    """``pacs.002``, of a reply that we wrote."""
    return kind_of(opening(reply).version)
