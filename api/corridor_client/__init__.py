"""A client for the engineers of a partner bank: it signs, asks again safely, and reads answers into the models of the API.

>>> abb = CorridorClient("https://corridor.example", "abb-psbc", RequestSigner("abb-2026", private_key))
>>> abb.quote(QuoteBody(creditor_agent="psbc", amount="1000.00", currency="MAD"), key="order-4711/quote")

`operations` lists what can be asked, `attempts` says when it is asked again, `failures` what is raised.
"""

from api.answer_signing import ServiceKeyKnown, checking
from api.corridor_client.asked import Asked, command, read
from api.corridor_client.attempts import AnswerCheck, Patience
from api.corridor_client.clients import AsyncCorridorClient, CorridorClient
from api.corridor_client.failures import AnswerNotProven, AnswerUnreadable, ClientError, NoAnswer, OutcomeStillUnknown, ProblemAnswer
from api.signing import RequestSigner

__all__ = [
    "AnswerCheck",
    "AnswerNotProven",
    "AnswerUnreadable",
    "Asked",
    "AsyncCorridorClient",
    "ClientError",
    "CorridorClient",
    "NoAnswer",
    "OutcomeStillUnknown",
    "Patience",
    "ProblemAnswer",
    "RequestSigner",
    "ServiceKeyKnown",
    "checking",
    "command",
    "read",
]
