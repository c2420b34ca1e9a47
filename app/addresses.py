"""Internet addresses as a server or a header in front of it writes them."""

import ipaddress
import re

_FORM = re.compile(r"\[(?P<bracketed>[^\]]*)\](?::[0-9]{1,5})?|(?P<with_port>[^:]*):[0-9]{1,5}|(?P<bare>.*)")
"""`[::1]` and `[::1]:443`, `192.0.2.1:443`, or the address alone: two colons or more are an IPv6 address without a port."""


def address_of(text: str | None) -> str | None:
    """Return the IP address that `text` holds in its usual form, without port and zone, or None where it is none.

    An IPv4 address that is written as an IPv6 one is the IPv4 address.
    """
    match = _FORM.fullmatch((text or "").strip())
    if match is None:
        return None
    try:
        address = ipaddress.ip_address((match[match.lastgroup or 0]).partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
