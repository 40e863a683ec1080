"""Who may read the metrics, and over what."""

from __future__ import annotations

import hmac
import ssl
from dataclasses import dataclass

from jobs_runtime.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Access:
    """How the exporter is protected; not at all by default, as it listens on the host itself.

    Attributes:
        token: what a scrape must bring as its bearer token; None for nothing.
        certificate: a PEM file with the chain, for TLS; None for plain HTTP.
        key: a PEM file with its key; None if the certificate's file has it too.
    """

    token: str | None = None
    certificate: str | None = None
    key: str | None = None

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "https" if self.certificate else "http"

    def allows(self, authorization: str | None) -> bool:
        """Whether a request with this header may read what is guarded."""
        if self.token is None:
            return True
        expected = f"Bearer {self.token}".encode()
        return hmac.compare_digest((authorization or "").encode(), expected)

    def context(self) -> ssl.SSLContext | None:
        """What connections are wrapped in; None for plain HTTP.

        Raises:
            ConfigurationError: the files are no certificate and its key.
        """
        if self.certificate is None:
            if self.key is not None:
                raise ConfigurationError("--metrics-key needs --metrics-certificate")
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            files = " and ".join(filter(None, (self.certificate, self.key)))
            raise ConfigurationError(
                f"--metrics-certificate: {files} cannot be used: {error}"
            ) from None
        return context
