"""Every kind of key with every suite: chosen in court.toml, issued through the API, verified from the bundle."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import base45
import cbor2
import jwt
import pytest

from support.office import (
    EXAMPLES,
    CourtHouse,
    PublisherTemplate,
    StandingClock,
    court_keys,
    make_issuer,
    make_office,
    zaoyang_court,
)
from xinzheng_issuer.court import load_court
from xinzheng_issuer.errors import ConfigurationError
from xinzheng_issuer.installation import initialise, open_issuer
from xinzheng_issuer.settings import Settings
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas.multibase import KeyType
from xinzheng_verifier import TrustStore, Verifier

ECDSA = ("ecdsa-jcs-2019", "ecdsa-rdfc-2019")
EDDSA = ("eddsa-jcs-2022", "eddsa-rdfc-2022")
SUITES = {KeyType.P256: ECDSA, KeyType.P384: ECDSA, KeyType.ED25519: EDDSA}
JOSE = {KeyType.P256: "ES256", KeyType.P384: "ES384", KeyType.ED25519: "EdDSA"}
COSE = {KeyType.P256: -7, KeyType.P384: -35, KeyType.ED25519: -8}
PAIRS = [(key_type, suite) for key_type, suites in SUITES.items() for suite in suites]
# Each pair for certificates, each for status lists, never the same for both.
COMBINATIONS = [(*pair, *PAIRS[(place + 2) % len(PAIRS)]) for place, pair in enumerate(PAIRS)]


@pytest.fixture
def open_house(tmp_path: Path, publisher_template: PublisherTemplate, clock: StandingClock) -> Callable[..., Any]:
    @contextmanager
    def opened(certificate: KeyType, status: KeyType, /, **sections: Any) -> Iterator[CourtHouse]:
        court = zaoyang_court(**sections)
        keys = court_keys(court, SoftwareSigner.generate(certificate), SoftwareSigner.generate(status))
        keys.require_suites(at=clock.now)
        office = make_office(tmp_path, clock=clock, court=court)
        house = CourtHouse.open(make_issuer(tmp_path, publisher_template, office=office, keys=keys), clock)
        with house.client:
            yield house

    return opened


def trust_of(house: CourtHouse) -> TrustStore:
    root, bundle = (house.get(f"/bundle/{name}", None).content for name in ("root.json", "latest.xzb"))
    return TrustStore.from_bundle(bundle, root=root, at=house.clock.now)


@pytest.mark.parametrize(("key_type", "suite", "status_type", "status_suite"), COMBINATIONS)
def test_what_is_chosen_is_issued_and_verified(
    open_house: Callable[..., Any], key_type: KeyType, suite: str, status_type: KeyType, status_suite: str
) -> None:
    chosen = {"cryptosuite": suite, "jwt_algorithm": JOSE[key_type]}
    with open_house(key_type, status_type, certificate=chosen, status={"cryptosuite": status_suite}) as house:
        made = house.certificate()
        number = made["certificateNumber"]
        forms = {
            form: house.get(f"/api/v1/certificates/{number}/credential.{form}").content for form in ("json", "jwt")
        }
        forms["qr"] = qr = house.get(f"/api/v1/certificates/{number}/credential.qr.txt").content
        verifier = Verifier(trust_of(house))
        for form, data in forms.items():
            report = verifier.report(data, at=house.clock.now)
            assert report.verdict.value == "passed", (form, report)
        proof = json.loads(forms["json"])["proof"]
        assert proof["cryptosuite"] == suite
        assert ("@context" in proof) == ("jcs" in suite)
        assert jwt.get_unverified_header(forms["jwt"])["alg"] == JOSE[key_type]
        assert cose_algorithm(qr) == COSE[key_type]
        status = house.get("/status/420683/1/revocation", None).json()
        assert status["proof"]["cryptosuite"] == status_suite
        house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
        assert Verifier(trust_of(house)).report(forms["jwt"], at=house.clock.now).code == "revoked"


def cose_algorithm(qr: bytes) -> int:
    import zlib  # noqa: PLC0415

    message = cbor2.loads(zlib.decompress(base45.b45decode(qr.decode().strip().removeprefix("XZ1:"))))
    algorithm: int = cbor2.loads(message.value[0])[1]
    return algorithm


# --- what does not fit is refused at the start ------------------------------------------------------------------------

UNFIT = [
    (
        '[keys]\ncertificate_type = "Ed25519"\nstatus_type = "P-256"',
        ("certificate.cryptosuite", "eddsa-jcs-2022, eddsa-rdfc-2022"),
    ),
    ('[certificate]\ncryptosuite = "eddsa-rdfc-2022"', ("certificate.cryptosuite", "ecdsa-jcs-2019, ecdsa-rdfc-2019")),
    (
        '[keys]\ncertificate_type = "P-384"\n[certificate]\njwt_algorithm = "ES256"',
        ("certificate.jwt_algorithm", "ES384"),
    ),
    ('[keys]\nstatus_type = "Ed25519"', ("status.cryptosuite", "eddsa-jcs-2022, eddsa-rdfc-2022")),
]


def court_file(folder: Path, text: str) -> Path:
    file = folder / "court.toml"
    file.write_text((EXAMPLES / "court.toml").read_text("utf-8") + text, "utf-8")
    return file


@pytest.mark.parametrize(("text", "told"), UNFIT)
def test_init_refuses_what_the_keys_cannot_do(tmp_path: Path, text: str, told: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        initialise(Settings(data=tmp_path / "var"), court_file(tmp_path, f"\n{text}\n"))
    assert refusal.value.code == "suite_unsuitable"
    assert (refusal.value.field, refusal.value.params["expected"]) == told
    assert not (tmp_path / "var").exists()


def test_a_start_refuses_a_suite_that_the_keys_at_hand_cannot_do(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "var")
    initialise(settings, EXAMPLES / "court.toml", clock=StandingClock())
    text = settings.court_file.read_text("utf-8")
    settings.court_file.write_text(f'{text}\n[certificate]\ncryptosuite = "eddsa-jcs-2022"\n', "utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        open_issuer(settings, clock=StandingClock())
    assert (refusal.value.code, refusal.value.field) == ("suite_unsuitable", "certificate.cryptosuite")


@pytest.mark.parametrize(
    "text",
    [
        '[certificate]\ncryptosuite = "ecdsa-sd-2023"',
        '[certificate]\njwt_algorithm = "HS256"',
        '[status]\ncryptosuite = ""',
        '[keys]\ncertificate = "/etc/key.pem"',
        '[keys]\nstatus_type = "P-521"',
    ],
)
def test_what_nobody_knows_is_refused_by_its_field(tmp_path: Path, text: str) -> None:
    base = (EXAMPLES / "court.toml").read_text("utf-8").partition("[status]")[0]
    (tmp_path / "court.toml").write_text(f"{base}\n{text}\n", "utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        load_court(tmp_path / "court.toml")
    section = text.partition("]")[0].strip("[")
    assert refusal.value.code == "court_file_invalid"
    assert str(refusal.value.field).startswith(f"{section}.")


@pytest.mark.parametrize(("key_type", "suite"), PAIRS)
def test_an_installation_of_every_kind_opens(tmp_path: Path, key_type: KeyType, suite: str) -> None:
    text = (EXAMPLES / "court.toml").read_text("utf-8").replace("[status]", f'[status]\ncryptosuite = "{suite}"')
    kinds = "\n".join(f'{usage}_type = "{key_type}"' for usage in ("certificate", "status", "bundle"))
    (tmp_path / "court.toml").write_text(f'{text}\n[certificate]\ncryptosuite = "{suite}"\n[keys]\n{kinds}\n', "utf-8")
    settings, clock = Settings(data=tmp_path / "var"), StandingClock()
    initialise(settings, tmp_path / "court.toml", clock=clock)
    issuer = open_issuer(settings, clock=clock)
    assert {signer.key_type for signer in issuer.keys.current().signers.values()} == {key_type}
    latest = issuer.outbox.publisher.latest
    assert latest is not None
    trust = TrustStore.from_bundle(latest.path.read_bytes(), root=issuer.outbox.publisher.root, at=clock.now)
    assert trust.issuer("did:web:xz.example:did:420683") is not None
    issuer.close()
