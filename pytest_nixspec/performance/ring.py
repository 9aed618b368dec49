"""The ranks of one model: MLX's ring, each rank a process with a number and an address."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from pytest_nixspec.errors import ModelError

LOOPBACK = "127.0.0.1"
EXAMPLE = '[{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}, …]'


@dataclass(frozen=True, slots=True)
class Ring:
    """The devices that ranks may run on, one address for each.

    Attributes:
        addresses: Where each rank listens; the first is this machine.
    """

    addresses: tuple[str, ...]

    @classmethod
    def of(cls, hosts: str | None, root: Path) -> "Ring":
        """Return the ring of a hosts file, or this machine alone: one machine is one device.

        Args:
            hosts: A hosts file as `mlx.launch` takes it, relative to `root`; None for none.
            root: The directory of the specification.

        Raises:
            ModelError: The file cannot be read, or names a host that is not this machine.
        """
        if hosts is None:
            return cls((LOOPBACK,))
        path = root / hosts
        try:
            read = json.loads(path.read_text())
            addresses = tuple(str(host["ips"][0]) for host in read)
            names = [str(host["ssh"]) for host in read]
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            message = f"the hosts file {path} cannot be read: {error!r}. It is written as {EXAMPLE}"
            raise ModelError(message) from error
        if not addresses:
            message = f"the hosts file {path} names no host. It is written as {EXAMPLE}"
            raise ModelError(message)
        far = [name for name in names if name not in {LOOPBACK, "localhost"}]
        if far:
            message = (
                f"the hosts file {path} names {far[0]!r}: ranks on other machines are not started "
                "yet. Start them with mlx.launch, or name 127.0.0.1 once for each device here."
            )
            raise ModelError(message)
        return cls(addresses)

    def variables(self, size: int, directory: Path) -> tuple[dict[str, str], ...]:
        """Return the variables of each of so many ranks, with ports that are free now.

        One rank is no ring, and has no variables.
        """
        if size == 1:
            return ({},)
        listening = [_listening(address) for address in self.addresses[:size]]
        ports = [taken.getsockname()[1] for taken in listening]
        for taken in listening:
            taken.close()
        hosts = directory / f"ring-{ports[0]}.json"
        places = zip(self.addresses, ports, strict=False)
        hosts.write_text(json.dumps([[f"{address}:{port}"] for address, port in places]))
        return tuple({"MLX_RANK": str(n), "MLX_HOSTFILE": str(hosts)} for n in range(size))


def _listening(address: str) -> socket.socket:
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.bind((address, 0))
    return taken
