"""The client for partner engineers: what it sends, when it asks again, and what it raises. The same for threads and for an event loop."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.corridor_client import (
    AnswerCheck,
    AnswerNotProven,
    AnswerUnreadable,
    Asked,
    AsyncCorridorClient,
    ClientError,
    CorridorClient,
    NoAnswer,
    OutcomeStillUnknown,
    Patience,
    ProblemAnswer,
    RequestSigner,
)
from api.corridor_client import questions as q
from api.corridor_client.attempts import Line
from api.schemas.feed import FeedStep
from api.schemas.transfers import TransferBody, TransferInitiated
from ledger.clock import SetClock

NINE = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
UETR = UUID("8a562c67-ca16-48ba-b074-65581be6f011")
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(b"a key of tests, not of any bank!")
SERVICE = "https://corridor.example"
BELOW = f"{SERVICE}/v1/corridors/abb-psbc"
TRANSFER = TransferBody.model_validate(
    {
        "uetr": str(UETR),
        "creditor_agent": "psbc",
        "product": "account_to_account",
        "purpose": "DEPD",
        "amount": "1000.00",
        "currency": "MAD",
        "debtor": {"name": "Yasmina Testouni"},
        "creditor": {"name": "Wei Shili"},
    }
)
TRANSFER_BYTES = (
    b'{"uetr":"8a562c67-ca16-48ba-b074-65581be6f011","creditor_agent":"psbc","product":"account_to_account","purpose":"DEPD",'
    b'"amount":"1000.00","currency":"MAD","debtor":{"name":"Yasmina Testouni"},"creditor":{"name":"Wei Shili"}}'
)
SENT = {"position": 1208, "recorded_at": "2026-03-27T09:00:00Z", "uetr": str(UETR), "state": "dispatched"}
INITIATED = TransferInitiated(position=1208, recorded_at=NINE, uetr=UETR, state="dispatched")
REFUSED = {
    "type": "/problems/floor-reached",
    "title": "The account's floor is reached",
    "status": 409,
    "detail": "There is no room.",
    "instance": "urn:uuid:1d7e9f2c-40e5-5a0e-9f0b-7b7b8f6ad0a4",
    "field": "amount",
    "value": "1000.00",
    "way_out": "Send less.",
    "transient": True,
    "position": 1209,
}

Given = httpx.Response | httpx.RequestError


def taken() -> httpx.Response:
    return httpx.Response(201, json=SENT)


def problem(status: int, code: str, *, retry_after: str | None = None, **more: Any) -> httpx.Response:
    body = {"type": f"/problems/{code}", "title": "A title", "status": status, "detail": "A sentence.", "transient": False} | more
    headers = {"Content-Type": "application/problem+json"} | ({} if retry_after is None else {"Retry-After": retry_after})
    return httpx.Response(status, json=body, headers=headers)


class Played:
    """A service that gives these answers in turn, and a client of either kind; what was sent, and how long was waited."""

    def __init__(self, kind: str, *answers: Given, check: AnswerCheck | None = None, patience: Patience | None = None) -> None:
        self.kind = kind
        self.answers = list(answers)
        self.sent: list[httpx.Request] = []
        self.waited: list[float] = []
        numbers = count(1)
        self.signer = RequestSigner("abb-1", PRIVATE_KEY, clock=SetClock(NINE), nonce=lambda: f"nonce-{next(numbers)}")
        self.how: dict[str, Any] = {"clock": SetClock(NINE), "chance": lambda: 1.0, "patience": patience or Patience(), "check": check}

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        given = self.answers.pop(0)
        if isinstance(given, httpx.RequestError):
            raise given
        # A copy, since each of the two clients reads it in its own way.
        return httpx.Response(given.status_code, headers=given.headers, content=given.content)

    def ask(self, asked: Asked[Any]) -> Any:
        """The answer of a client of this kind."""
        transport = httpx.MockTransport(self.answer)
        if self.kind == "sync":
            with CorridorClient(SERVICE, "abb-psbc", self.signer, transport=transport, sleep=self.waited.append, **self.how) as client:
                return client.ask(asked)
        return asyncio.run(self._ask(asked, transport))

    async def _ask(self, asked: Asked[Any], transport: httpx.MockTransport) -> Any:
        async def sleep(seconds: float) -> None:
            self.waited.append(seconds)

        async with AsyncCorridorClient(SERVICE, "abb-psbc", self.signer, transport=transport, sleep=sleep, **self.how) as client:
            return await client.ask(asked)

    def nonces(self) -> list[str]:
        return [request.headers["Signature-Input"].partition('nonce="')[2].partition('"')[0] for request in self.sent]


Play = Callable[..., Played]


@pytest.fixture(params=["sync", "async"])
def play(request: pytest.FixtureRequest) -> Play:
    """Each story is played by both clients."""

    def play_as(*answers: Given, **how: Any) -> Played:
        return Played(request.param, *answers, **how)

    return play_as


def send() -> Asked[TransferInitiated]:
    return q.send_transfer(TRANSFER, key="order-4711")


def failure(played: Played, asked: Asked[Any]) -> ClientError:
    """What the client raises."""
    with pytest.raises(ClientError) as raised:
        played.ask(asked)
    return raised.value


def test_a_command_is_sent_once_signed_with_its_key_and_what_the_caller_set(play: Play) -> None:
    """The answer comes as the model of the API."""
    played = play(taken())
    assert played.ask(send()) == INITIATED
    [request] = played.sent
    assert (request.method, str(request.url), request.content) == ("POST", f"{BELOW}/transfers", TRANSFER_BYTES)
    assert (request.headers["Idempotency-Key"], request.headers["Content-Type"]) == ('"order-4711"', "application/json")
    assert (request.headers["Accept"], request.headers["Accept-Encoding"]) == ("application/json", "identity")
    assert request.headers["Signature"].startswith("corridor=:")
    assert played.waited == []


@pytest.mark.parametrize(
    "lost",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("silence"),
        httpx.RemoteProtocolError("closed"),
        httpx.Response(502),
        problem(503, "outcome-unknown"),
        problem(500, "service-failed"),
        httpx.Response(429),
        httpx.Response(408),
        problem(409, "still-running", retry_after="0"),
    ],
    ids=lambda lost: type(lost).__name__ if isinstance(lost, Exception) else str(lost.status_code),
)
def test_an_unknown_outcome_is_asked_again_with_the_same_key_and_bytes_under_a_new_signature(play: Play, lost: Given) -> None:
    """Whatever was lost on the way, nothing but the signature changes."""
    played = play(lost, taken())
    assert played.ask(send()) == INITIATED
    first, second = played.sent
    assert first.content == second.content == TRANSFER_BYTES
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == '"order-4711"'
    assert played.nonces() == ["nonce-1", "nonce-2"]
    assert played.waited == [0.5]


def test_waits_double_up_to_the_longest_and_the_client_gives_up_saying_that_the_outcome_is_unknown(play: Play) -> None:
    """The caller learns the key and what to do with it."""
    lost = [httpx.ReadError("reset") for _ in range(5)]
    played = play(*lost, patience=Patience(attempts=5, first_wait=1, longest_wait=3))
    raised = failure(played, send())
    assert isinstance(raised, OutcomeStillUnknown)
    assert raised.key == "order-4711"
    assert str(raised) == (
        "Whether POST /transfers under key 'order-4711' was done is unknown: ReadError at attempt 5. "
        "Ask again with the same key and the same body: the answer then says what became of it."
    )
    assert raised.__cause__ is lost[4]
    assert (len(played.sent), played.waited) == (5, [1, 2, 3, 3])


def test_half_of_a_wait_is_left_to_chance() -> None:
    """Clients that lost the same service do not come back at the same instant."""
    patience = Patience(first_wait=1, longest_wait=3)
    assert [patience.wait(attempt, 0.0) for attempt in (1, 2, 3)] == [0.5, 1.0, 1.5]
    assert [patience.wait(attempt, 1.0) for attempt in (1, 2, 3)] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("said", "waited"),
    [("7", 7.0), ("Fri, 27 Mar 2026 09:00:12 GMT", 12.0), ("0", 0.5), ("Fri, 27 Mar 2026 08:00:00 GMT", 0.5), ("soon", 0.5), ("²", 0.5)],
)
def test_nobody_is_asked_again_before_retry_after(play: Play, said: str, waited: float) -> None:
    """Seconds or a date; what lies in the past or says nothing leaves the client's own wait."""
    response = httpx.Response(503, headers=[(b"Retry-After", said.encode("latin-1"))])
    played = play(response, taken())
    assert played.ask(send()) == INITIATED
    assert played.waited == [waited]


def test_a_retry_after_beyond_the_longest_wait_ends_the_asking(play: Play) -> None:
    """It is not cut short; the caller asks again when it likes."""
    played = play(httpx.Response(429, headers={"Retry-After": "3600"}))
    assert isinstance(failure(played, send()), OutcomeStillUnknown)
    assert (len(played.sent), played.waited) == (1, [])


def test_a_refusal_is_not_asked_again_and_says_everything_the_service_said(play: Play) -> None:
    """Even a transient one: it is stored under its key, so only a new key can pass."""
    played = play(httpx.Response(409, json=REFUSED, headers={"Content-Type": "application/problem+json"}))
    raised = failure(played, send())
    assert isinstance(raised, ProblemAnswer)
    assert {name: getattr(raised, name) for name in REFUSED} == REFUSED
    assert (raised.key, raised.decided) == ("order-4711", True)
    assert str(raised) == "409 /problems/floor-reached: There is no room. Send less."
    assert len(played.sent) == 1


def test_an_unauthenticated_request_is_not_asked_again(play: Play) -> None:
    """The same key would not be let in the second time either. The answer says nothing of an earlier request."""
    played = play(problem(401, "signing-key-revoked"))
    raised = failure(played, send())
    assert isinstance(raised, ProblemAnswer)
    assert (raised.type, raised.status, raised.decided) == ("/problems/signing-key-revoked", 401, False)
    assert len(played.sent) == 1


def test_a_door_that_closes_after_a_lost_answer_leaves_the_outcome_unknown(play: Play) -> None:
    """The first attempt may have been done; that the second was turned away does not say that it was not."""
    played = play(httpx.ReadError("reset"), problem(401, "signing-key-revoked"))
    raised = failure(played, send())
    assert isinstance(raised, OutcomeStillUnknown)
    assert raised.key == "order-4711"
    assert isinstance(raised.__cause__, ProblemAnswer)
    assert raised.__cause__.type == "/problems/signing-key-revoked"


@pytest.mark.parametrize(("status", "code", "more"), [(409, "floor-reached", {"position": 1209}), (422, "key-reused", {})])
def test_a_decision_after_a_lost_answer_is_the_outcome(play: Play, status: int, code: str, more: dict[str, Any]) -> None:
    """What the ledger decided under this key holds for all attempts."""
    raised = failure(play(httpx.ReadError("reset"), problem(status, code, **more)), send())
    assert isinstance(raised, ProblemAnswer)
    assert (raised.type, raised.decided) == (f"/problems/{code}", True)


def test_a_read_that_finds_no_answer_says_so(play: Play) -> None:
    """Nothing can have happened by it, so there is no unknown outcome."""
    patience = Patience(attempts=2)
    raised = failure(play(httpx.ConnectError("refused"), httpx.ConnectError("refused"), patience=patience), q.positions())
    assert isinstance(raised, NoAnswer)
    assert (raised.key, str(raised)) == (None, "GET /positions found no answer: ConnectError at attempt 2. Ask again later.")
    last = failure(play(httpx.ConnectError("refused"), problem(503, "read-too-early"), patience=patience), q.positions())
    assert isinstance(last, ProblemAnswer)
    assert last.type == "/problems/read-too-early"


@pytest.mark.parametrize(
    "strange",
    [
        httpx.Response(200, text="<html>Yasmina</html>"),
        httpx.Response(201, json={"name": "Yasmina"}),
        httpx.Response(302),
        httpx.Response(404),
    ],
    ids=["a page", "other fields", "elsewhere", "nothing"],
)
def test_what_is_no_answer_of_this_api_is_named_without_repeating_it(play: Play, strange: httpx.Response) -> None:
    """The command may have been done, so the text says how to find out. It repeats nothing of the answer."""
    raised = failure(play(strange), send())
    assert isinstance(raised, AnswerUnreadable)
    assert (raised.key, raised.status) == ("order-4711", strange.status_code)
    assert "Ask again with the same key" in str(raised)
    assert "Yasmina" not in str(raised)
    assert raised.__cause__ is None


def test_fields_of_a_later_version_are_passed_over(play: Play) -> None:
    """A service that learned to say more does not break the clients of yesterday."""
    assert play(httpx.Response(201, json=SENT | {"weather": "fair"})).ask(send()) == INITIATED


def test_an_answer_that_is_not_proven_counts_for_nothing(play: Play) -> None:
    """The check sees request and answer; a lost attempt, such as a proxy's 502, is asked again before anything is checked."""
    seen: list[tuple[str, int]] = []

    def check(request: httpx.Request, response: httpx.Response) -> None:
        seen.append((request.headers["Idempotency-Key"], response.status_code))
        raise ValueError("it is not signed")

    raised = failure(play(httpx.Response(502), taken(), check=check), send())
    assert isinstance(raised, AnswerNotProven)
    assert raised.key == "order-4711"
    assert str(raised) == (
        "The answer to POST /transfers is not proven to be the service's: it is not signed. "
        "The command under key 'order-4711' may have been done. "
        "Ask again with the same key and the same body: the answer then says what became of it."
    )
    assert seen == [('"order-4711"', 201)]


def test_no_text_of_a_question_or_a_failure_holds_a_person(play: Play) -> None:
    """Neither what is logged of a question nor any exception repeats the parties."""
    asked = send()
    texts = [repr(asked), str(asked), str(failure(play(httpx.ReadError("reset"), patience=Patience(attempts=1)), asked))]
    assert [text for text in texts if "Yasmina" in text or "Wei" in text] == []


@pytest.mark.parametrize("key", ["", "ключ", "a\nb", "x" * 201])
def test_what_is_no_key_is_said_before_anything_is_sent(key: str) -> None:
    """The way out stands in the sentence."""
    with pytest.raises(ValueError, match="1 to 200 printable ASCII characters"):
        q.accept(UETR, key=key)


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_a_part_of_a_path_that_leads_elsewhere_is_refused(part: str) -> None:
    """A name of dots would be taken out of the path before it is sent."""
    with pytest.raises(ValueError, match="names nothing"):
        q.account(part)


@pytest.mark.parametrize(
    "url", ["corridor.example", "ftp://corridor.example", "https://", "https://a:b@corridor.example", "https://c.example?x=1"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match="scheme and host"):
        CorridorClient(url, "abb-psbc", RequestSigner("abb-1", PRIVATE_KEY))


def test_parameters_are_left_out_repeated_and_escaped() -> None:
    """As the API reads them."""
    line = Line(BELOW, RequestSigner("abb-1", PRIVATE_KEY, clock=SetClock(NINE)))

    def url(asked: Asked[Any]) -> str:
        request = next(line.attempts(asked))
        assert isinstance(request, httpx.Request)
        return str(request.url)

    assert url(q.transfers("paid", "returned", limit=5)) == f"{BELOW}/transfers?state=paid&state=returned&limit=5"
    assert url(q.transfers()) == f"{BELOW}/transfers"
    assert url(q.breaks(only_open=False)) == f"{BELOW}/breaks?only_open=false"
    assert url(q.account("abb:cash:MAD", as_of=7)) == f"{BELOW}/accounts/abb:cash:MAD?as_of=7"
    assert url(q.shown_break("a/b c")) == f"{BELOW}/breaks/a%2Fb%20c"


def feed_answers() -> list[Given]:
    """Two pages, and an empty one."""
    pages = [([7, 9], 9), ([12], 12), ([], 12)]
    return [
        httpx.Response(200, json={"position": 20, "next": after, "entries": [step(number).model_dump(mode="json") for number in numbers]})
        for numbers, after in pages
    ]


def step(position: int) -> FeedStep:
    return FeedStep(position=position, recorded_at=NINE, kind="paid", uetr=UETR)


def test_the_feed_reads_on_until_there_is_nothing_new(play: Play) -> None:
    """Page after page from where the caller stopped, each step once."""
    played = play(*feed_answers())
    transport = httpx.MockTransport(played.answer)

    async def read() -> list[FeedStep]:
        async with AsyncCorridorClient(SERVICE, "abb-psbc", played.signer, transport=transport) as client:
            return [one async for one in client.feed(after=5, limit=2)]

    if played.kind == "sync":
        with CorridorClient(SERVICE, "abb-psbc", played.signer, transport=transport) as client:
            steps = list(client.feed(after=5, limit=2))
    else:
        steps = asyncio.run(read())
    assert steps == [step(7), step(9), step(12)]
    assert [str(request.url.query, "ascii") for request in played.sent] == ["after=5&limit=2", "after=9&limit=2", "after=12&limit=2"]
