"""What can be wrong with a request before the ledger is asked.

::

    Malformed
    └── RequestError
        ├── Unauthenticated                401: nobody known asked
        │   ├── SignatureMissing           the request carries no signature
        │   ├── SignatureMalformed         the signature fields cannot be read
        │   ├── SignatureTagWrong          no signature was made for this service
        │   ├── SignatureIncomplete        the signature leaves out a component or a parameter
        │   ├── SignatureCoversMore        the signature covers what it should not
        │   ├── SignatureAlgorithmWrong    the signature states another algorithm than its key's
        │   ├── SigningKeyUnknown          the key id is registered nowhere
        │   ├── SigningKeyRevoked          suspended or revoked
        │   ├── SigningKeyNotInForce       not yet valid or no longer valid
        │   ├── SignatureTooOld            made longer ago than requests may be old
        │   ├── SignatureFromTheFuture     made later than now
        │   ├── SignatureWrong             the signature does not verify
        │   ├── NonceReused                the request was sent before
        │   ├── DigestWrong                the body is not the one that was signed
        │   ├── ProxyAvoided               the request did not come through the proxy
        │   ├── ClientCertificateMissing   the connection showed no client certificate
        │   ├── ClientCertificateMalformed what the proxy passed on is no certificate
        │   ├── ClientCertificateNotInForce not yet valid or no longer valid
        │   ├── ClientCertificateForeign   the certificate is another's than the signature's
        │   └── NotSignedIn                a person without a session, or with one that has ended
        ├── KeyNotPermitted                403: the key may not be used for this
        ├── SignInRefused                  403: the identity provider's answer lets nobody in
        ├── StepUpNeeded                   403: the sign-in is not fresh enough for this
        ├── DecidedElsewhere               403: not from this network, or not at this hour
        ├── OriginForeign                  403: a page of another site asks
        ├── CsrfTokenWrong                 403: the request does not repeat its session's token
        ├── RequestInvalid                 400: a field of path, query, header or body cannot be read
        │   ├── IdempotencyKeyMissing      a command without a key
        │   └── IdempotencyKeyMalformed    the key is no quoted string
        ├── RouteUnknown                   404: there is nothing here
        ├── ReportUnknown                  404: no night wrote a report of that id
        ├── MethodNotAllowed               405: not in this way
        ├── AnswerNotAcceptable            406: no answer in the form that is asked for
        ├── RequestTooSlow                 408: the body did not arrive in time
        ├── BodyTooLarge                   413: more bytes than the service takes
        ├── ContentTypeWrong               415: the body is of another kind than the route takes
        ├── TooManyRequests                429: the key sends more than it may
        ├── TooFastForAPerson              429: faster than a person reads and decides
        └── ShareTaken                     429: a principal's share of commands at once is taken

    Unavailable
    └── IdentityProviderDown               503: nobody can sign in at present

None of them is stored: nothing is kept of a request that was not understood, and no idempotency key is burnt by it.
"""

from __future__ import annotations

from ledger.errors import Malformed, Unavailable


class RequestError(Malformed):
    """The request cannot be taken, whoever sent it and whatever it asks."""


# Who asks


class Unauthenticated(RequestError):
    """Nobody the corridor knows has signed this request (RFC 9421)."""


class SignatureMissing(Unauthenticated):
    """Signature-Input or Signature is absent."""


class SignatureMalformed(Unauthenticated):
    """The signature fields are not the structured fields of RFC 9421 §4, or hold more than one signature for us."""


class SignatureTagWrong(Unauthenticated):
    """No signature carries the tag of this service: it was made for something else."""


class SignatureIncomplete(Unauthenticated):
    """A component or a parameter that must be signed is not."""


class SignatureCoversMore(Unauthenticated):
    """A component is signed that is none of the scheme's, or one comes twice."""


class SignatureAlgorithmWrong(Unauthenticated):
    """The signature states an algorithm, and its key is registered for another one."""


class SigningKeyUnknown(Unauthenticated):
    """No corridor has registered the key id."""


class SigningKeyRevoked(Unauthenticated):
    """The key was suspended or revoked."""


class SigningKeyNotInForce(Unauthenticated):
    """The instant lies outside the key's validity."""


class SignatureTooOld(Unauthenticated):
    """Created before the window that ends now."""


class SignatureFromTheFuture(Unauthenticated):
    """Created later than now, beyond what clocks may differ by."""


class SignatureWrong(Unauthenticated):
    """The signature is not that of the key over this request."""


class NonceReused(Unauthenticated):
    """The very same signed request came before."""


class DigestWrong(Unauthenticated):
    """Content-Digest (RFC 9530) is not the digest of the body."""


class ProxyAvoided(Unauthenticated):
    """The request came from elsewhere than from the proxy that ends TLS (CORRIDOR_TRUSTED_PROXIES)."""


class ClientCertificateMissing(Unauthenticated):
    """The connection to the proxy showed no client certificate."""


class ClientCertificateMalformed(Unauthenticated):
    """Client-Cert is not one certificate as RFC 9440 writes it."""


class ClientCertificateNotInForce(Unauthenticated):
    """The instant lies outside the validity of the client certificate."""


class ClientCertificateForeign(Unauthenticated):
    """The client certificate names another than the one whose key signed."""


class KeyNotPermitted(RequestError):
    """The signing key was not registered for operations of this kind."""


class NotSignedIn(Unauthenticated):
    """No session, or one that has ended: fifteen minutes without a request, eight hours in all, or signed out."""


# People at a browser


class SignInRefused(RequestError):
    """The identity provider's answer is not the one that was asked for, its token does not pass, or it gives no role here."""


class StepUpNeeded(RequestError):
    """The person has to show who they are again, since this cannot be undone."""


class DecidedElsewhere(RequestError):
    """A role decides from the networks and at the hours that the operator set for it (CORRIDOR_PEOPLE_NETWORKS, CORRIDOR_PEOPLE_HOURS)."""


class OriginForeign(RequestError):
    """Origin is not CORRIDOR_PUBLIC_URL: the request does not come from a page of this service."""


class CsrfTokenWrong(RequestError):
    """A request that changes something does not repeat the token of its session."""


class IdentityProviderDown(Unavailable):
    """The identity provider does not answer, or not as OpenID Connect says."""


# What is asked


class RequestInvalid(RequestError):
    """A field of the path, query, headers or body cannot be read."""


class IdempotencyKeyMissing(RequestInvalid):
    """A command says under which key it is done at most once."""


class IdempotencyKeyMalformed(RequestInvalid):
    """The key is not a string of RFC 8941 §3.3.3, in double quotes."""


class RouteUnknown(RequestError):
    """No route has this path."""


class ReportUnknown(RequestError):
    """No report of the night job has this id."""


class MethodNotAllowed(RequestError):
    """The route exists, the method is not one of its own."""


class AnswerNotAcceptable(RequestError):
    """Accept leaves out every form the route answers in."""


class BodyTooLarge(RequestError):
    """More bytes than CORRIDOR_MAX_BODY_BYTES."""


class ContentTypeWrong(RequestError):
    """The body is declared to be something the route does not take."""


class RequestTooSlow(RequestError):
    """The body was not there after CORRIDOR_BODY_SECONDS_MAX."""


class TooManyRequests(RequestError):
    """The key sends more than CORRIDOR_REQUESTS_PER_SECOND_MAX."""


class TooFastForAPerson(RequestError):
    """More than CORRIDOR_ACTS_PER_MINUTE_MAX forms and commands of a person, or an opinion sooner than CORRIDOR_READING_SECONDS_MIN after
    its case was opened."""


class ShareTaken(RequestError):
    """A principal's commands inside take half of CORRIDOR_COMMANDS_WAITING_MAX, or its files are as many as it may send at once."""
