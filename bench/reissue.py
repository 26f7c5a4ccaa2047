"""What it costs to issue anew what a compromised key signed: the rate, and that it stays the same as the work goes on.

Usage: PYTHONPATH=tests python -m bench.reissue [COUNT]. COUNT certificates in a SQLite register on disk, with the file
system's own waiting. Both the clock and the processor time are shown: on a machine that others use too, only the
second says what the work costs. The goal is 100,000 in less than an hour.
"""

import itertools
import logging
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

import structlog

from support.keyed import OPERATOR, keyed_issuer, make_key_folder
from support.office import CourtHouse, PublisherTemplate, StandingClock, application, make_office
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.keylife.reissue import Reissue
from xinzheng_issuer.register.tables import Case, Certificate
from xinzheng_schemas.trust_documents import KeyUsage

COUNT = 5_000
GOAL = 100_000
GOAL_SECONDS = 3600
_HEX = 16
_COPIES = 500


def signed(issuer: Issuer, clock: StandingClock, count: int) -> None:
    """`count` certificates of cert-1: one by the whole way, the others as rows like it under numbers of their own."""
    house = CourtHouse.open(issuer, clock)
    with house.client:
        number = house.certificate(application())["certificateNumber"]
    with issuer.office.reading() as store:
        certificate, case = store.issued_certificate(number)
    for first in range(1, count, _COPIES):
        with issuer.office.writing() as store:
            for place in range(first, min(count, first + _COPIES)):
                copied = Case(
                    **{**case.model_dump(), "id": f"case-{place}", "case_number": f"（2022）鄂0683执{place + 1000}号"}
                )
                store.add(copied)
                own = {
                    "id": f"urn:uuid:{place:0{_HEX}x}",
                    "case_id": copied.id,
                    "number": f"bench-{place}",
                    "list_index": place,
                }
                if certificate.list_index == place:
                    own["list_index"] = count + 1
                store.add(Certificate(**{**certificate.model_dump(), **own}))


def lose(issuer: Issuer, clock: StandingClock) -> None:
    """cert-2 takes over."""
    desk = KeyDesk(issuer)
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="bench")
    clock.advance(seconds=1)
    desk.activate("cert-2", OPERATOR, reason="bench", now=True)
    desk.compromise("cert-1", clock.now, OPERATOR, reason="bench")


def main() -> None:
    """Prints the rate as Markdown."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), StandingClock()
        office = make_office(folder, url=f"sqlite:///{folder / 'register.sqlite'}", clock=clock)
        template = PublisherTemplate.make(folder / "template")
        issuer = keyed_issuer(folder, template, make_key_folder(folder / "made"), office=office)
        signed(issuer, clock, count)
        lose(issuer, clock)
        began, worked = time.perf_counter(), time.process_time()
        moments = [worked]
        result = Reissue(issuer, "cert-1", OPERATOR, reason="bench").run(lambda *_: moments.append(time.process_time()))
        ended = time.perf_counter()
        worked = time.process_time() - worked
        assert (len(result.numbers), result.published) == (count, True), result.left
        issuer.close()
    batches = [later - earlier for earlier, later in itertools.pairwise(moments)]
    tenth = max(1, len(batches) // 10)
    rate = count / (ended - began)
    by_clock, by_work = (timedelta(seconds=round(GOAL * seconds / count)) for seconds in (ended - began, worked))
    print(
        "| certificates | per s | ms each | processor, ms each | first tenth of the batches | last tenth, likewise |",
        end="",
    )
    print(" 100,000 in | by processor time | goal |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    print(
        f"| {count} | {rate:.0f} | {1000 / rate:.1f} | {1000 * worked / count:.1f} | {median(batches[:tenth]):.2f} s | "
        f"{median(batches[-tenth:]):.2f} s | {by_clock} | {by_work} | < {timedelta(seconds=GOAL_SECONDS)} |"
    )


if __name__ == "__main__":
    main()
