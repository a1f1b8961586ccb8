"""Addresses of the service, compared: two spellings of one address must never count as two services.

Pure, and total: an address that is none compares by its text.
"""

import ipaddress
from urllib.parse import urlsplit

_USUAL_PORTS = {"https": 443, "http": 80}


def origin(url: str) -> str:
    """An address in the one spelling that every other spelling of it has in common: https://host[:port].

    Without the usual port, a path of "/" or the dot at the end of a host; the host in lower case, in ASCII if it has
    foreign letters (RFC 3490), and as RFC 5952 writes it if it is an IPv6 address.
    """
    scheme, _, rest = url.strip().partition("://")
    host = host_of(url)
    return f"{scheme.lower()}://{host}" if rest and host else url.strip()


def host_of(url: str) -> str:
    """The host of an address as people know it, with its port only where it is unusual; empty if it has none."""
    name, port = _parts(url)
    if port is None:
        return name
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def service_name(url: str) -> str:
    """The host by which services are told apart; on this machine without its port.

    A practice service has another port at each start, and is the same service all the same.
    """
    name, _ = _parts(url)
    return name if is_loopback(name) else host_of(url)


def account_key(url: str, user: str) -> str:
    """The account of a user who signs in by name; a practice service adds a number of its own."""
    return f"{service_name(url)}/{user.strip().lower()}"


def same_service(one: str, other: str) -> bool:
    """Whether two addresses are those of one service."""
    names = (service_name(one) or one.strip(), service_name(other) or other.strip())
    return names[0] == names[1]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe(url: str) -> bool:
    """Whether secrets may be sent to an address: https, or plain http on this machine, and nothing odd in it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    # urlsplit silently drops tabs and line ends, so the text itself is looked at as well.
    plain = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>')
    bare = parts.username is None and parts.password is None and not parts.fragment and port != 0
    return plain and bare and bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def _parts(url: str) -> tuple[str, int | None]:
    """The host in its one spelling, and the port if it is not the usual one of its scheme."""
    try:
        parts = urlsplit(url.strip())
        name, port = _spelt(parts.hostname or ""), parts.port
    except ValueError:
        return "", None
    return name, None if port == _USUAL_PORTS.get(parts.scheme) else port


def _spelt(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        name = host.rstrip(".").lower()
    try:
        return name.encode("idna").decode("ascii") if not name.isascii() else name
    except UnicodeError:
        return name
