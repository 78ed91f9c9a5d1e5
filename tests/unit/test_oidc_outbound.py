"""Asking another server: which addresses, which certificates, how much, how long. Real sockets on loopback."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.kernel.oidc.claims import Refused
from core.kernel.oidc.outbound import LARGEST_ANSWER, Reach, checked_address, fetch, may_reach

HERE = Reach(loopback=True)
Answer = Callable[[socket.socket], None]


@contextmanager
def server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """One connection at a time, answered by `answer`; yields the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(60)

    def serve() -> None:
        try:
            while True:
                opened, _ = listening.accept()
                try:
                    with tls.wrap_socket(opened, server_side=True) if tls else opened as talking:
                        talking.settimeout(60)
                        talking.recv(4096)
                        answer(talking)
                except OSError:
                    continue
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        # Wakes the thread, which closing alone does not
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(20)
        listening.close()


def says(text: str) -> Answer:
    return lambda talking: talking.sendall(text.encode())


def refused(url: str, reach: Reach = HERE, seconds: float = 5.0) -> str:
    with pytest.raises(Refused) as failure:
        fetch(url, reach, seconds=seconds)
    return failure.value.reason


@pytest.mark.parametrize(
    "url",
    [
        "http://fournisseur.example/",
        "http://127.0.0.1.example/",
        "ftp://fournisseur.example/",
        "file:///etc/passwd",
        "//fournisseur.example",
        "https://",
        "https://moi:secret@fournisseur.example/",
        "https://fournisseur.example/#ancre",
        "https://fournisseur.example:port/",
        "https://[::1",
        "https://fournisseur.example/\r\nHost: ailleurs",
        "https://fournisseur.example/ espace",
        "https://fournisseur.example\\@ailleurs.example/",
        "https://fournisseur.éxample/",
        "https://fournisseur.example/" + "a" * 500,
    ],
)
def test_an_address_that_is_never_asked(url: str) -> None:
    for reach in (Reach(), HERE, Reach(internal=True)):
        with pytest.raises(Refused) as failure:
            checked_address(url, reach)
        assert failure.value.reason == "address_refused"


def test_this_machine_is_asked_where_that_is_allowed_only() -> None:
    with server(says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as port:
        assert fetch(f"http://127.0.0.1:{port}/", HERE).json("x") == {}
        assert fetch(f"http://localhost:{port}/", HERE).body == b"{}"
        for reach in (Reach(), Reach(internal=True)):
            assert refused(f"http://127.0.0.1:{port}/", reach) == "address_refused"
            assert refused(f"https://localhost:{port}/", reach) == "address_refused", "even by a name"


@pytest.mark.parametrize(
    ("address", "internal", "outside"),
    [
        ("10.0.0.5", True, False),
        ("192.168.1.1", True, False),
        ("172.16.9.9", True, False),
        ("fd00::1", True, False),
        ("169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
        ("::ffff:10.0.0.5", True, False),
        ("::ffff:127.0.0.1", False, False),
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("20.190.151.7", True, True),
        ("2620:1ec::10", True, True),
    ],
)
def test_private_networks_are_the_operators_to_open_and_metadata_never(
    address: str, internal: bool, outside: bool
) -> None:
    assert may_reach(ip_address(address), Reach(internal=True)) is internal
    assert may_reach(ip_address(address), Reach()) is outside


def test_a_private_address_is_refused_before_a_byte_is_sent() -> None:
    """The test's own guard forbids leaving the machine: a connection would be another error."""
    assert refused("https://10.0.0.5/", Reach()) == "address_refused"
    assert refused("https://169.254.169.254/latest", Reach(internal=True)) == "address_refused"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Again", "308 Forever"])
def test_a_redirect_is_not_followed(status: str) -> None:
    with server(says(f"HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")) as port:
        assert refused(f"http://127.0.0.1:{port}/") == "redirected"


def test_an_answer_is_bounded_in_size() -> None:
    body = "x" * (LARGEST_ANSWER + 1)
    with server(says(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}")) as port:
        assert refused(f"http://127.0.0.1:{port}/") == "too_large"
    with server(says(f"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}")) as port:
        assert refused(f"http://127.0.0.1:{port}/") == "too_large", "without saying its size"


def test_a_server_that_drips_is_left_at_the_deadline() -> None:
    """Each byte comes well within a read's timeout: only the whole is late."""

    def drip(talking: socket.socket) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nX-Lent: " + b"a" * 600:
            talking.sendall(bytes([letter]))
            time.sleep(0.05)

    with server(drip) as port:
        began = time.monotonic()
        assert refused(f"http://127.0.0.1:{port}/", seconds=0.4) == "timed_out"
        assert time.monotonic() - began < 10, "it would have spoken for half a minute"


def test_what_is_no_http_and_what_is_not_there_are_unreachable() -> None:
    with server(says("bonjour\r\n\r\n")) as port:
        assert refused(f"http://127.0.0.1:{port}/") == "unreachable"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert refused(f"http://127.0.0.1:{port}/") == "unreachable"


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = _certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    with server(says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), tls) as port:
        assert refused(f"https://127.0.0.1:{port}/") == "certificate_refused"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert fetch(f"https://127.0.0.1:{port}/", HERE).status == 200
        assert refused(f"https://localhost:{port}/") == "certificate_refused", "another name than its own"


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "essai")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificat.pem", folder / "cle.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private
