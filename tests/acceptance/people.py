"""People at a browser, for tests: a served corridor whose officers sign in at the invented identity provider."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urljoin

import httpx

NewBrowser = Callable[[], "Browser"]


class Browser:
    """Follows links and sends forms as a browser does: cookies, Origin on what is sent, redirects one by one."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.client = httpx.Client(follow_redirects=False, timeout=60)
        # Kept here, since browsers send Secure cookies to this machine without TLS too, and httpx does not.
        self.cookies: dict[str, str] = {}
        self.at = ""
        self.text = ""

    def close(self) -> None:
        self.client.close()

    def get(self, url: str) -> httpx.Response:
        """Opens an address and follows it to the page it leads to."""
        return self._follow(self.ask("GET", urljoin(self.origin, url)))

    def send(self, url: str, **fields: str) -> httpx.Response:
        """Sends a form as the page it stands on would, and follows it to the page it leads to."""
        address = urljoin(self.at or self.origin, url)
        return self._follow(self.ask("POST", address, data=fields, headers={"Origin": self._origin_of(self.at or self.origin)}))

    def sign_in(self, person: str, page: str = "/console") -> httpx.Response:
        """As a person would: to the page, through the identity provider, back to the page."""
        self.get(page)
        self.get(self.link("begin"))
        return self.choose(person)

    def choose(self, person: str) -> httpx.Response:
        """At the identity provider's page."""
        return self.send("/authorize", **self.fields(), person=person)

    def step_up(self, person: str) -> httpx.Response:
        """By the link of the page that asks for it."""
        self.get(self.link("step-up"))
        return self.choose(person)

    def link(self, element: str) -> str:
        """Where the link with this id leads."""
        found = re.search(rf'<a id="{element}" href="([^"]*)"', self.text)
        assert found is not None, self.text
        return unescape(found[1])

    def fields(self) -> dict[str, str]:
        """The hidden fields of the page."""
        return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', self.text))

    def shown(self, element: str) -> str:
        """The text of the element with this id."""
        found = re.search(rf'id="{element}"[^>]*>([^<]*)<', self.text)
        assert found is not None, self.text
        return unescape(found[1])

    def secret(self) -> str | None:
        """The session cookie."""
        return self.cookies.get("__Host-corridor-session")

    def csrf(self) -> str:
        """What `/console/me` tells programs to send."""
        token: str = self.ask("GET", f"{self.origin}/console/me").json()["csrf"]
        return token

    def api(self, method: str, url: str, body: object = None, **headers: str) -> httpx.Response:
        """A request to the API by the session alone."""
        return self.ask(method, self.origin + url, json=body, headers=headers)

    def ask(self, method: str, url: str, *, headers: dict[str, str] | None = None, **how: Any) -> httpx.Response:
        """One request with the cookies so far; those of its answer are kept."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self.client.request(method, url, headers=(headers or {}) | ({"Cookie": cookies} if cookies else {}), **how)
        for line in response.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        self.client.cookies.clear()
        return response

    def _follow(self, response: httpx.Response) -> httpx.Response:
        for _ in range(10):
            if response.status_code != 303:
                break
            response = self.ask("GET", urljoin(str(response.url), response.headers["location"]))
        self.at, self.text = str(response.url), response.text
        return response

    @staticmethod
    def _origin_of(url: str) -> str:
        parts = httpx.URL(url)
        return f"{parts.scheme}://{parts.netloc.decode()}"
