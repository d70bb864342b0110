"""What the demo is made of: organisations, sites, menus, ports.

What lives here: constants and the block of ports. Nothing is started or asked here.
"""

from pathlib import Path
from typing import NamedTuple

__all__ = ["DEFAULT_PORT_BASE", "MENUS", "ORGANISATIONS", "PORTS_USED", "SHARDS", "SITES", "Ports", "SitePlan", "find_site"]

DEFAULT_PORT_BASE = 18200  # below the ports that systems hand out by themselves, and free of well-known neighbours
PORTS_USED = 23  # ports from the base on: 0-2 broker, Postgres, hub API; from 10 the sites; from 20 their lines to the hub
MENUS = Path(__file__).parent / "menus"
SHARDS = ("s1", "s2")


class SitePlan(NamedTuple):
    """A site as the hub is told of it. `key` is its short name on the command line and of its directory."""

    key: str
    organisation: str
    name: str
    currency: str
    time_zone: str
    menu: str


ORGANISATIONS = ("Norte Kitchens", "Lume & Linden")
SITES = (
    SitePlan("taqueria", ORGANISATIONS[0], "Taqueria Norte", "USD", "America/Los_Angeles", "taqueria.json"),
    SitePlan("trattoria", ORGANISATIONS[1], "Trattoria Lume", "EUR", "Europe/Rome", "trattoria.json"),
    SitePlan("cafe", ORGANISATIONS[1], "Café Linden", "EUR", "Europe/Berlin", "cafe.json"),
)


class Ports(NamedTuple):
    """The block of ports that begins at `base`."""

    base: int

    @property
    def nats(self) -> int:
        return self.base

    @property
    def postgres(self) -> int:
        return self.base + 1

    @property
    def hub(self) -> int:
        return self.base + 2

    def edge(self, key: str) -> int:
        """The API and the apps of a site."""
        return self.base + 10 + _index(key)

    def line(self, key: str) -> int:
        """The cuttable line between a site's link and the broker."""
        return self.base + 20 + _index(key)

    def all(self) -> dict[str, int]:
        """Every port that is used, by what uses it."""
        ports = {"the broker": self.nats, "Postgres": self.postgres, "the hub": self.hub}
        for site in SITES:
            ports |= {f"{site.name}": self.edge(site.key), f"the line of {site.name}": self.line(site.key)}
        return ports


def _index(key: str) -> int:
    return [site.key for site in SITES].index(key)


def find_site(name: str, ids: dict[str, str]) -> SitePlan | None:
    """The site of that key, name or id; `ids` maps keys to site ids."""
    wanted = name.casefold()
    return next((site for site in SITES if wanted in (site.key, site.name.casefold(), ids.get(site.key))), None)
