"""I1, I2, I12, I15 and I16: the books, replayed line by line.

The checks know an account only by its name ``owner:kind:currency`` and the facts of its stream; they share nothing with the posting table
that made the lines.
"""

from __future__ import annotations

from ledger.verify.lives import Lives
from ledger.verify.report import Rules
from ledger.verify.seen import Seen
from ledger.verify.standing import Entry, Standing

# Entries that ask for money to be there; whatever else happens records what happened (I12).
_ASKING = frozenset({"funding", "withdrawal", "withdrawal_paid", "pay_out"})
# Kinds of accounts in the settlement currency that say to whom the cash at the settlement bank belongs (I16).
_OWED = frozenset({"position", "in_flight", "settling", "remuneration", "suspense"})


class BooksCheck:
    """Replays accounts; at every boundary asks whether the books are right."""

    def __init__(self, rules: Rules, lives: Lives) -> None:
        self._equal, self._entries_balance, self._floors = rules["I1"], rules["I2"], rules["I12"]
        self._in_flight, self._identity = rules["I15"], rules["I16"]
        self._lives = lives
        self.accounts: dict[int, Standing] = {}
        self.settlement_currency = ""
        self._sums: dict[str, int] = {}
        self._entries: dict[tuple[str, str, str], Entry] = {}
        self._touched: dict[int, Standing] = {}
        self._corridor_accounts: dict[str, Standing] = {}
        self._owed: list[Standing] = []

    # Facts

    def opened(self, seen: Seen) -> None:
        """A new account."""
        account = Standing(seen.facts["name"], seen.facts["currency"], seen.facts["normal_side"], seen.facts["floor"])
        self.accounts[seen.stream] = self._touched[seen.stream] = account
        self._sums.setdefault(account.currency, 0)

    def floor_set(self, seen: Seen) -> None:
        """Another floor from here on."""
        account = self._known(seen)
        if account is not None:
            account.floor = seen.facts["floor"]

    def status_set(self, seen: Seen) -> None:
        """Opened, frozen or closed."""
        account = self._known(seen)
        if account is not None:
            account.status = seen.facts["status"]

    def posted(self, seen: Seen) -> None:
        """The lines of a commit on one account, in the order of the commands."""
        account = self._known(seen)
        if account is None:
            return
        position, lines = seen.position, seen.facts["lines"]
        sign, balance, floor = account.sign, account.balance, account.floor
        entries, total = self._entries, 0
        for kind, reference, command, amount, _booking_date, _value_date in lines:
            key = (command, kind, reference)
            entry = entries.get(key)
            if entry is None:
                entry = entries[key] = Entry(position)
            entry.lines.append((account, amount))
            total += amount
            balance += amount * sign
            if kind in _ASKING:
                self._floors.checked += 1
                if floor is not None and balance < floor and amount * sign < 0:
                    self._floors.breaks(position, f"{kind} by command {command} took {account.name} to {balance}, its floor is {floor}")
        account.balance = balance
        account.lines += len(lines)
        account.lines_sum += total * position
        self._sums[account.currency] = self._sums.get(account.currency, 0) + total
        if seen.facts["balance"] != balance:
            self._equal.breaks(position, f"{account.name} says it stands at {seen.facts['balance']}, its lines come to {balance}")
        if seen.facts["below_floor"] != (floor is not None and balance < floor):
            self._floors.breaks(position, f"{account.name} stands at {balance} with a floor of {floor}, and its alert says otherwise")

    def _known(self, seen: Seen) -> Standing | None:
        account = self.accounts.get(seen.stream)
        if account is None:
            self._equal.breaks(seen.position, "an account that was never opened has lines")
        else:
            self._touched[seen.stream] = account
        return account

    # Boundaries

    def boundary(self, boundary: int) -> None:
        """Everything that must hold between two commits."""
        for (command, kind, reference), entry in self._entries.items():
            self._entry(command, kind, reference, entry)
        self._lives.boundary(self._entries)
        self._entries.clear()
        for account in self._touched.values():
            account.boundary = boundary
            account.commits += 1
            account.commits_sum += account.balance * boundary
        self._touched.clear()
        self._equal.checked += 1
        for currency, total in self._sums.items():
            if total:
                self._equal.breaks(boundary, f"debits exceed credits by {total} minor units of {currency}")
        if len(self._corridor_accounts) < 3:
            self._find_corridor_accounts()
        if len(self._corridor_accounts) == 3:
            self._check_corridor(boundary)

    def _entry(self, command: str, kind: str, reference: str, entry: Entry) -> None:
        self._entries_balance.checked += 1
        sums: dict[str, int] = {}
        for account, amount in entry.lines:
            sums[account.currency] = sums.get(account.currency, 0) + amount
        for currency, total in sums.items():
            if total:
                self._entries_balance.breaks(
                    entry.position, f"{kind} of {reference} by command {command} is out by {total} minor units of {currency}"
                )

    def _find_corridor_accounts(self) -> None:
        usd = self.settlement_currency
        self._corridor_accounts = {
            account.kind: account for account in self.accounts.values() if account.kind in ("in_flight", "remuneration", "settlement_bank")
        }
        self._owed = [account for account in self.accounts.values() if account.kind in _OWED and account.currency == usd]

    def _check_corridor(self, boundary: int) -> None:
        for kind, expected in (("in_flight", self._lives.in_flight), ("remuneration", self._lives.remuneration)):
            stands = self._corridor_accounts[kind].balance
            if stands != expected:
                self._in_flight.breaks(boundary, f"{kind} stands at {stands}, the transfers in flight come to {expected}")
        self._in_flight.checked += 1
        cash, owed = self._corridor_accounts["settlement_bank"].balance, sum(account.balance for account in self._owed)
        if cash != owed:
            self._identity.breaks(boundary, f"the settlement bank holds {cash}, the corridor owes {owed}, minor units")
        self._identity.checked += 1
