"""The ranks of one model: MLX's ring, each rank a process with a number and an address."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from pytest_nixspec.errors import ModelError

LOOPBACK = "127.0.0.1"
HERE = frozenset({LOOPBACK, "localhost"})
FIRST_PORT = 32323
"""Of ranks elsewhere, as `mlx.launch` has it: which of their ports are free cannot be told here."""
EXAMPLE = '[{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}, {"ssh": "mac2", "ips": ["10.0.0.2"]}]'


@dataclass(frozen=True, slots=True)
class Rank:
    """One rank.

    Attributes:
        number: From 0, which is this machine's and reports.
        host: What ssh is told, or None for this machine.
        ring: `address:port` of every rank; none where there is but one.
    """

    number: int = 0
    host: str | None = None
    ring: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ring:
    """The devices that ranks may run on.

    Attributes:
        hosts: For each its name for ssh and its address; the first is this machine.
    """

    hosts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, file: str | None, root: Path) -> "Ring":
        """Return the ring of a hosts file, or this machine alone: one machine is one device.

        Args:
            file: A hosts file as `mlx.launch` takes it, relative to `root`; None for none.
            root: The directory of the specification.

        Raises:
            ModelError: The file cannot be read, or does not begin with this machine.
        """
        if file is None:
            return cls(((LOOPBACK, LOOPBACK),))
        path = root / file
        try:
            read = json.loads(path.read_text())
            hosts = tuple((_text(host["ssh"]), _text(_listed(host["ips"])[0])) for host in read)
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            message = f"the hosts file {path} cannot be read: {error!r}. It is written as {EXAMPLE}"
            raise ModelError(message) from error
        if not hosts or hosts[0][0] not in HERE:
            first = repr(hosts[0][0]) if hosts else "nobody"
            message = (
                f"the hosts file {path} begins with {first}: its first host reports, and must be "
                f"this machine, {LOOPBACK}. It is written as {EXAMPLE}"
            )
            raise ModelError(message)
        return cls(hosts)

    def machines(self, size: int) -> int:
        """Return how many machines so many ranks run on; a file may name one twice."""
        return len({LOOPBACK if name in HERE else name for name, _ in self.hosts[:size]})

    def ranks(self, size: int) -> tuple[Rank, ...]:
        """Return so many ranks; those of this machine have ports that are free now."""
        if size == 1:
            return (Rank(),)
        hosts = self.hosts[:size]
        free = iter(_free_ports([address for name, address in hosts if name in HERE]))
        places = tuple(
            f"{address}:{next(free) if name in HERE else FIRST_PORT + number}"
            for number, (name, address) in enumerate(hosts)
        )
        return tuple(
            Rank(number, None if name in HERE else name, places)
            for number, (name, _) in enumerate(hosts)
        )


def _free_ports(addresses: list[str]) -> list[int]:
    """Return a free port for each address, all of them different."""
    taken = [_listening(address) for address in addresses]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def _listening(address: str) -> socket.socket:
    try:
        return socket.create_server((address, 0))
    except OSError as error:
        message = (
            f"the hosts file gives this machine the address {address!r}, where nothing can listen: "
            f"{error.strerror or error}. Write the address that the other ranks reach it by."
        )
        raise ModelError(message) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value
