"""How long the country's publisher takes for a day: what all courts handed in is judged, put together and written.

    PYTHONPATH=tests python -m bench.publisher [--courts N] [--days N]

The country is the one of `bench.country`. The first day everything is new; on later days every court hands in its
small metadata and some of them changed lists. Seconds of the clock and of the processor, of one process; its start and
the making of the country are not counted.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.simulated import Country
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from xinzheng_issuer.publishing.trust_list.configuration import load_configuration
from xinzheng_issuer.publishing.trust_list.contributions import Contribution
from xinzheng_issuer.publishing.trust_list.publisher import Result, TrustListPublisher
from xinzheng_keys.file_keystore import write_private_key

COURTS: Final = 3_500
_CONFIGURATION: Final = """
title = "A simulated country"
[snapshot]
valid_hours = 168
shares = [{name = "snapshot-1", holder = "publisher", medium = "keys"}]
[timestamp]
valid_hours = 168
shares = [{name = "timestamp-1", holder = "publisher", medium = "keys"}]
"""


class HandingIn(Country):
    """A country whose parts are handed in."""

    def save_online_keys(self, folder: Path) -> None:
        """The keys of snapshot and timestamp as the publisher has them."""
        folder.mkdir(mode=0o700)
        for role in ("snapshot", "timestamp"):
            key = Ed25519PrivateKey.generate()
            self._top[role] = CryptoSigner(key)
            write_private_key(folder / f"{role}-1.pem", key, passphrase=passphrase)
        self._fixed = self._country()

    def contributions(self) -> Iterator[Contribution]:
        """What the ceremonies and every court hand in now."""
        yield Contribution(source="ceremonies", files=self._fixed)
        files = self.files()
        for court in self.courts:
            mine = {name: data for name, data in files.items() if name.startswith(f"targets/courts/{court.code}/")}
            metadata = {f"metadata/{court.version}.{court.role}.json": court.metadata}
            yield Contribution(source=court.code, files={**metadata, **mine})


def passphrase() -> bytes:
    """Of the simulated publisher's key files."""
    return b"a passphrase of the benchmark"


def main() -> None:
    """Publishes a first edition and some days after it."""
    parser = argparse.ArgumentParser(description="How long the country's publisher takes.")
    parser.add_argument("--courts", type=int, default=COURTS)
    parser.add_argument("--days", type=int, default=2)
    options = parser.parse_args()
    country = HandingIn(courts=options.courts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        country.save_online_keys(folder / "keys")
        (folder / "trust-list.toml").write_text(_CONFIGURATION, "utf-8")
        reviewed = load_configuration(folder / "trust-list.toml")
        publisher = TrustListPublisher(folder / "public", reviewed=reviewed, passphrases=lambda _: passphrase)
        for day in range(1 + options.days):
            contributions = tuple(country.contributions())
            start, work = time.perf_counter(), time.process_time()
            result = publisher.publish(contributions, at=country.at)
            report(day, result, seconds=time.perf_counter() - start, work=time.process_time() - work)
            country.day()


def report(day: int, result: Result, *, seconds: float, work: float) -> None:
    """One line; a contribution that was refused ends the run."""
    refused = [answer for answer in result.answers if answer.error]
    if refused or result.publication is None:
        sys.exit(f"refused: {refused[:3]}")
    size = result.publication.path.stat().st_size
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = f"{seconds:.1f} s ({work:.1f} s of work)"
    print(f"day {day}: {result.courts} courts, {times}, bundle {size:,}, memory {memory / 1024:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
