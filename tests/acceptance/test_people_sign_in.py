"""People sign in with a browser: who gets in, for how long, what they may do, and what a foreign page cannot."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from api.people.headers import SECURITY_HEADERS
from ledger.clock import SetClock
from tests.acceptance.conftest import ServedCorridor, told, transfer, uetr
from tests.acceptance.people import Browser, NewBrowser

HOLD = f"hold-{uetr(1)}"


def case_page(console: ServedCorridor) -> str:
    return f"/console/corridors/{console.corridor}/cases/{HOLD}"


def decide(browser: Browser, console: ServedCorridor, opinion: str) -> httpx.Response:
    """Opens the case and sends its form."""
    browser.get(f"{case_page(console)}?at_least={console.head()}")
    return browser.send(f"{case_page(console)}/opinions", **browser.fields(), opinion=opinion, reasons="Another date of birth.")


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back_to_the_page(console: ServedCorridor, browser: Browser) -> None:
    """The provider is asked for a code with PKCE, state and nonce; afterwards the page that was wanted shows."""
    assert urlsplit(str(browser.get(case_page(console)).url)).path == "/console/sign-in"
    page = browser.get(browser.link("begin"))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(str(page.url)).query).items()}
    assert {name: value for name, value in asked.items() if name not in ("state", "nonce", "code_challenge")} == {
        "response_type": "code",
        "client_id": "corridor-demo",
        "redirect_uri": f"{console.url}/console/callback",
        "scope": "openid",
        "code_challenge_method": "S256",
    }
    assert {len(asked[name]) for name in ("state", "nonce", "code_challenge")} == {43}
    page = browser.choose("amina")
    assert (page.status_code, urlsplit(str(page.url)).path, browser.shown("who")) == (200, case_page(console), "officer:amina, officer")


def test_two_officers_clear_a_hold_in_the_browser_and_the_money_moves(console: ServedCorridor, new_browser: NewBrowser) -> None:
    """Four eyes are the ledger's: the first opinion decides nothing, the same officer again is refused, the second officer decides."""
    amina, bao = new_browser(), new_browser()
    amina.sign_in("amina")
    bao.sign_in("bao")
    page = decide(amina, console, "clear")
    assert (page.status_code, amina.shown("outcome"), amina.shown("opinions")) == (200, "open", "officer:amina: clear")
    again = decide(amina, console, "clear")
    assert (again.status_code, amina.shown("detail")) == (403, f"officer:amina gave this opinion on case {HOLD} before.")
    decide(bao, console, "clear")
    assert bao.shown("outcome") == "clear, by officer:amina and officer:bao"
    assert told(console.get("abb", f"/transfers/{uetr(1)}", at_least=console.head()), 200)["state"] == "dispatched"


def test_a_form_that_is_sent_twice_is_done_once(console: ServedCorridor, browser: Browser) -> None:
    """The page gave the form a key of its own."""
    browser.sign_in("amina", case_page(console))
    fields = browser.fields() | {"opinion": "reject", "reasons": "True match."}
    answers = [browser.send(f"{case_page(console)}/opinions", **fields).status_code for _ in range(2)]
    case = told(console.get("officer:bo", f"/cases/{HOLD}", at_least=console.head()), 200)
    assert (answers, case["opinions"]) == ([200, 200], {"officer:amina": "reject"})


def test_an_officer_may_do_over_the_api_what_the_role_allows(console: ServedCorridor, browser: Browser) -> None:
    """The same commands, answered the same way; the subject of the token is the actor, and answers carry the security headers."""
    browser.sign_in("amina")
    path = console.path(f"/cases/{HOLD}/opinions")
    opinion = {"opinion": "clear", "reasons": "Namesake."}
    headers = {"Origin": console.url, "Corridor-CSRF": browser.csrf(), "Idempotency-Key": '"o1"'}
    answer = browser.api("POST", path, opinion, **headers)
    assert told(answer, 201)["outcome"] == "open"
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert browser.api("POST", path, opinion, **headers).headers["idempotent-replayed"] == "true"
    case = told(browser.api("GET", console.path(f"/cases/{HOLD}?at_least={console.head()}")), 200)
    assert case["opinions"] == {"officer:amina": "clear"}


@pytest.mark.parametrize(
    ("person", "path", "status"),
    [
        ("noor", "/cases/{hold}/opinions", 403),  # an auditor changes nothing
        ("omar", "/cases/{hold}/opinions", 403),  # an operator is no officer
        ("amina", "/accounts/abb:cash:MAD/status", 403),  # for senior officers
        ("bao", "/accounts/abb:cash:MAD/status", 200),
        ("amina", "/cycles", 403),
        ("omar", "/cycles", 201),
        ("omar", "/prefunds", 403),  # the settlement bank's own
        ("amina", "/nothing-like-this", 403),  # what the table does not know nobody may do
    ],
)
def test_the_role_decides_what_a_session_may_ask(console: ServedCorridor, browser: Browser, person: str, path: str, status: int) -> None:
    """One table of operations; the ledger's own rules come after it."""
    browser.sign_in(person)
    body = {"opinion": "clear", "reasons": "x"} if "opinions" in path else {"status": "frozen"} if "status" in path else {}
    headers = {"Origin": console.url, "Corridor-CSRF": browser.csrf(), "Idempotency-Key": '"k"'}
    answer = browser.api("POST", console.path(path.format(hold=HOLD)), body, **headers)
    assert (answer.status_code, answer.text) == (status, answer.text)


def test_an_auditor_reads_everything_and_is_offered_no_form(console: ServedCorridor, browser: Browser) -> None:
    """Cases are shown, deciding is not."""
    page = browser.sign_in("noor", case_page(console))
    assert (page.status_code, browser.shown("who"), "give-opinion" in browser.text, "step-up" in browser.text) == (
        200, "auditor:noor, auditor", False, False,
    )  # fmt: skip
    assert told(browser.api("GET", console.path("/cases")), 200)["cases"][0]["case"] == HOLD


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
def test_a_page_of_another_site_can_change_nothing(console: ServedCorridor, browser: Browser, origin: str) -> None:
    """Even with the session's token: the browser says from where the request comes."""
    browser.sign_in("amina")
    headers = {"Origin": origin, "Corridor-CSRF": browser.csrf(), "Idempotency-Key": '"o1"'}
    answer = browser.api("POST", console.path(f"/cases/{HOLD}/opinions"), {"opinion": "clear", "reasons": "x"}, **headers)
    assert told(answer, 403)["type"] == "/problems/origin-foreign"


def test_a_request_without_the_sessions_token_changes_nothing(console: ServedCorridor, new_browser: NewBrowser) -> None:
    """Nor with the token of another session."""
    amina, bao = new_browser(), new_browser()
    amina.sign_in("amina")
    bao.sign_in("bao")
    for token in ("", bao.csrf()):
        answer = amina.api(
            "POST", console.path(f"/cases/{HOLD}/opinions"), {"opinion": "clear", "reasons": "x"},
            **{"Origin": console.url, "Corridor-CSRF": token, "Idempotency-Key": '"o1"'},
        )  # fmt: skip
        assert told(answer, 403)["type"] == "/problems/csrf-token-wrong"
    page = amina.send("/console/sign-out", csrf=bao.csrf())
    assert (page.status_code, amina.shown("detail")) == (403, "The request does not carry the token of its session.")


def test_deciding_needs_a_fresh_sign_in_and_gives_the_session_a_new_id(console: ServedCorridor, browser: Browser, clock: SetClock) -> None:
    """Five minutes later the page asks who it is; afterwards the old cookie opens nothing."""
    browser.sign_in("amina", case_page(console))
    stale, fields = browser.secret(), browser.fields()
    clock.advance(timedelta(seconds=301))
    sent = browser.send(f"{case_page(console)}/opinions", **fields, opinion="clear", reasons="x")
    assert (sent.status_code, "A fresh sign-in is needed" in sent.text) == (403, True)
    browser.get(case_page(console))
    assert ("give-opinion" in browser.text, "step-up" in browser.text) == (False, True)
    browser.step_up("amina")
    assert ("give-opinion" in browser.text, browser.secret() != stale) == (True, True)
    old = httpx.get(f"{console.url}/console/me", headers={"Cookie": f"__Host-corridor-session={stale}"})
    assert (old.status_code, old.headers["location"]) == (303, "/console/sign-in?return_to=%2Fconsole%2Fme")


def test_a_step_up_by_somebody_else_leaves_the_session_as_it_was(console: ServedCorridor, browser: Browser, clock: SetClock) -> None:
    """Two people at one screen are two people."""
    browser.sign_in("amina", case_page(console))
    clock.advance(timedelta(seconds=301))
    browser.get(case_page(console))
    page = browser.step_up("bao")
    assert (page.status_code, browser.shown("detail")) == (403, "This is not the person whose session was to be renewed.")
    browser.get("/console")
    assert browser.shown("who") == "officer:amina, officer"


def test_a_session_ends_when_nobody_uses_it(console: ServedCorridor, browser: Browser, clock: SetClock) -> None:
    """Fifteen minutes without a request; a request before that keeps it."""
    browser.sign_in("amina")
    for _ in range(2):
        clock.advance(timedelta(minutes=14, seconds=59))
        assert browser.get("/console").url.path == "/console"
    clock.advance(timedelta(minutes=15))
    assert browser.get("/console").url.path == "/console/sign-in"
    assert told(browser.api("GET", console.path("/cases")), 401)["type"] == "/problems/not-signed-in"


def test_a_session_ends_after_eight_hours_whatever_happens(console: ServedCorridor, browser: Browser, clock: SetClock) -> None:
    """However busy it is."""
    browser.sign_in("amina")
    for _ in range(47):
        clock.advance(timedelta(minutes=10))
        assert browser.get("/console").url.path == "/console"
    clock.advance(timedelta(minutes=10))
    assert browser.get("/console").url.path == "/console/sign-in"


def test_who_signs_out_is_out_everywhere(console: ServedCorridor, browser: Browser) -> None:
    """The session is gone from the database, not only from the browser."""
    browser.sign_in("amina")
    secret = str(browser.secret())
    page = browser.send("/console/sign-out", **browser.fields())
    assert (page.url.path, browser.secret()) == ("/console/signed-out", None)
    again = httpx.get(f"{console.url}/console", headers={"Cookie": f"__Host-corridor-session={secret}"})
    assert again.headers["location"] == "/console/sign-in?return_to=%2Fconsole"


def test_the_cookie_is_opaque_and_the_database_knows_its_digest_only(console: ServedCorridor, browser: Browser) -> None:
    """Who reads the table gets no session; the cookie says nothing and belongs to this host alone."""
    browser.get("/console")
    browser.get(browser.link("begin"))
    chosen = browser.ask("POST", browser.at.partition("?")[0], data=browser.fields() | {"person": "amina"})
    back = browser.ask("GET", chosen.headers["location"])
    [cookie] = [line for line in back.headers.get_list("set-cookie") if line.startswith("__Host-corridor-session=")]
    secret, _, attributes = cookie.partition("=")[2].partition(";")
    assert {part.strip() for part in attributes.split(";")} == {"HttpOnly", "Path=/", "SameSite=lax", "Secure"}
    assert len(secret) == 43
    rows = console.service.pool.rows("SELECT subject, roles FROM people.sessions WHERE digest = %s", (sha256(secret.encode()).digest(),))
    assert rows == [("amina", ["officer"])]


def test_an_answer_that_was_used_or_belongs_to_another_browser_signs_nobody_in(console: ServedCorridor, new_browser: NewBrowser) -> None:
    """State is good once, and for the browser that began."""
    amina, stranger = new_browser(), new_browser()
    amina.get("/console")
    amina.get(amina.link("begin"))
    address = amina.at.partition("?")[0]
    answer = amina.ask("POST", address, data=amina.fields() | {"person": "amina"}).headers["location"]
    stranger.get("/console")
    stranger.get(stranger.link("begin"))
    page = stranger.get(answer)
    assert (page.status_code, stranger.shown("detail")) == (403, "This sign-in was begun in another browser.")
    page = amina.get(answer)
    assert (page.status_code, amina.shown("detail")) == (403, "This sign-in was not begun here, or was completed before.")


def test_a_sign_in_is_forgotten_after_ten_minutes(console: ServedCorridor, browser: Browser, clock: SetClock) -> None:
    """A code that comes late opens nothing."""
    browser.get("/console")
    browser.get(browser.link("begin"))
    clock.advance(timedelta(minutes=10))
    page = browser.choose("amina")
    assert (page.status_code, browser.shown("detail")) == (403, "This sign-in took too long.")


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example", "/console//elsewhere", "/consoles", "/v1"])
def test_a_link_cannot_lead_people_elsewhere_after_the_sign_in(console: ServedCorridor, browser: Browser, elsewhere: str) -> None:
    """Only pages of the console are gone back to."""
    browser.get(f"/console/sign-in/begin?return_to={elsewhere}")
    assert browser.choose("amina").url == httpx.URL(f"{console.url}/console")


def test_a_signature_is_judged_by_itself_whatever_cookie_comes_with_it(console: ServedCorridor, browser: Browser) -> None:
    """A bank's request is not taken for a person's, and a cookie does not mend a missing signature of a command."""
    browser.sign_in("amina")
    headers = {"Cookie": f"__Host-corridor-session={browser.secret()}"}
    signed = httpx.get(console.url + console.path("/cases"), auth=console.signer("abb"), headers=headers)
    assert told(signed, 403)["detail"] == "abb cannot see this."
    assert told(httpx.get(console.url + console.path("/cases")), 401)["type"] == "/problems/signature-missing"


def test_a_corridor_that_does_not_exist_is_nobodys(console: ServedCorridor, browser: Browser) -> None:
    """In the same words as for a bank of another corridor, and without a trace of it in the process."""
    browser.sign_in("amina")
    assert told(browser.api("GET", "/v1/corridors/no-such/cases"), 404)["detail"] == "There is no corridor 'no-such' for you."
    page = browser.get("/console/corridors/no-such/cases")
    assert (page.status_code, browser.shown("detail")) == (404, "There is no corridor 'no-such' for you.")


def test_pages_carry_the_security_headers_and_no_script(console: ServedCorridor, browser: Browser) -> None:
    """Refused pages too."""
    browser.sign_in("amina")
    for path in ("/console", "/console/nothing", f"/console/corridors/{console.corridor}/cases", "/console/style.css"):
        page = browser.ask("GET", console.url + path)
        assert {name: page.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert "<script" not in page.text
        assert "style=" not in page.text


def test_a_frozen_transfer_opens_a_case(console: ServedCorridor, browser: Browser) -> None:
    """From the page of a transfer, by one officer."""
    told(console.post("abb", "/transfers", transfer(2), "t2"), 201)
    browser.sign_in("amina", f"/console/corridors/{console.corridor}/transfers/{uetr(2)}?at_least={console.head()}")
    page = browser.send(f"/console/corridors/{console.corridor}/transfers/{uetr(2)}/freeze", **browser.fields())
    assert (page.status_code, "The transfer is frozen, and this case is open." in browser.text) == (200, True)
    assert told(console.get("officer:bo", f"/transfers/{uetr(2)}"), 200)["frozen"] is True


def test_words_of_a_stranger_are_shown_as_words(console: ServedCorridor, browser: Browser) -> None:
    """Whatever stands in an address is escaped where a page repeats it."""
    browser.sign_in("amina")
    page = browser.get(f"/console/corridors/{console.corridor}/cases/%3Cb%3Ebold")
    assert (page.status_code, "<b>bold" in page.text, "&lt;b&gt;bold" in page.text) == (404, False, True)
