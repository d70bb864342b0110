"""Private keys, where they are made: Ed25519 in the form of NATS (nkeys).

What lives here: a key pair with its seed, public key and signature. The rest of the product sees only public keys and the
port `Sign`; a seed leaves this module only into a file of mode 0600.
"""

import os

import nkeys

__all__ = ["KeyPair", "new_account", "new_operator", "new_user"]


class KeyPair:
    """A key made here or read from its seed (`SO…`, `SA…`, `SU…`). Raises nkeys.NkeysError for a seed that is none."""

    def __init__(self, seed: str) -> None:
        self._pair = nkeys.from_seed(bytearray(seed.encode()))
        self.seed = seed

    @property
    def public(self) -> str:
        """The public key: `O…`, `A…` or `U…`."""
        return bytes(self._pair.public_key).decode()

    def sign(self, data: bytes) -> bytes:
        """The signature, 64 bytes: the port `Sign`."""
        return self._pair.sign(data)

    def __repr__(self) -> str:
        return f"KeyPair({self.public})"


def _new(prefix: int) -> KeyPair:
    return KeyPair(bytes(nkeys.encode_seed(os.urandom(32), prefix)).decode())


def new_operator() -> KeyPair:
    return _new(nkeys.PREFIX_BYTE_OPERATOR)


def new_account() -> KeyPair:
    """Also for signing keys of an account, which are account keys themselves."""
    return _new(nkeys.PREFIX_BYTE_ACCOUNT)


def new_user() -> KeyPair:
    return _new(nkeys.PREFIX_BYTE_USER)
