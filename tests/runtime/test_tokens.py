"""Tokens: the good one passes; every forgery and every expiry is refused; keys may rotate."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from services.kernel.errors import Malformed
from services.runtime import tokens
from services.runtime.problem import Unauthenticated, Unavailable
from services.runtime.settings import ServiceSettings
from services.runtime.tokens import DevIssuerRefused, Verifier, dev_key, issue_token, sign

GUANDU = "530111000000"


@pytest.fixture
def own(tmp_path: Path) -> ServiceSettings:
    return ServiceSettings(home=tmp_path / "data")


def encoded(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


async def refused(verifier: Verifier, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.claims(token)


async def test_a_token_of_the_development_issuer_passes(own: ServiceSettings) -> None:
    verifier = Verifier(own)
    token = issue_token(own, "auditor", GUANDU)
    for _ in range(2):
        claims = await verifier.claims(token)
        assert claims["grants"] == [{"role": "auditor", "region": GUANDU}]
        assert claims["sub"] == f"auditor@{GUANDU}"


def test_the_key_is_closed_to_others_and_stays(own: ServiceSettings) -> None:
    issue_token(own, "auditor", GUANDU)
    assert own.dev_key_file.stat().st_mode & 0o777 == 0o600
    assert dev_key(own.dev_key_file).kid == dev_key(own.dev_key_file).kid
    assert [path.name for path in own.home.iterdir()] == ["dev-issuer.pem"]


def test_two_that_make_the_key_at_once_agree(own: ServiceSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = dev_key(own.dev_key_file)
    real = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path.name != "dev-issuer.pem" and real(path))
    assert dev_key(own.dev_key_file).kid == first.kid


def test_in_production_the_development_issuer_is_refused(own: ServiceSettings) -> None:
    values = {"environment": "production", "oidc_issuer": "https://sso", "oidc_jwks_url": "https://sso/keys"}
    with pytest.raises(DevIssuerRefused):
        issue_token(own.model_copy(update=values), "auditor", GUANDU)


def test_a_region_that_is_none_is_refused(own: ServiceSettings) -> None:
    with pytest.raises(Malformed):
        issue_token(own, "auditor", "5301")


def changed(token: str, part: int, change: Callable[[dict[str, Any]], None]) -> str:
    parts = token.split(".")
    data = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    change(data)
    parts[part] = encoded(data)
    return ".".join(parts)


async def test_forgeries_are_refused(own: ServiceSettings) -> None:
    verifier = Verifier(own)
    good = issue_token(own, "resident", GUANDU)
    head, body, signature = good.split(".")
    public = dev_key(own.dev_key_file).as_pem(private=False)
    confused = encoded({"alg": "HS256"}) + "." + body
    mac = hmac.new(public, confused.encode(), hashlib.sha256).digest()
    stranger = ECKey.generate_key("P-256")
    claims = {"iss": "gongzhi-dev", "aud": "gongzhi", "sub": "x", "exp": int(time.time()) + 99}
    kid = dev_key(own.dev_key_file).kid
    forged = [
        "", "x", "a.b", "a.b.c", "....", "令.牌.了", good[:-4] + "AAAA", f"{head}.{body}.", f"{head}.{body}",
        changed(good, 0, lambda header: header.update(alg="none")),
        encoded({"alg": "none"}) + "." + body + ".",
        changed(good, 1, lambda payload: payload.update(sub="root")),
        changed(good, 0, lambda header: header.update(kid="../../etc/passwd")),
        changed(good, 0, lambda header: header.update(jku="https://evil", kid="new")),
        f"{confused}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}",
        jwt.encode({"alg": "ES256", "kid": kid}, claims, stranger),
        jwt.encode({"alg": "ES256"}, claims, stranger),
        jwt.encode({"alg": "HS256", "kid": kid}, claims, OctKey.import_key("a" * 32)),
    ]  # fmt: skip
    for token in forged:
        await refused(verifier, token)
    assert signature


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "other"}, {"aud": "other"}, {"exp": 1}, {"exp": "soon"}, {"iss": None}, {"aud": None}, {"exp": None},
        {"sub": None}, {"nbf": 4_000_000_000},
    ],
)  # fmt: skip
async def test_claims_must_be_right(own: ServiceSettings, claims: dict[str, Any]) -> None:
    key = dev_key(own.dev_key_file)
    whole = {"iss": "gongzhi-dev", "aud": "gongzhi", "sub": "x", "exp": int(time.time()) + 99, **claims}
    payload = {name: value for name, value in whole.items() if value is not None}
    await refused(Verifier(own), jwt.encode({"alg": "ES256", "kid": key.kid}, payload, key))


async def test_a_known_token_expires_as_well(own: ServiceSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = Verifier(own)
    token = sign(own, "x", {}, timedelta(minutes=1))
    await verifier.claims(token)
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    await refused(verifier, token)


async def test_the_memory_of_tokens_is_bounded(own: ServiceSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "CACHED_TOKENS", 2)
    verifier = Verifier(own)
    for number in range(5):
        await verifier.claims(sign(own, f"u{number}", {}, timedelta(minutes=1)))
    assert len(verifier._known) <= 2


class Provider:
    """An identity provider over HTTP: its key set, and how often it was asked."""

    def __init__(self) -> None:
        self.keys = [RSAKey.generate_key(2048, {"kid": "one"})]
        self.asked = 0
        self.down = False

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.down:
            raise httpx.ConnectError("down")
        return httpx.Response(200, json=KeySet(list(self.keys)).as_dict())

    def token(self, key: Any, **header: Any) -> str:
        claims = {"iss": "https://sso", "aud": "gongzhi", "sub": "zhang", "exp": int(time.time()) + 99}
        return jwt.encode({"alg": "RS256", "kid": key.kid, **header}, claims, key)


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def oidc(own: ServiceSettings, provider: Provider) -> Verifier:
    values = {"oidc_issuer": "https://sso", "oidc_jwks_url": "https://sso/keys"}
    return Verifier(own.model_copy(update=values), httpx.MockTransport(provider))


async def test_oidc_keys_are_read_once(oidc: Verifier, provider: Provider) -> None:
    for _ in range(3):
        assert (await oidc.claims(provider.token(provider.keys[0])))["sub"] == "zhang"
    assert provider.asked == 1


async def test_a_rotated_key_is_fetched_but_not_more_than_once_a_minute(
    oidc: Verifier, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await oidc.claims(provider.token(provider.keys[0]))
    fresh = RSAKey.generate_key(2048, {"kid": "two"})
    provider.keys.append(fresh)
    await refused(oidc, provider.token(fresh))
    assert provider.asked == 1
    monkeypatch.setattr(tokens, "REFRESH_FLOOR_S", 0.0)
    assert (await oidc.claims(provider.token(fresh)))["sub"] == "zhang"
    provider.down = True
    await refused(oidc, provider.token(RSAKey.generate_key(2048, {"kid": "three"})))
    assert (await oidc.claims(provider.token(fresh)))["sub"] == "zhang"


async def test_a_token_of_the_development_issuer_is_nothing_to_oidc(
    oidc: Verifier, own: ServiceSettings, provider: Provider
) -> None:
    await refused(oidc, issue_token(own, "administrator", GUANDU))


async def test_keys_that_cannot_be_read_are_unavailable_not_a_refusal(oidc: Verifier, provider: Provider) -> None:
    provider.down = True
    token = provider.token(provider.keys[0])
    with pytest.raises(Unavailable):
        await oidc.claims(token)
    provider.down = False
    assert (await oidc.claims(token))["sub"] == "zhang"
