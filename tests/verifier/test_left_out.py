"""A part of the country: whoever may be a court of another part is not decided, by every door and in every form."""

import json
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.doors import by_batch, by_http, by_http_batch, command
from support.issuers import SimulatedCourt, forged_jws
from support.mechanisms import sign1
from support.tuf_simulator import TUFSimulator, pack
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Item, Policy, TrustStore, VerificationError, Verifier
from xinzheng_verifier.receipt import LenderKey, check_receipt, make_receipt, read_receipt, trust_digest
from xinzheng_verifier.trust.directory import import_bundle
from xinzheng_verifier.trust.extent import WHOLE, Extent, select
from xinzheng_verifier.web import create_app

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AT = ("--at", format_timestamp(NOW))
LEFT_OUT = ("indeterminate", "issuer_left_out", 3)
UNTRUSTED = ("failed", "issuer_untrusted", 3)
CODES = {"420683": "鄂0683", "420684": "鄂0684", "430101": "湘0101"}
PARTS: dict[str, dict[str, Any]] = {"province": {"provinces": ["42"]}, "court": {"courts": ["420683"]}}


@pytest.fixture(scope="module")
def courts() -> dict[str, SimulatedCourt]:
    return {code: SimulatedCourt(region_code=code, court_code=number, now=NOW) for code, number in CODES.items()}


class Country:
    """Three courts in two provinces, all of which issue certificates; bundles and stores of all of it, or of a part."""

    def __init__(self, courts: dict[str, SimulatedCourt], folder: Path) -> None:
        self._simulator, self._folder = TUFSimulator(at=NOW), folder
        self._simulator.country(*courts)
        for code, court in courts.items():
            issuer = encoded(court.issuer_document())
            self._simulator.entrusted[f"province-{code[:2]}"].targets[f"courts/{code}/issuer.json"] = issuer
            for document in court.status_lists():
                path = f"courts/{code}/status/1/{document['credentialSubject']['statusPurpose']}.json"
                self._simulator.entrusted[f"court-{code}"].targets[path] = encoded(document)
        self.root = self._simulator.root_bytes

    def bundle(self, **chosen: Any) -> bytes:
        return pack(select(self._simulator.files(), **chosen))

    def store(self, **chosen: Any) -> Path:
        path = self._folder / json.dumps(chosen)
        if not path.exists():
            import_bundle(path, self.bundle(**chosen), root=self.root, at=NOW)
        return path

    def verifier(self, **chosen: Any) -> Verifier:
        return Verifier(TrustStore.open(self.store(**chosen)))


@pytest.fixture(scope="module")
def country(courts: dict[str, SimulatedCourt], tmp_path_factory: pytest.TempPathFactory) -> Country:
    return Country(courts, tmp_path_factory.mktemp("stores"))


def encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def forms(court: SimulatedCourt) -> dict[str, bytes]:
    """One certificate in every form."""
    issued = court.issue()
    payload = encoded(issued.credential)
    protected = {1: -7, 3: "application/vc", 4: court.method("cert-1").encode(), 16: "application/vc+cose"}
    envelope = {
        "@context": "https://www.w3.org/ns/credentials/v2",
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{issued.jwt}",
    }
    return {
        "jsonld": issued.json_text,
        "jwt": issued.jwt.encode(),
        "qr": issued.qr.encode(),
        "cose": sign1(protected, payload, court.certificate_signer),
        "enveloped": encoded(envelope),
    }


def answer(report: Any) -> tuple[str, str, int]:
    """Verdict, code and step of a report, whether it came as an object or as JSON."""
    document = report if isinstance(report, dict) else report.to_json()
    [step] = [one for one in document["steps"] if one["outcome"] in {"failed", "indeterminate"}]
    assert (document["claims"], document["issuer"]) == (None, None)
    assert (step["code"], step["outcome"]) == (document["code"], document["verdict"])
    return document["verdict"], document["code"], step["number"]


# --- every door, every form -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["jsonld", "jwt", "qr", "cose", "enveloped"])
@pytest.mark.parametrize("chosen", PARTS.values(), ids=PARTS)
def test_a_genuine_certificate_of_another_part_is_not_decided(
    courts: dict[str, SimulatedCourt],
    country: Country,
    tmp_path: Path,
    chosen: dict[str, Any],
    form: str,
) -> None:
    data, store = forms(courts["430101"])[form], country.store(**chosen)
    verifier = Verifier(TrustStore.open(store))
    memory = TrustStore.from_bundle(country.bundle(**chosen), root=country.root, at=NOW)
    carried: TrustStore = pickle.loads(pickle.dumps(memory))  # noqa: S301 - our own
    for one in (verifier, Verifier(memory), Verifier(carried)):
        report = one.report(data, at=NOW)
        assert (report.form, answer(report)) == (form, LEFT_OUT)
        assert report.to_json() == verifier.report(data, at=NOW).to_json()
    with pytest.raises(VerificationError, match="part of the country") as caught:
        verifier.verify(data, at=NOW)
    assert caught.value.code == "issuer_left_out"

    assert [answer(one) for one in verifier.report_many([data, data], at=NOW, workers=1)] == [LEFT_OUT] * 2
    assert by_http(verifier, data, at=NOW) == report.to_json()
    (file := tmp_path / "certificate").write_bytes(data)
    (bundle := tmp_path / "part.xzb").write_bytes(country.bundle(**chosen))
    (root := tmp_path / "root.json").write_bytes(country.root)
    for trust in (("--store", store), ("--bundle", bundle, "--root", root)):
        printed = command(file, *trust, *AT, "--json")
        assert printed.status == 2
        assert json.loads(printed.out) == {**report.to_json(), "file": str(file)}

    whole = country.verifier()
    assert whole.report(data, at=NOW).code == "ok"


def test_batches_and_the_straight_way_give_the_same(courts: dict[str, SimulatedCourt], country: Country) -> None:
    verifier = country.verifier(**PARTS["province"])
    ours, theirs = ([*forms(courts[code]).values()] for code in ("420683", "430101"))
    inputs = [data for pair in zip(ours, theirs, ours, theirs, strict=True) for data in pair]
    for _ in range(2):  # the second time the signers here are known, and their certificates go the straight way
        reports = by_batch(verifier, [Item(data) for data in inputs], at=NOW)
        assert [report.code for report in reports] == ["ok", "issuer_left_out"] * (len(inputs) // 2)
        assert [verifier.report(data, at=NOW) for data in inputs] == reports
    answers = by_http_batch(verifier, [Item(data) for data in inputs], at=NOW)
    told = [(one, report.to_json()) for one, report in zip(answers, reports, strict=True) if one is not None]
    assert len(told) >= len(inputs) * 4 // 5  # a message of COSE is no text
    assert all(one == report for one, report in told)


def test_people_read_what_to_do_and_doing_so_decides(
    courts: dict[str, SimulatedCourt], country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file := tmp_path / "certificate.jwt").write_text(courts["430101"].issue().jwt)
    store = tmp_path / "store"
    import_bundle(store, country.bundle(**PARTS["province"]), root=country.root, at=NOW)
    for locale, sentences in (
        (
            "en_GB.UTF-8",
            ("NOT DECIDED: do not rely on it yet", "Take the whole bundle, or one that has its province as well"),
        ),
        ("zh_CN.UTF-8", ("无法判定：暂不可采信", "请导入完整的信任包，或同时包含其所在省份的信任包")),
    ):
        monkeypatch.setenv("LANG", locale)
        printed = command(file, "--store", store, *AT)
        assert printed.status == 2
        assert [one for one in sentences if one not in " ".join(printed.out.split())] == []
    client = TestClient(create_app(Verifier(TrustStore.open(store)), clock=lambda: NOW))
    page = client.post("/page/verify", content=file.read_bytes()).json()
    assert page["report"]["code"] == "issuer_left_out"
    assert "part of the country" in page["sheet"]["en"]["message"]
    assert "全国的一部分" in page["sheet"]["zh"]["message"]

    for bundle in (country.bundle(provinces=["42", "43"]), country.bundle()):
        import_bundle(store, bundle, at=NOW)
        assert command(file, "--store", store, *AT).status == 0


# --- what a forger gains ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("did", "province", "court"),
    [
        ("did:web:look-alike.example:did:430101", LEFT_OUT, LEFT_OUT),  # the most that is to be had: not decided
        ("did:web:look-alike.example:did:420684", UNTRUSTED, LEFT_OUT),  # there, and here under another name
        ("did:web:look-alike.example:did:420699", UNTRUSTED, LEFT_OUT),  # a province that is there has no such court
        ("did:web:look-alike.example:did:420683", UNTRUSTED, UNTRUSTED),
        ("did:web:look-alike.example", UNTRUSTED, UNTRUSTED),
        ("did:web:look-alike.example:did:somebody", UNTRUSTED, UNTRUSTED),
        ("did:web:look-alike.example:did:430101#key", UNTRUSTED, UNTRUSTED),
        ("did:key:zDnaeSMnptAKpGhqs5YFPpZKmRYA7jMTmCkNNdAsLYNqtmZsx", UNTRUSTED, UNTRUSTED),
        ("https://look-alike.example/did/430101", UNTRUSTED, UNTRUSTED),
        ("430101", UNTRUSTED, UNTRUSTED),
    ],
)
def test_a_stranger_never_passes_and_who_is_known_to_be_no_court_fails(
    country: Country, did: str, province: tuple[str, str, int], court: tuple[str, str, int]
) -> None:
    stranger = SimulatedCourt(now=NOW)
    credential = stranger.credential({"issuer": did})
    header = {"alg": "ES256", "kid": stranger.method("cert-1", jwk=True), "typ": "vc+jwt"}
    token = forged_jws(header, credential, stranger.certificate_signer)
    for data in (encoded(stranger.secure(credential)), token):
        for chosen, expected in (
            (PARTS["province"], province),
            (PARTS["court"], court),
            ({}, UNTRUSTED),
            ({"changes": False}, UNTRUSTED),  # all courts are there
        ):
            report = country.verifier(**chosen).report(data, at=NOW)
            assert answer(report) == expected
            assert report.deciding_step.evidence == {"issuer": did}


def test_who_is_here_is_judged_as_ever(courts: dict[str, SimulatedCourt], country: Country) -> None:
    """Nothing that a certificate says of itself makes what is known less than known."""
    court = courts["420683"]
    for chosen in PARTS.values():
        verifier = country.verifier(**chosen)
        forged = court.issue(signer=SimulatedCourt().certificate_signer)
        assert verifier.report(forged.jwt, at=NOW).code == "signature_invalid"
        named = court.credential({"issuer": {"id": court.did, "name": "did:web:xz.example:did:430101"}})
        assert verifier.report(encoded(court.secure(named)), at=NOW).verdict == "failed"
        assert verifier.report(court.issue().jwt, at=NOW).code == "ok"
    documents = TrustStore.from_documents([court.issuer_document()], court.status_lists())
    assert documents.extent is WHOLE
    assert answer(Verifier(documents).report(courts["430101"].issue().jwt, at=NOW)) == UNTRUSTED


def test_whoever_controls_the_key_may_be_left_out_too(courts: dict[str, SimulatedCourt], country: Country) -> None:
    """Where the policy takes anybody who is trusted for any issuer, the controller of the key is asked for first."""
    policy = Policy(unsafe_accept_other_controllers=True)
    for issuer in ("https://university.example", courts["420683"].did):
        document = encoded(courts["430101"].secure(courts["430101"].credential({"issuer": issuer})))
        judged = Verifier(TrustStore.open(country.store(**PARTS["province"])), policy=policy).report(document, at=NOW)
        assert answer(judged) == LEFT_OUT
        assert judged.deciding_step.evidence == {"issuer": courts["430101"].did}
        whole = Verifier(TrustStore.open(country.store()), policy=policy).report(document, at=NOW)
        assert [step.outcome for step in whole.steps[:5]] == ["passed"] * 5


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_tells_the_part_from_the_whole(courts: dict[str, SimulatedCourt], country: Country) -> None:
    key, data = LenderKey.generate(), courts["430101"].issue().jwt
    verifier = country.verifier(**PARTS["province"])
    receipt = make_receipt(verifier.report(data, at=NOW), verifier=verifier, signer=key, made_at=NOW)
    assert read_receipt(receipt, key=key.public_key).code == "issuer_left_out"
    again = check_receipt(receipt, key=key.public_key, data=data, verifier=verifier)
    assert (again.verdict, again.code) == ("passed", "ok")
    other = check_receipt(receipt, key=key.public_key, data=data, verifier=country.verifier())
    assert (other.verdict, other.code) == ("indeterminate", "receipt_trust_differs")


def test_trust_that_holds_the_same_and_knows_less_has_another_digest() -> None:
    extents = [WHOLE, Extent(provinces=frozenset({"42"})), Extent(courts=frozenset({"42"})), Extent(changes=False)]
    digests = [trust_digest(TrustStore({}, {}, extent=extent)) for extent in extents]
    assert len({*digests}) == 4
