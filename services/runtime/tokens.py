"""Bearer tokens: verified against a key set; signed here only by the development issuer."""

import os
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import extract_compact

from services.kernel.region import parse
from services.runtime.problem import Unauthenticated, Unavailable
from services.runtime.settings import ServiceSettings

DEV_ALGORITHM = "ES256"
REFRESH_FLOOR_S = 60.0
LEEWAY_S = 30
CACHED_TOKENS = 4096


class DevIssuerRefused(Exception):
    """The built-in issuer does not work in production."""


def unauthenticated(reason: str) -> Unauthenticated:
    """The one refusal of every bad or missing token; `reason` is a word for the log of the caller's developer."""
    return Unauthenticated(
        "token.rejected",
        "令牌缺失、失效或不可信，请重新登录后携带 Authorization: Bearer 令牌。",
        "The token is missing, expired or not trusted; sign in again and send Authorization: Bearer <token>.",
        reason=reason,
    )


def issue_token(
    settings: ServiceSettings,
    role: str,
    region: str,
    worker_id: UUID | None = None,
    lifetime: timedelta = timedelta(hours=12),
    subject: str | None = None,
) -> str:
    """A token of the development issuer for one role over one region; DevIssuerRefused in production."""
    claims: dict[str, Any] = {"grants": [{"role": role, "region": parse(region)}]}
    if worker_id is not None:
        claims["worker_id"] = str(worker_id)
    return sign(settings, subject or f"{role}@{region}", claims, lifetime)


def sign(settings: ServiceSettings, subject: str, claims: Mapping[str, Any], lifetime: timedelta) -> str:
    """A token of the development issuer with these claims (`grants`: list of role and region)."""
    if settings.environment == "production":
        raise DevIssuerRefused("生产环境不使用内置签发者。 / The built-in issuer is refused in production.")
    key = dev_key(settings.dev_key_file)
    now = int(time.time())
    standard = {"iss": settings.token_issuer, "aud": settings.token_audience, "sub": subject}
    times = {"iat": now, "exp": now + int(lifetime.total_seconds())}
    return jwt.encode({"alg": DEV_ALGORITHM, "kid": key.kid}, {**claims, **standard, **times}, key)


def dev_key(path: Path) -> ECKey:
    """The development issuer's key, made with mode 0600 at first use; safe when several processes start at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(ECKey.generate_key("P-256").as_pem(private=True))
        try:
            os.link(fresh, path)  # fails when another process was first: then its key counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = ECKey.import_key(path.read_bytes())
    key.ensure_kid()
    return key


class Verifier:
    """Checks tokens: signature by a known key, allowed algorithm, issuer, audience, expiry.

    Development: the built-in issuer's key file. With `oidc_jwks_url`: that key set, read again when a token names an
    unknown key, but not more often than once a minute.
    """

    def __init__(self, settings: ServiceSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._oidc = settings.oidc_jwks_url is not None
        self._algorithms = list(settings.oidc_algorithms) if self._oidc else [DEV_ALGORITHM]
        issuer = (settings.oidc_issuer if self._oidc else None) or settings.token_issuer
        self._registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": settings.token_audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._transport = transport
        self._keys: KeySet | None = None
        self._read_at = float("-inf")
        self._known: dict[str, Mapping[str, Any]] = {}

    def known(self, token: str) -> Mapping[str, Any] | None:
        """The claims of a good token that was checked before and still holds; None for any other."""
        known = self._known.get(token)
        return known if known is not None and known["exp"] + LEEWAY_S > time.time() else None

    async def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a good token; Unauthenticated for any other, Unavailable when the key set cannot be read."""
        known = self.known(token)
        if known is not None:
            return known
        try:
            header = _header(token)
            decoded = jwt.decode(token, await self._keys_for(header), algorithms=self._algorithms)
            self._registry.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError):
            raise unauthenticated("token") from None
        if len(self._known) >= CACHED_TOKENS:
            self._known.clear()
        self._known[token] = decoded.claims
        return decoded.claims

    async def _keys_for(self, header: Mapping[str, Any]) -> KeySet:
        if not self._oidc:
            if self._keys is None:
                self._keys = KeySet([dev_key(self._settings.dev_key_file)])
            return self._keys
        kid = header.get("kid")
        known = self._keys is not None and (kid is None or any(key.kid == kid for key in self._keys.keys))
        if self._keys is None or (not known and time.monotonic() - self._read_at >= REFRESH_FLOOR_S):
            self._read_at = time.monotonic()
            self._keys = await self._read_key_set()
            self._known.clear()
        return self._keys

    async def _read_key_set(self) -> KeySet:
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=5.0) as client:
                reply = await client.get(str(self._settings.oidc_jwks_url))
                reply.raise_for_status()
                return KeySet.import_key_set(reply.json())
        except (httpx.HTTPError, ValueError, JoseError):
            if self._keys is not None:
                return self._keys
            raise Unavailable(
                "auth.keys_unavailable",
                "暂时无法读取身份提供方的公钥，请稍后重试。",
                "The identity provider's keys cannot be read for now; try again later.",
            ) from None


def _header(token: str) -> Mapping[str, Any]:
    return extract_compact(token.encode()).headers()
