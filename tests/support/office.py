"""A court's issuer in memory: a real register and real signing code, software keys, and a clock that stands still."""

import json
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer as RoleSigner
from sqlalchemy import event
from starlette.testclient import TestClient

from support.repository import ROOT
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.court import CourtConfiguration, load_court
from xinzheng_issuer.domain.workflow import PERSONAL_ROLES, Role
from xinzheng_issuer.installation import Issuer, _enter_court
from xinzheng_issuer.issuing.court_keys import CourtKeys
from xinzheng_issuer.issuing.cycle import IssuingCycle
from xinzheng_issuer.people import add_user
from xinzheng_issuer.publishing.bundle import BundlePublisher, Lifetimes
from xinzheng_issuer.publishing.bundle_keys import BundleKeys
from xinzheng_issuer.publishing.outbox import Outbox
from xinzheng_issuer.register.engine import open_engine
from xinzheng_issuer.register.identity_keys import IdentityKeys
from xinzheng_issuer.register.migration import upgrade
from xinzheng_issuer.register.store import Register
from xinzheng_issuer.settings import Settings
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_keys.signer import Signer
from xinzheng_keys.software_signer import SoftwareSigner
from xinzheng_schemas.trust_documents import KeyState, KeyUsage

EXAMPLES = ROOT / "examples" / "zaoyang"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEYS_FROM = datetime(2026, 1, 1, tzinfo=UTC)
ID_NUMBER = "42068319900101001X"
OTHER_ID_NUMBER = "420683198506151235"
COMPANY_CODE = "91420683MA0000007M"


class StandingClock:
    """The present moment, until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> datetime:
        self.now += timedelta(**amount)
        return self.now


def zaoyang_court(**sections: Mapping[str, Any]) -> CourtConfiguration:
    """The court of the story; `policy={…}`, `status={…}`, `certificate={…}` replace settings."""
    court = load_court(EXAMPLES / "court.toml")
    changed = {name: {**getattr(court, name).model_dump(), **values} for name, values in sections.items()}
    return CourtConfiguration.model_validate({**court.model_dump(), **changed})


def neighbour_court() -> CourtConfiguration:
    """Another court, which may share the register."""
    return CourtConfiguration.model_validate(
        {
            "did": "did:web:xz.example:did:420684",
            "court_code": "鄂0684",
            "region_code": "420684",
            "name": {"zh": "宜城市人民法院", "en": "Yicheng People's Court"},
        }
    )


@dataclass(frozen=True)
class PublisherTemplate:
    """A repository made once; making its keys takes a second."""

    folder: Path
    signers: Mapping[str, RoleSigner]

    @classmethod
    def make(cls, folder: Path) -> "PublisherTemplate":
        public = folder / "public"
        keys = keys_beside(public)
        publisher = BundlePublisher.create(
            public, keys=keys.folder, passphrase=keys.passphrase, at=NOW - timedelta(days=1)
        )
        return cls(public, publisher._signers)

    def copy(self, folder: Path) -> BundlePublisher:
        keys = keys_beside(folder)
        if not folder.exists():
            shutil.copytree(self.folder, folder)
            shutil.copytree(keys_beside(self.folder).folder, keys.folder)
        return BundlePublisher(folder, keys=keys, signers=self.signers, lifetimes=Lifetimes())


def keys_beside(public: Path) -> BundleKeys:
    return BundleKeys(folder=public.with_name(f"{public.name}-keys"), passphrase=lambda: b"a passphrase of the tests")


def court_keys(court: CourtConfiguration, certificate: Signer | None = None, status: Signer | None = None) -> CourtKeys:
    signers = {
        "cert-1": certificate or SoftwareSigner.generate(),
        "status-1": status or SoftwareSigner.generate(),
    }
    usages = {"cert-1": KeyUsage.CERTIFICATE, "status-1": KeyUsage.STATUS}
    records = tuple(
        KeyRecord(
            name=name,
            usage=usages[name],
            public_key_multibase=signer.public_key_multibase,
            state=KeyState.ACTIVE,
            valid_from=KEYS_FROM,
        )
        for name, signer in signers.items()
    )
    return CourtKeys(court=court, records=records, signers=signers)


@cache
def _empty_register() -> bytes:
    """A register after its migrations."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "register.sqlite"
        engine = open_engine(f"sqlite:///{file}")
        upgrade(engine)
        engine.dispose()
        return file.read_bytes()


def _without_waiting_for_the_disk(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF").close()


def make_office(
    folder: Path,
    *,
    url: str | None = None,
    clock: Callable[[], datetime] | None = None,
    court: CourtConfiguration | None = None,
) -> Office:
    """A court with a fresh or existing register; by default a SQLite file that no power cut will ever meet."""
    file = folder / "register.sqlite"
    if url is None and not file.exists():
        file.write_bytes(_empty_register())
    engine = open_engine(url or f"sqlite:///{file}")
    if url is None:
        event.listen(engine, "connect", _without_waiting_for_the_disk)
    else:
        upgrade(engine)
    office = Office(
        court=court or zaoyang_court(),
        register=Register(engine),
        clock=clock or StandingClock(),
        identity_keys=IdentityKeys(b"the register secret of the tests"),
        random_bytes=secrets.token_bytes,
    )
    _enter_court(office)
    return office


def make_issuer(
    folder: Path,
    template: PublisherTemplate,
    *,
    office: Office | None = None,
    keys: CourtKeys | None = None,
    **settings: Any,
) -> Issuer:
    """The whole issuer on a folder."""
    office = office or make_office(folder)
    keys = keys or court_keys(office.court)
    outbox = Outbox(office, keys, template.copy(folder / "public"), lock_folder=folder)
    return Issuer(
        settings=Settings(data=folder, **settings),
        office=office,
        keys=keys,
        cycle=IssuingCycle(office, keys, require_knowledge=outbox.require_knowledge, note=outbox.epoch.note),
        outbox=outbox,
    )


def example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def application(**changes: Any) -> dict[str, Any]:
    """The story's application with some fields replaced; None takes one out."""
    return _changed(example("application"), changes)


def company_application(**changes: Any) -> dict[str, Any]:
    """A company's application."""
    company = {
        "name": "湖北枣阳光明建筑工程有限公司",
        "subjectKind": "organization",
        "idType": "uscc",
        "idNumber": COMPANY_CODE,
        "enforcementCaseNumber": "（2022）鄂0683执2088号",
    }
    return _changed(application(**company), changes)


def masking(at: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """The story's masking confirmation, the list looked up half an hour before `at`."""
    looked_up = (at - timedelta(minutes=30)).isoformat()
    return _changed(example("masking") | {"listCheckedAt": looked_up}, changes)


def relisting(**changes: Any) -> dict[str, Any]:
    """The story's record of the public list, in the certificate's own case."""
    record: dict[str, Any] = example("relisting")[0]
    return _changed(record | {"caseCode": "(2022)鄂0683执123号"}, changes)


def _changed(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**base, **changes}
    return {name: value for name, value in merged.items() if value is not None}


@dataclass
class CourtHouse:
    """A running issuer and its people, over HTTP."""

    issuer: Issuer
    client: TestClient
    clock: StandingClock
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, issuer: Issuer, clock: StandingClock) -> "CourtHouse":
        client = TestClient(app_of(issuer), raise_server_exceptions=False)
        house = cls(issuer, client, clock)
        for role in PERSONAL_ROLES:
            house.tokens[role] = add_user(issuer.office, f"the-{role}", [role])
        return house

    def hire(self, name: str, *roles: Role) -> str:
        """One more person; the name then serves as `who`."""
        self.tokens[name] = add_user(self.issuer.office, name, roles)
        return name

    def get(self, path: str, who: str | None = "clerk", **options: Any) -> Any:
        return self.client.get(path, headers=self._headers(who, options), **options)

    def post(self, path: str, body: Any = None, who: str | None = "clerk", **options: Any) -> Any:
        headers = self._headers(who, options)
        if body is not None:
            options["json"] = body
        return self.client.post(path, headers=headers, **options)

    def _headers(self, who: str | None, options: dict[str, Any]) -> dict[str, str]:
        own = {} if who is None else {"Authorization": f"Bearer {self.tokens[who]}"}
        more: dict[str, str] = options.pop("headers", {})
        return own | more

    # --- the path ---------------------------------------------------------------------------------------------------

    def apply(self, body: dict[str, Any] | None = None) -> str:
        """Registers; the address of the case."""
        answer = self.post("/api/v1/applications", body or application())
        assert answer.status_code == 201, answer.text
        return f"/api/v1/applications/{answer.json()['id']}"

    def confirm(self, case: str, body: dict[str, Any] | None = None) -> str:
        answer = self.post(f"{case}/masking-confirmation", body or masking(self.clock.now), "judge")
        assert answer.status_code == 200, answer.text
        return case

    def opinion(self, case: str, who: str = "approver") -> dict[str, str]:
        """An approval of what somebody reads now."""
        return {"opinion": "同意", "draftSha256": self.get(case, who).json()["draftSha256"] or "0" * 64}

    def approve(self, case: str, who: str = "approver") -> str:
        answer = self.post(f"{case}/approval", self.opinion(case, who), who)
        assert answer.status_code == 200, answer.text
        return case

    def approved(self, body: dict[str, Any] | None = None, confirmation: dict[str, Any] | None = None) -> str:
        return self.approve(self.confirm(self.apply(body), confirmation))

    def issue(self, case: str) -> dict[str, Any]:
        answer = self.post(f"{case}/issuance", {}, "sealOperator")
        assert answer.status_code == 201, answer.text
        certificate: dict[str, Any] = answer.json()
        return certificate

    def certificate(self, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole path: an issued certificate."""
        return self.issue(self.approved(body))

    def state(self, number: str) -> str:
        state: str = self.get(f"/api/v1/certificates/{number}").json()["state"]
        return state

    def feed(self, *records: Any, who: str = "clerk") -> dict[str, Any]:
        answer = self.post("/api/v1/feed-batches", list(records), who)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result


def code(answer: Any) -> tuple[int, str]:
    """Status and reason code of a refusal, after a look at its form (RFC 9457)."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"].endswith(f"/{problem['code']}")
    assert problem["detail"]
    assert problem["errors"]
    return answer.status_code, problem["code"]


def fields(answer: Any) -> dict[str, str]:
    """Field → code of every problem in a refusal."""
    return {error["field"]: error["code"] for error in answer.json()["errors"]}
