"""A person's session does what a person could: at a person's pace, from where and when the role may decide, in its own browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.sandbox.identity_served import served_identity
from tests.acceptance.conftest import LISTED, ServedCorridor, told, transfer, uetr
from tests.acceptance.people import Browser

HOLD = f"hold-{uetr(1)}"
Open = Callable[..., ServedCorridor]


@pytest.fixture
def opened(service: Service, corridor: str, clock: SetClock) -> Iterator[Open]:
    """Serves an open corridor with a hold on transfer 1, under other rules for people than usual."""
    with ExitStack() as open_parts:

        def open_one(**rules: Any) -> ServedCorridor:
            settings = service.settings.model_copy(update=rules)
            # People are the same in every story of this file.
            service.pool.rows("DELETE FROM people.paces RETURNING subject")
            served = ServedCorridor(
                service, corridor, clock, settings_for=lambda url: open_parts.enter_context(served_identity(settings, clock, url))
            )
            open_parts.callback(served.close)
            served.open()
            told(served.post("abb", "/transfers", transfer(1, debtor=LISTED), "t1"), 201)
            told(served.get("officer:bo", "/cases", at_least=served.head()), 200)
            return served

        yield open_one


@pytest.fixture
def browser_of() -> Iterator[Callable[[ServedCorridor, str], Browser]]:
    """A browser in which somebody has signed in."""
    with ExitStack() as open_browsers:

        def sign_in(served: ServedCorridor, person: str) -> Browser:
            browser = Browser(served.url)
            open_browsers.callback(browser.close)
            browser.sign_in(person)
            return browser

        yield sign_in


def opinion(served: ServedCorridor, browser: Browser, key: str, said: str = "clear") -> httpx.Response:
    """An opinion on the hold, by a program with the session."""
    headers = {"Origin": served.url, "Corridor-CSRF": browser.csrf(), "Idempotency-Key": f'"{key}"'}
    return browser.api("POST", served.path(f"/cases/{HOLD}/opinions"), {"opinion": said, "reasons": "x"}, **headers)


def test_a_person_sends_so_many_a_minute_and_no_more(
    opened: Open, browser_of: Callable[[ServedCorridor, str], Browser], clock: SetClock
) -> None:
    """Two a minute: the third is told to wait, in a second browser too, and burns no key; a colleague is not concerned, and half a minute
    later there is room for one."""
    served = opened(acts_per_minute_max=2)
    amina, again, bao = (browser_of(served, person) for person in ("amina", "amina", "bao"))
    told(opinion(served, amina, "o1"), 201)
    told(opinion(served, again, "o2", "reject"), 201)
    refused = opinion(served, amina, "o3")
    assert (told(refused, 429), refused.headers["Retry-After"]) == (
        {
            "type": "/problems/too-fast-for-a-person",
            "title": "Faster than a person decides",
            "status": 429,
            "detail": "A person may send 2 forms and commands a minute.",
            "field": "session",
            "way_out": "Go on in a moment, more slowly.",
            "transient": True,
        },
        "5",
    )
    page = amina.get(f"/console/corridors/{served.corridor}/cases/{HOLD}")
    page = amina.send(f"{page.url.path}/opinions", **amina.fields(), opinion="clear", reasons="x")
    assert (page.status_code, amina.shown("detail")) == (429, "A person may send 2 forms and commands a minute.")
    told(opinion(served, bao, "o1", "reject"), 201)
    clock.advance(timedelta(seconds=30))
    assert told(opinion(served, amina, "o3"), 409)["type"] == "/problems/case-already-decided"
    assert told(opinion(served, amina, "o4"), 429)["type"] == "/problems/too-fast-for-a-person"


def test_a_case_is_read_before_it_is_decided(opened: Open, browser_of: Callable[[ServedCorridor, str], Browser], clock: SetClock) -> None:
    """An opinion on a case that nobody opened, or only just, is told to wait; the same form passes once there was time to read."""
    served = opened(reading_seconds_min=5)
    amina, bao = (browser_of(served, person) for person in ("amina", "bao"))
    assert told(opinion(served, bao, "o1"), 429)["detail"] == "A case is decided 5 seconds after it was opened, at the soonest."
    case = f"/console/corridors/{served.corridor}/cases/{HOLD}"
    amina.get(case)
    form = amina.fields()
    page = amina.send(f"{case}/opinions", **form, opinion="clear", reasons="x")
    assert (page.status_code, page.headers["Retry-After"]) == (429, "5")
    assert amina.shown("detail") == "A case is decided 5 seconds after it was opened, at the soonest."
    clock.advance(timedelta(seconds=4))
    amina.get(case)
    clock.advance(timedelta(seconds=1))
    assert amina.send(f"{case}/opinions", **form, opinion="clear", reasons="x").status_code == 200
    told(bao.api("GET", served.path(f"/cases/{HOLD}")), 200)
    clock.advance(timedelta(seconds=5))
    assert told(opinion(served, bao, "o1"), 201)["outcome"] == "clear"


def test_decisions_keep_to_the_hours_and_networks_of_the_role(
    opened: Open, browser_of: Callable[[ServedCorridor, str], Browser], clock: SetClock
) -> None:
    """Eleven in the morning in Rabat is too late for officers here; what they read goes on, and the page says why they cannot decide."""
    served = opened(people_hours=(("officer", "06:00-11:00"),), people_time_zone="Africa/Casablanca")
    amina, bao = (browser_of(served, person) for person in ("amina", "bao"))
    told(opinion(served, amina, "o1"), 201)
    clock.advance(timedelta(hours=1))
    amina, bao = (browser_of(served, person) for person in ("amina", "bao"))
    refused = told(opinion(served, amina, "o2"), 403)
    assert (refused["type"], refused["field"]) == ("/problems/decided-elsewhere", "hour")
    assert refused["detail"] == "Your role decides nothing at 11:00 (Africa/Casablanca)."
    case = f"/console/corridors/{served.corridor}/cases/{HOLD}"
    assert amina.get(case).status_code == 200
    page = amina.send(f"{case}/opinions", **amina.fields(), opinion="clear", reasons="x")
    assert (page.status_code, amina.shown("detail")) == (403, "Your role decides nothing at 11:00 (Africa/Casablanca).")
    # A senior officer has no hours here.
    assert told(opinion(served, bao, "o1"), 201)["outcome"] == "clear"


def test_from_another_network_nothing_is_decided(opened: Open, browser_of: Callable[[ServedCorridor, str], Browser]) -> None:
    """The officers' network is not this machine's."""
    served = opened(people_networks=(("officer", ip_network("10.2.0.0/16")),))
    refused = told(opinion(served, browser_of(served, "amina"), "o1"), 403)
    assert (refused["type"], refused["field"]) == ("/problems/decided-elsewhere", "address")


def test_a_session_opens_nothing_in_another_browser(opened: Open, browser_of: Callable[[ServedCorridor, str], Browser]) -> None:
    """Whoever carries the cookie elsewhere has to sign in; the session goes on where it began."""
    served = opened()
    amina = browser_of(served, "amina")
    stolen = {"Cookie": f"__Host-corridor-session={amina.secret()}", "User-Agent": "Another/1.0"}
    answer = httpx.get(f"{served.url}/console", headers=stolen)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in?return_to=%2Fconsole")
    assert told(httpx.get(served.url + served.path("/cases"), headers=stolen), 401)["type"] == "/problems/not-signed-in"
    assert amina.get("/console").url.path == "/console"
