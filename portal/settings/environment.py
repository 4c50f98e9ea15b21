"""What production needs in its environment, looked at before anything else reads it."""

import json
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, urlsplit

SCHEMES = {
    "DATABASE_URL": ("postgresql", "postgres"),
    "REDIS_URL": ("redis", "rediss"),
    "EMAIL_URL": ("smtp", "smtps", "smtp+tls", "smtp+ssl"),
    "BASE_URL": ("https",),
}
REQUIRED = ("SECRET_KEY", *SCHEMES, "ALLOWED_HOSTS", "MAIL_FROM")
SHORTEST_KEY = 50
SHORTEST_TOKEN = 32


def faults(given: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the environment, each in one sentence that never repeats a secret."""
    missing = [name for name in REQUIRED if not given.get(name, "").strip()]
    if missing:
        yield f"Set {', '.join(missing)}."
    for name, schemes in SCHEMES.items():
        address = _split(given.get(name, ""))
        complete = address.path.strip("/") if name == "DATABASE_URL" else address.hostname  # a socket has no host
        if given.get(name, "").strip() and (address.scheme not in schemes or not complete):
            yield f"{name} must be an address that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}."
    for key in (given.get("SECRET_KEY", ""), *given.get("SECRET_KEY_FALLBACKS", "").split(",")):
        if key and (len(key) < SHORTEST_KEY or len(set(key)) < SHORTEST_KEY // 4):
            yield f"SECRET_KEY and SECRET_KEY_FALLBACKS need at least {SHORTEST_KEY} random characters each."
    if 0 < len(given.get("METRICS_TOKEN", "")) < SHORTEST_TOKEN:
        yield f"METRICS_TOKEN needs at least {SHORTEST_TOKEN} random characters."
    hosts = [host.strip() for host in given.get("ALLOWED_HOSTS", "").split(",")]
    if any(host.startswith("*") for host in hosts):
        yield "ALLOWED_HOSTS must name the hosts: an asterisk lets strangers choose the address in our mails."
    elif all(hosts) and (own := _split(given.get("BASE_URL", "")).hostname) and not _is_named(own, hosts):
        yield "ALLOWED_HOSTS must name the host of BASE_URL."
    try:
        json.loads(given.get("OIDC_PROVIDERS", "[]"))
    except ValueError:
        yield "OIDC_PROVIDERS must be a JSON list."


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address.strip())
    except ValueError:
        return urlsplit("")


def _is_named(own: str, hosts: list[str]) -> bool:
    return any(host == own or (host.startswith(".") and own.endswith(host)) for host in hosts)
