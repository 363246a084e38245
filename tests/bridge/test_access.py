"""The gate: who may speak to the daemon."""

import pytest

from bridge.control.access import Gate

TOKEN = "a-token-of-twenty-characters-or-more"


@pytest.fixture
def gate() -> Gate:
    """A listener on the usual port."""
    return Gate(8765, TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "LOCALHOST:8765"])
def test_our_own_names_are_let_in(gate, host):
    """A page opened by any of this machine's names reaches the daemon."""
    assert gate.address([host], [f"http://{host.lower()}"]) is None


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["evil.example:8765"],
        ["127.0.0.1"],
        ["127.0.0.1:80"],
        ["127.0.0.1:8765", "127.0.0.1:8765"],
        ["127.0.0.1:8765.evil"],
    ],
)
def test_a_host_that_is_not_exactly_ours_is_misdirected(gate, hosts):
    """A rebound name carries its own Host and gets nothing, whatever else it brings."""
    denied = gate.address(hosts, [])

    assert denied is not None
    assert denied.status == 421


@pytest.mark.parametrize(
    "origins",
    [
        ["null"],
        ["file://"],
        ["http://127.0.0.1:9999"],
        ["https://127.0.0.1:8765"],
        ["http://evil.example"],
        ["http://127.0.0.1:8765"] * 2,
    ],
)
def test_a_foreign_origin_is_forbidden(gate, origins):
    """Any page that is not ours, the nameless one too, is refused before its token is looked at."""
    denied = gate.address(["127.0.0.1:8765"], origins)

    assert denied is not None
    assert denied.status == 403


def test_a_script_without_origin_passes_the_address_check(gate):
    """Scripts send no Origin; the token alone decides about them."""
    assert gate.address(["127.0.0.1:8765"], []) is None


def test_the_token_opens_by_header_and_by_subprotocol(gate):
    """Scripts send a header, browsers can only offer a subprotocol."""
    assert gate.credentials([f"Bearer {TOKEN}"], [], 0.0) is None
    assert gate.credentials([], ["drumbridge.v1", f"drumbridge.auth.{TOKEN}"], 0.0) is None


@pytest.mark.parametrize("authorization", [[], ["Bearer "], ["Bearer wrong"], ["Basic abc"], [TOKEN], ["Bearer ü"]])
def test_anything_else_is_unauthorized(gate, authorization):
    """No token, a wrong one, another scheme: 401 for all of them."""
    denied = gate.credentials(authorization, [], 0.0)

    assert denied is not None
    assert denied.status == 401


def test_two_tokens_are_no_token(gate):
    """A request that offers the right token beside another is not picked apart."""
    assert gate.credentials([f"Bearer {TOKEN}"], ["drumbridge.auth.other"], 0.0) is not None


def test_guessing_is_slowed_and_the_right_token_is_never_locked_out(gate):
    """After five wrong tokens in a second guesses get 429, the owner gets in, a second later it is 401."""
    statuses = [gate.credentials(["Bearer wrong"], [], 1.0 + n / 100).status for n in range(7)]

    assert statuses == [401] * 5 + [429] * 2
    assert gate.credentials([f"Bearer {TOKEN}"], [], 1.1) is None
    assert gate.credentials(["Bearer wrong"], [], 2.5).status == 401
