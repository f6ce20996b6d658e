"""The three services as one request sees them: under the caller's token, within a time limit, with typed refusals."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Self, TypeVar

import httpx
from pydantic import ValidationError

from gateway.errors import MEANING, Code, GatewayError
from gateway.settings import GatewaySettings
from services.consultation.client import ConsultationClient
from services.payroll.client import PayrollClient
from services.runtime.client import ServiceError
from services.runtime.log import log
from services.staffing.client import StaffingClient

T = TypeVar("T")
CODES = {
    400: Code.BAD_USER_INPUT,
    401: Code.UNAUTHENTICATED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    409: Code.CONFLICT,
    422: Code.BAD_USER_INPUT,
}


def refusal(error: ServiceError) -> GatewayError:
    """A service's refusal under the published codes; whatever is not a refusal is an absence.

    An absent service is never described beyond its name: its words may tell of its inside.
    """
    code = CODES.get(error.status)
    if code is None:
        return unavailable(error.service)
    return GatewayError(code, error.zh, error.en, service=error.service, problem=error.code)


def unavailable(service: str) -> GatewayError:
    """The service did not answer, or failed."""
    zh, en = MEANING[Code.UPSTREAM_UNAVAILABLE]
    return GatewayError(
        Code.UPSTREAM_UNAVAILABLE,
        f"{zh}（{service}），请稍后再试",
        f"{en} ({service}); try again later",
        service=service,
    )


@dataclass(frozen=True)
class Services:
    """The clients of the three services, and how long one of them may take."""

    staffing: StaffingClient
    payroll: PayrollClient
    consultation: ConsultationClient
    timeout_s: float
    command_timeout_s: float

    @classmethod
    def connect(cls, settings: GatewaySettings, transports: dict[str, httpx.AsyncBaseTransport] | None = None) -> Self:
        """Clients for the addresses in the settings; `transports` replaces the network by service name."""
        given = transports or {}
        timeout_s = min(settings.client_timeout_s, settings.upstream_timeout_s)
        return cls(
            StaffingClient(settings.staffing_url, transport=given.get("staffing"), timeout_s=timeout_s),
            PayrollClient(settings.payroll_url, transport=given.get("payroll"), timeout_s=timeout_s),
            ConsultationClient(settings.consultation_url, transport=given.get("consultation"), timeout_s=timeout_s),
            settings.upstream_timeout_s,
            settings.command_timeout_s,
        )

    def on_behalf(self, token: str | None, traceparent: str | None) -> "Services":
        """The same services under one caller's token."""
        return Services(
            self.staffing.on_behalf(token, traceparent),
            self.payroll.on_behalf(token, traceparent),
            self.consultation.on_behalf(token, traceparent),
            self.timeout_s,
            self.command_timeout_s,
        )

    def patient(self) -> "Services":
        """The same services with the time that commands may take."""
        limit = self.command_timeout_s
        clients = (self.staffing.patient(limit), self.payroll.patient(limit), self.consultation.patient(limit))
        return Services(*clients, limit, limit)

    async def ask(self, service: str, call: Awaitable[T]) -> T:
        """The answer of one call. Raises GatewayError.

        A refusal keeps its kind; silence, a late answer and one that cannot be read are an absence.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                return await call
        except ServiceError as error:
            raise refusal(error) from error
        except TimeoutError:
            raise unavailable(service) from None
        except ValidationError as error:
            log.error("upstream.unreadable", service=service, exc_info=error)
            raise unavailable(service) from error

    async def close(self) -> None:
        """Close the connections of all three."""
        for client in (self.staffing, self.payroll, self.consultation):
            await client.close()
