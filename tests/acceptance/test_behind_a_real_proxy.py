"""Banks come in over TLS with client certificates, through a real nginx with the configuration that ships with the documentation."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from cryptography import x509

from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.settings import Settings
from tests.acceptance.conftest import FRIDAY_MORNING, ServedCorridor, told
from tests.conftest import fresh_corridor

SHIPPED = Path(__file__).parents[2] / "docs" / "operating" / "nginx"
MODULE = Path("/usr/lib/nginx/modules/ngx_http_js_module.so")
# The proxy connects from an address of its own, so that a neighbour on this machine is not taken for it.
PROXY = "127.0.0.2"

pytestmark = pytest.mark.skipif(
    shutil.which("nginx") is None or not MODULE.exists(), reason="nginx is not here: install Debian's nginx-light and libnginx-mod-http-js."
)


class Proxied(NamedTuple):
    """A served corridor with nginx in front of it, and the folder of the test authority."""

    served: ServedCorridor
    url: str
    tls: Path

    def client(self, certificate: str | None) -> httpx.Client:
        """A bank's end of the connection; without a certificate it shows none."""
        context = ssl.create_default_context(cafile=str(self.tls / "server.pem"))
        if certificate is not None:
            context.load_cert_chain(self.tls / f"{certificate}.pem", self.tls / f"{certificate}.key")
        return httpx.Client(base_url=self.url, verify=context, timeout=30)

    def ask(self, principal: str, certificate: str | None, **headers: str) -> httpx.Response:
        """A read signed as ``principal`` over a connection that shows ``certificate``."""
        with self.client(certificate) as client:
            return client.get(self.served.path("/terms"), auth=self.served.signer(principal), headers=headers)


@pytest.fixture(scope="module")
def proxied(acceptance_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """nginx as it is documented, on ports of this test, before a service that takes certificates from it alone."""
    folder = tmp_path_factory.mktemp("nginx")
    for file in SHIPPED.iterdir():
        shutil.copy(file, folder)
    subprocess.run(["sh", folder / "make-test-ca.sh", folder, "abb", "psbc", "lost"], check=True, capture_output=True)
    clock = SetClock(FRIDAY_MORNING)
    hop = acceptance_settings.model_copy(update={"trusted_proxies": (ip_network(f"{PROXY}/32"),)})
    with Service(acceptance_settings, clock=clock) as service:
        served = ServedCorridor(service, fresh_corridor(), clock, settings_for=lambda _url: hop)
        served.open()
        # The authority's certificates begin today, whatever the day of the test's corridor is.
        certificate = x509.load_pem_x509_certificate((folder / "tls" / "abb.pem").read_bytes())
        clock.set(certificate.not_valid_before_utc + timedelta(minutes=1))
        port = free_port()
        configured = (folder / "corridor.conf").read_text(encoding="utf-8")
        for ours, theirs in (
            ("127.0.0.1:8000", served.url.removeprefix("http://")),
            ("127.0.0.1:8443", f"127.0.0.1:{port}"),
            ("proxy_http_version 1.1;", f"proxy_http_version 1.1; proxy_bind {PROXY};"),
        ):
            assert ours in configured
            configured = configured.replace(ours, theirs)
        (folder / "corridor.conf").write_text(configured, encoding="utf-8")
        command = ["nginx", "-p", str(folder), "-c", "corridor.conf"]
        subprocess.run(command, check=True, capture_output=True)
        try:
            yield Proxied(served, f"https://localhost:{port}", folder / "tls")
        finally:
            subprocess.run([*command, "-s", "stop"], check=True, capture_output=True)
            served.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_a_bank_with_its_certificate_and_its_key_gets_in(proxied: Proxied) -> None:
    """The signature covers the URL as the bank wrote it, https and the proxy's port included."""
    answer = told(proxied.ask("abb", "abb"), 200)
    assert answer["terms"]["code"] == proxied.served.corridor
    told(proxied.ask("psbc", "psbc"), 200)


def test_the_right_key_over_the_wrong_banks_connection_is_refused(proxied: Proxied) -> None:
    """Whoever stole a signing key needs the bank's certificate too; nothing that a client sends replaces it."""
    mine = (proxied.tls / "abb.pem").read_text(encoding="ascii")
    forged = ":" + "".join(mine.split("-----")[2].split()) + ":"
    for headers in ({}, {"Client-Cert": forged}):
        refused = told(proxied.ask("abb", "psbc", **headers), 401)
        assert (refused["type"], refused["detail"]) == (
            "/problems/client-certificate-foreign", "The client certificate is not one of abb.",
        )  # fmt: skip


def test_a_connection_without_a_certificate_ends_at_the_proxy(proxied: Proxied) -> None:
    """The service never hears of it."""
    answer = proxied.ask("abb", None)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html")
    assert "No required SSL certificate was sent" in answer.text


def test_a_certificate_that_was_taken_back_ends_at_the_proxy(proxied: Proxied) -> None:
    """The authority's list of what it took back is read when nginx is told to."""
    tls = proxied.tls
    told(proxied.ask("abb", "abb"), 200)
    authority = ["openssl", "ca", "-config", "ca.conf"]
    subprocess.run([*authority, "-revoke", "lost.pem"], check=True, capture_output=True, cwd=tls)
    subprocess.run([*authority, "-gencrl", "-out", "clients-crl.pem"], check=True, capture_output=True, cwd=tls)
    subprocess.run(["nginx", "-p", str(tls.parent), "-c", "corridor.conf", "-s", "reload"], check=True, capture_output=True)
    # The old worker answers until the new ones are there.
    for _ in range(1_000):
        answer = proxied.ask("abb", "lost")
        if answer.status_code == 400:
            break
    assert "The SSL certificate error" in answer.text
    told(proxied.ask("abb", "abb"), 200)


def test_around_the_proxy_nobody_gets_in(proxied: Proxied) -> None:
    """A neighbour on the same machine who knows a bank's key and makes up its certificate is not the proxy."""
    mine = (proxied.tls / "abb.pem").read_text(encoding="ascii")
    forged = ":" + "".join(mine.split("-----")[2].split()) + ":"
    served = proxied.served
    answer = served.client.get(
        served.path("/terms"), auth=served.signer("abb"), headers={"Client-Cert": forged, "X-Forwarded-Proto": "https"}
    )
    assert told(answer, 401)["type"] == "/problems/proxy-avoided"
    assert told(served.client.get("/health"), 200) == {"status": "alive"}
