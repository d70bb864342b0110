"""A NATS server in operator mode for one test, and credentials for the boxes that the test invents."""

import shutil
import time
from pathlib import Path

from nats.aio.client import Client

from provisioning.keys import KeyPair, new_user
from provisioning.nats_init import init_nats
from provisioning.process import free_port
from provisioning.servers import NatsServer
from shared.protocol.nats_jwt import box_tags, creds_file, scoped_user_jwt

__all__ = ["Broker", "settle"]


class Broker:
    """A server with its own operator, account and signing key. `hub_creds` is the file for the hub's processes."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        port = port or free_port()
        self.home = init_nats(directory / "nats", host="127.0.0.1", port=port, issued_at=int(time.time()))
        self.server = NatsServer(Path(self.home.conf), port, directory / "nats.log")
        self.url = self.server.url
        self.hub_creds = Path(self.home.hub_creds)
        self._signing = KeyPair(Path(self.home.signing_seed).read_text().strip())

    def box_jwt(self, org_id: str, site_id: str, public_key: str) -> str:
        """The token that the hub would give the box of that site."""
        now = int(time.time())
        return scoped_user_jwt(
            self._signing.public, self._signing.sign, self.home.account_public, public_key, "box", box_tags(org_id, site_id), now
        )

    def box_creds(self, org_id: str, site_id: str, key: KeyPair | None = None) -> str:
        """The text of a credentials file for a box of that site."""
        key = key or new_user()
        return creds_file(self.box_jwt(org_id, site_id, key.public), key.seed)

    def wipe(self) -> None:
        """Forget every message and stream: what a lost disk does. Accounts stay. The server must be stopped."""
        assert not self.server.child.is_running, "a running server would write on"
        shutil.rmtree(Path(self.home.directory) / "jetstream", ignore_errors=True)


async def settle(client: Client) -> None:
    """Return once the server has taken everything that was asked of it before, subscriptions above all.

    nats-py writes the PING of a flush past what still lies in its own buffer, so one flush may be answered before a
    subscription has even been sent. When it returns, that buffer has been written; the second PING comes after it.
    """
    await client.flush()
    await client.flush()
