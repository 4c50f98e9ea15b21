"""Where the web server listens, and whether the portal is ready there."""

import http.client
import json
from dataclasses import dataclass

from portal.local import ports


@dataclass(frozen=True)
class Place:
    """A host and a port to listen on."""

    host: str = ports.LOOPBACK
    port: int = 8000

    @property
    def asked_host(self) -> str:
        """The host that a browser on this machine asks for."""
        return {"0.0.0.0": ports.LOOPBACK, "::": "::1"}.get(self.host, self.host)  # noqa: S104 -- compared, not bound

    @property
    def address(self) -> str:
        """The address that a browser on this machine asks for."""
        host = f"[{self.asked_host}]" if ":" in self.asked_host else self.asked_host
        return f"http://{host}:{self.port}"

    def missing(self) -> dict[str, str]:
        """Ask /readyz what is not ready yet; empty means that everything is."""
        connection = http.client.HTTPConnection(self.asked_host, self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            found = json.loads(answer.read())
            if answer.status == 200:
                return {}
            return {str(name): str(state) for name, state in found.items() if state != "ok"}
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            return {"web": "no answer"}
        finally:
            connection.close()
