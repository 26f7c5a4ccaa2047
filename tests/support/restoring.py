"""A data folder of which something comes back from a backup, or is lost."""

import os
import shutil
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from support.office import EXAMPLES, OTHER_ID_NUMBER, CourtHouse, StandingClock, application
from xinzheng_issuer.cli import main
from xinzheng_issuer.installation import initialise, open_issuer
from xinzheng_issuer.settings import Settings
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.directory import import_bundle

CASES = (
    application(),
    application(enforcementCaseNumber="（2022）鄂0683执124号", idNumber=OTHER_ID_NUMBER, name="李某"),
    application(enforcementCaseNumber="（2022）鄂0683执125号"),
)


def begun(data: Path, clock: StandingClock, watermark: Path | None = None) -> CourtHouse:
    """A court on a new data folder."""
    settings = Settings(data=data) if watermark is None else Settings(data=data, watermark=watermark)
    initialise(settings, EXAMPLES / "court.toml", clock=clock)
    return CourtHouse.open(open_issuer(settings, clock=clock), clock)


def backup(house: CourtHouse) -> bytes:
    house.issuer.office.register.engine.dispose()
    return register(house).read_bytes()


def restore(house: CourtHouse, content: bytes) -> None:
    house.issuer.office.register.engine.dispose()
    register(house).write_bytes(content)


def register(house: CourtHouse) -> Path:
    return house.issuer.settings.data / "register.sqlite"


def token(house: CourtHouse, number: str) -> bytes:
    content: bytes = house.get(f"/api/v1/certificates/{number}/credential.jwt").content
    return content


def revoke(house: CourtHouse, number: str) -> dict[str, Any]:
    answer = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    assert answer.status_code == 200
    publication: dict[str, Any] = answer.json()["publication"]
    return publication


def suspend(house: CourtHouse, number: str) -> None:
    assert house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "举报"}).status_code == 200


def reinstate(house: CourtHouse, number: str) -> None:
    """A judge proposes, an approver confirms."""
    for who in ("judge", "approver"):
        answer = house.post(f"/api/v1/certificates/{number}/reinstatement", {"reason": "查清"}, who)
        assert answer.status_code == 200, answer.text


def hindrances(house: CourtHouse) -> list[str]:
    """What a start finds."""
    with closing(open_issuer(house.issuer.settings, clock=house.clock)) as issuer:
        issuer.start()
        return list(issuer.outbox.hindrances)


def verdict(house: CourtHouse, certificate: bytes, at: datetime | None = None) -> str:
    publisher = house.issuer.outbox.publisher
    assert publisher.latest is not None
    trust = TrustStore.from_bundle(publisher.latest.path.read_bytes(), root=publisher.root, at=house.clock.now)
    return Verifier(trust).report(certificate, at=at or house.clock.now, now=house.clock.now).code


def run(house: CourtHouse, *arguments: str, **environment: str) -> Result:
    environment = {"LC_ALL": "C.UTF-8", "XINZHENG_LOG_LEVEL": "error", **environment}
    data = str(house.issuer.settings.data)
    return CliRunner().invoke(main, ["db", "adopt", "--data", data, *arguments], env={**os.environ, **environment})


class Lender:
    """A lender's store, which is fed with whatever the court serves."""

    def __init__(self, house: CourtHouse, folder: Path) -> None:
        self.house = house
        self.folder = folder
        self.root: bytes | None = house.get("/bundle/root.json", None).content
        self.bundle = b""

    def fetch(self) -> None:
        self.bundle = self.house.get("/bundle/latest.xzb", None).content
        import_bundle(self.folder, self.bundle, root=self.root, at=self.house.clock.now)
        self.root = None

    def verdict(self, certificate: bytes) -> str:
        now = self.house.clock.now
        return Verifier(TrustStore.open(self.folder)).report(certificate, at=now, now=now).code

    def file(self) -> str:
        path = self.folder.with_suffix(".xzb")
        path.write_bytes(self.bundle)
        return str(path)


def snapshot(house: CourtHouse) -> Path:
    house.issuer.office.register.engine.dispose()
    data = house.issuer.settings.data
    return Path(shutil.copytree(data, data.with_name("snapshot")))


def bring_back(house: CourtHouse, kept: Path) -> None:
    house.issuer.office.register.engine.dispose()
    data = house.issuer.settings.data
    shutil.rmtree(data)
    shutil.copytree(kept, data)


def xinzheng(house: CourtHouse, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(
        main, [*arguments, "--data", str(house.issuer.settings.data)], env={**os.environ, **environment}
    )


def begin_anew(house: CourtHouse, before: Path, how: str = "--yes", **environment: str) -> Result:
    """The bundle begins anew; `before` is what was published last."""
    given = ["bundle-keys", "begin", "--before", str(before), "--reason", "lost", how]
    return xinzheng(house, *given, **{"XINZHENG_LOG_LEVEL": "error", **environment})


def new_store(house: CourtHouse, folder: Path, certificate: bytes) -> str:
    """What a lender says who begins with the root of today."""
    bundle, root = (house.get(f"/bundle/{name}", None).content for name in ("latest.xzb", "root.json"))
    import_bundle(folder, bundle, root=root, at=house.clock.now)
    return Verifier(TrustStore.open(folder)).report(certificate, at=house.clock.now, now=house.clock.now).code
