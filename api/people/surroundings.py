"""Where and when a person may decide, and the browser that a session belongs to.

Reading is bound to neither place nor hour. A role without a rule of its own may decide anywhere at any time; whoever holds several roles
may do what one of them lets them do there and then.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from zoneinfo import ZoneInfo

from starlette.types import Scope

from api.client_certificate import TrustedHop
from api.errors import DecidedElsewhere
from api.people.operations import Rule
from api.people.roles import Person, Role
from ledger.settings import Settings

Address = IPv4Address | IPv6Address

_PREFIX = {4: 24, 6: 64}
"""How much of an address stays the same while a browser stays in its place."""


class Surroundings:
    """The operator's rules, and what a request tells of its own surroundings."""

    def __init__(self, settings: Settings, hop: TrustedHop) -> None:
        self._hop = hop
        self._zone = ZoneInfo(settings.people_time_zone)
        self._hours = {role: [tuple(hours.split("-")) for name, hours in settings.people_hours if name == role] for role in Role}
        self._networks = {role: [network for name, network in settings.people_networks if name == role] for role in Role}

    def browser_of(self, scope: Scope) -> bytes:
        """A digest of the network that a request comes from and of the program that sends it: a session is bound to both."""
        address = self._address(scope)
        network = "" if address is None else str(ip_network(f"{address}/{_PREFIX[address.version]}", strict=False))
        agents = [value for name, value in scope["headers"] if name == b"user-agent"]
        return sha256(b"\0".join([network.encode(), *agents])).digest()

    def check(self, person: Person, rule: Rule, scope: Scope, now: datetime) -> None:
        """Raises DecidedElsewhere for a decision from a place or at an hour that none of the person's roles may decide at."""
        roles = rule.roles & person.roles
        if not rule.fresh:
            return
        address = self._address(scope)
        here = {role for role in roles if self._may_here(role, address)}
        if not here:
            raise DecidedElsewhere(
                "Your role decides nothing from this network.", field="address", way_out="Decide from a workplace that the operator listed."
            )
        time = f"{now.astimezone(self._zone):%H:%M}"
        if not any(self._may_at(role, time) for role in here):
            raise DecidedElsewhere(
                f"Your role decides nothing at {time} ({self._zone.key}).",
                field="hour",
                way_out="Decide within your hours, or let a colleague on duty do it.",
            )

    def _may_here(self, role: Role, address: Address | None) -> bool:
        networks = self._networks[role]
        return not networks or (address is not None and any(address in network for network in networks))

    def _may_at(self, role: Role, time: str) -> bool:
        """Hours whose end stands before their beginning go on after midnight."""
        hours = self._hours[role]
        return not hours or any(begin <= time < end if begin < end else time >= begin or time < end for begin, end in hours)

    def _address(self, scope: Scope) -> Address | None:
        """Who asks: by the connection, or by what the trusted proxy says of its own."""
        client = scope.get("client")
        said = client[0] if client is not None else ""
        if self._hop.passes_on(scope):
            forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
            said = forwarded[-1].decode("latin-1").rpartition(",")[2].strip() if forwarded else ""
        try:
            return ip_address(said)
        except ValueError:
            return None
