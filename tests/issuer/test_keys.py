"""The life of a court's keys as lenders see it, beside a running server."""

import json
import threading
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.keyed import OPERATOR, keyed_issuer
from support.office import CourtHouse, PublisherTemplate, StandingClock, application, code
from xinzheng_issuer.errors import KeyLifeError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.issuing.court_keys import NamedSigner
from xinzheng_issuer.issuing.key_records import RECORDS_FILE, read_entries, write_entries
from xinzheng_issuer.issuing.rehearsal import sign_forms
from xinzheng_issuer.keylife import desk as desk_module
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.keylife.effects import Effects
from xinzheng_issuer.keylife.trail import catch_up
from xinzheng_issuer.publishing.bundle import BundlePublisher
from xinzheng_keys.errors import DocumentError, KeyStoreError, LifecycleError
from xinzheng_schemas import strict_json
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage
from xinzheng_verifier import Policy, TrustStore, Verifier
from xinzheng_verifier.trust.files import locked

LEAD = timedelta(hours=168)
FORMS = ("credential.json", "credential.jwt", "credential.qr.txt")


@pytest.fixture
def desk(keyed: Issuer) -> KeyDesk:
    return KeyDesk(keyed)


def form(house: CourtHouse, certificate: dict[str, Any], name: str = "credential.json") -> bytes:
    content: bytes = house.get(f"/api/v1/certificates/{certificate['certificateNumber']}/{name}").content
    return content


def trust(issuer: Issuer, at: datetime) -> TrustStore:
    latest = issuer.outbox.publisher.latest
    assert latest is not None
    return TrustStore.from_bundle(latest.path.read_bytes(), root=issuer.outbox.publisher.root, at=at)


def verdicts(house: CourtHouse, certificate: dict[str, Any], **policy: Any) -> list[str]:
    verifier = Verifier(trust(house.issuer, house.clock.now), policy=Policy(**policy))
    return [verifier.report(form(house, certificate, name), at=house.clock.now).code for name in FORMS]


def key_of(house: CourtHouse, certificate: dict[str, Any]) -> str:
    proof = json.loads(form(house, certificate))["proof"]
    return str(proof["verificationMethod"]).rpartition("#")[2]


def other_case(number: int = 124) -> dict[str, Any]:
    return application(enforcementCaseNumber=f"（2022）鄂0683执{number}号")


def rotated(house: CourtHouse, desk: KeyDesk, name: str = "cert-2") -> None:
    """A new certificate key in good order."""
    desk.create(name, KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    house.clock.now += LEAD
    desk.activate(name, OPERATOR, reason="rotation")


# --- rotation --------------------------------------------------------------------------------------------------------


def test_a_key_is_published_before_it_signs_and_old_certificates_pass(keyed_house: CourtHouse, desk: KeyDesk) -> None:
    old = keyed_house.certificate()
    made = desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    assert (made.entry.record.state, made.publication.published) == (KeyState.STAGED, True)
    before = keyed_house.certificate(other_case(124))
    assert key_of(keyed_house, before) == "cert-1"
    with pytest.raises(KeyLifeError) as early:
        desk.activate("cert-2", OPERATOR, reason="rotation")
    assert early.value.code == "key_lead_time"
    staged = trust(keyed_house.issuer, keyed_house.clock.now)
    keyed_house.clock.now += LEAD
    desk.activate("cert-2", OPERATOR, reason="rotation")
    new = keyed_house.certificate(other_case(125))  # the same server, not restarted
    assert key_of(keyed_house, new) == "cert-2"
    with keyed_house.issuer.office.reading() as store:
        assert store.issued_certificate(new["certificateNumber"])[0].signing_key == "cert-2"
    for certificate in (old, before, new):
        assert verdicts(keyed_house, certificate) == ["ok", "ok", "ok"]
    # A lender who has not fetched a bundle since the key was staged knows the key all the same.
    report = Verifier(staged).report(form(keyed_house, new), at=keyed_house.clock.now)
    assert report.code not in {"kid_unknown", "key_not_yet_valid", "issuer_key_mismatch", "signature_invalid"}


def test_the_server_serves_the_new_key_at_once(keyed_house: CourtHouse, desk: KeyDesk) -> None:
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    methods = keyed_house.get("/did/420683/did.json", None).json()["verificationMethod"]
    assert any(method["id"].endswith("#cert-2") for method in methods)


def test_what_a_key_may_have_signed_is_bounded_by_its_window(
    keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer
) -> None:
    """Moments before, in and after the window, in all forms, against the published bundle."""
    certificate = keyed_house.certificate()
    signer = keyed.keys.current().signers["cert-1"]
    keyed_house.clock.advance(days=1)
    rotated(keyed_house, desk)
    closes = keyed_house.clock.advance(hours=1)
    desk.retire("cert-1", OPERATOR, reason="rotation")
    opens = next(entry.record.valid_from for entry in read_entries(keyed.settings.keys_folder))
    with keyed.office.reading() as store:
        credential = strict_json.loads_object(store.issued_certificate(certificate["certificateNumber"])[0].unsigned)
    court = keyed.keys.current()
    key = NamedSigner(signer, f"{court.court.did}#cert-1", f"{court.court.did}#cert-1-jwk")
    asked = keyed_house.clock.advance(minutes=5)
    verifier = Verifier(trust(keyed, asked))
    for moment, wanted in (
        (opens - timedelta(seconds=1), "key_not_yet_valid"),
        (opens, "ok"),
        (closes, "ok"),
        (closes + timedelta(seconds=1), "key_expired"),
    ):
        dated = {**credential, "validFrom": format_timestamp(moment)}
        forms = sign_forms(dated, key, court.identity, at=moment)
        for data in (forms.json_ld, forms.jwt, forms.qr):
            report = verifier.report(data, at=asked)
            assert [step.code for step in report.steps if step.name == "key"] == [wanted], (moment, report.code)


def test_a_certificate_recorded_before_a_rotation_is_signed_by_the_key_of_its_date(
    keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    lint = keyed.cycle._rehearsal.lint

    def rotated_meanwhile(credential: dict[str, Any], **named: Any) -> None:
        keyed_house.clock.advance(seconds=2)
        desk.activate("cert-2", OPERATOR, reason="rotation", now=True)
        lint(credential, **named)

    with monkeypatch.context() as patch:
        patch.setattr(keyed.cycle._rehearsal, "lint", rotated_meanwhile)
        certificate = keyed_house.certificate()
    assert key_of(keyed_house, certificate) == "cert-1"
    assert verdicts(keyed_house, certificate) == ["ok"] * 3
    assert key_of(keyed_house, keyed_house.certificate(other_case())) == "cert-2"


def test_a_retired_key_signs_nothing_more(keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer) -> None:
    rotated(keyed_house, desk)
    keyed_house.clock.advance(seconds=1)
    desk.retire("cert-2", OPERATOR, reason="a doubt")
    assert key_of(keyed_house, keyed_house.certificate()) == "cert-1"
    assert "cert-2" not in keyed.keys.current().signers


def test_a_change_waits_for_the_signature_under_way(keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer) -> None:
    """Nothing is signed with a key after the step that ended it: who signs holds it off, who comes later sees it."""
    rotated(keyed_house, desk)
    keyed_house.clock.advance(seconds=1)
    done = threading.Event()

    def retire() -> None:
        desk.retire("cert-1", OPERATOR, reason="rotation")
        done.set()

    with keyed.keys.in_use() as keys:
        thread = threading.Thread(target=retire)
        thread.start()
        assert not done.wait(0.5)
        assert "cert-1" in keys.signers
        assert keyed.keys.current().signers.keys() == keys.signers.keys()
    thread.join(30)
    assert done.is_set()
    assert "cert-1" not in keyed.keys.current().signers


def test_status_lists_go_over_to_the_new_key(keyed_house: CourtHouse, desk: KeyDesk) -> None:
    certificate = keyed_house.certificate()
    desk.create("status-2", KeyUsage.STATUS, OPERATOR, reason="rotation")
    keyed_house.clock.now += LEAD
    desk.activate("status-2", OPERATOR, reason="rotation")
    keyed_house.clock.advance(seconds=1)
    desk.retire("status-1", OPERATOR, reason="rotation")
    assert verdicts(keyed_house, certificate) == ["ok", "ok", "ok"]
    listed = keyed_house.get("/status/420683/1/revocation", None).json()
    assert listed["proof"]["verificationMethod"].endswith("#status-2")


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_key_that_no_bundle_has_carried_is_not_used_unless_somebody_insists(
    keyed_house: CourtHouse, desk: KeyDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(BundlePublisher, "publish", fail)
        made = desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
        assert not made.publication.published
        with pytest.raises(KeyLifeError) as refusal:
            desk.activate("cert-2", OPERATOR, reason="rotation")
        assert refusal.value.code == "key_not_published"
        said = [text.en for text in Effects(desk).of_activation("cert-2")]
        assert any("kid_unknown" in text for text in said)
    desk.activate("cert-2", OPERATOR, reason="rotation", now=True)
    assert key_of(keyed_house, keyed_house.certificate()) == "cert-2"


def test_two_who_retire_at_once_leave_a_status_key(keyed_house: CourtHouse, desk: KeyDesk) -> None:
    """Each finds the other's key before either has acted; the second is refused where nobody else acts."""
    desk.create("status-2", KeyUsage.STATUS, OPERATOR, reason="rotation")
    keyed_house.clock.advance(seconds=5)
    desk.activate("status-2", OPERATOR, reason="rotation", now=True)
    keyed_house.clock.advance(seconds=5)

    class Slow(KeyDesk):
        def check_others(self, name: str, *, leave_none: bool) -> tuple[str, ...]:
            found = super().check_others(name, leave_none=leave_none)
            desk.retire("status-2", OPERATOR, reason="meanwhile")
            return found

    with pytest.raises(KeyLifeError) as refused:
        Slow(keyed_house.issuer).retire("status-1", OPERATOR, reason="end")
    assert refused.value.code == "status_key_last"
    states = {each.record.name: each.record.state for each in desk.entries()}
    assert (states["status-1"], states["status-2"]) == (KeyState.ACTIVE, KeyState.RETIRED)
    assert keyed_house.issuer.outbox.renew().published


def test_the_last_key_stays_unless_somebody_insists(keyed_house: CourtHouse, desk: KeyDesk) -> None:
    with pytest.raises(KeyLifeError) as last:
        desk.retire("cert-1", OPERATOR, reason="end")
    assert last.value.code == "key_last"
    with pytest.raises(KeyLifeError) as retired:
        desk.retire("status-1", OPERATOR, reason="end", leave_none=True)
    with pytest.raises(KeyLifeError) as stolen:
        desk.compromise("status-1", keyed_house.clock.now, OPERATOR, reason="stolen")
    assert (retired.value.code, stolen.value.code) == ("status_key_last", "status_key_last")
    case = keyed_house.approved()
    desk.retire("cert-1", OPERATOR, reason="end", leave_none=True)
    assert code(keyed_house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "key_missing")


def test_steps_that_make_no_sense_are_refused(keyed_house: CourtHouse, desk: KeyDesk) -> None:
    with pytest.raises(KeyLifeError) as unknown:
        desk.activate("cert-9", OPERATOR, reason="-")
    assert unknown.value.code == "key_unknown"
    with pytest.raises(KeyLifeError) as taken:
        desk.create("cert-1", KeyUsage.CERTIFICATE, OPERATOR, reason="-")
    assert taken.value.code == "key_name_taken"
    with pytest.raises(LifecycleError):
        desk.create("Cert 2", KeyUsage.CERTIFICATE, OPERATOR, reason="-")
    with pytest.raises(LifecycleError):
        desk.activate("cert-1", OPERATOR, reason="-", now=True)
    with pytest.raises(KeyLifeError) as future:
        desk.compromise("cert-1", keyed_house.clock.now + timedelta(seconds=1), OPERATOR, reason="-")
    assert future.value.code == "compromise_in_future"
    assert len(read_entries(keyed_house.issuer.settings.keys_folder)) == 2


def test_the_same_key_is_not_staged_twice(desk: KeyDesk, keyed: Issuer) -> None:
    before = (keyed.settings.keys_folder / RECORDS_FILE).read_bytes()
    with pytest.raises(DocumentError) as refusal:
        desk.stage("cert-2", KeyUsage.CERTIFICATE, "cert-1.pem", OPERATOR, reason="-")
    assert refusal.value.code == "key_ambiguous"
    assert (keyed.settings.keys_folder / RECORDS_FILE).read_bytes() == before


def test_a_key_file_of_an_interrupted_run_is_taken_over(desk: KeyDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(desk_module, "write_entries", _full_disk)
        with pytest.raises(OSError, match="space"):
            desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    made = desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    assert made.entry.record.state is KeyState.STAGED


def test_a_key_that_cannot_sign_is_not_activated(keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer) -> None:
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    (keyed.settings.keys_folder / "cert-2.pem").unlink()
    with pytest.raises(KeyStoreError):
        desk.activate("cert-2", OPERATOR, reason="rotation", now=True)
    assert key_of(keyed_house, keyed_house.certificate()) == "cert-1"


# --- compromise ------------------------------------------------------------------------------------------------------


def test_after_a_compromise_nothing_that_the_key_signed_passes(keyed_house: CourtHouse, desk: KeyDesk) -> None:
    before = keyed_house.certificate()
    moment = keyed_house.clock.advance(hours=1)
    after = keyed_house.certificate(other_case())
    rotated(keyed_house, desk)
    said = [text.en for text in Effects(desk).of_compromise("cert-1", moment)]
    assert said[0].startswith(
        "After this 2 certificate(s) signed by cert-1 will be refused (key_compromised): 1 signed"
    )
    desk.compromise("cert-1", moment, OPERATOR, reason="stolen")
    assert verdicts(keyed_house, before) == verdicts(keyed_house, after) == ["key_compromised"] * 3
    # The one relaxation: what is dated before the moment, by the word of whoever holds the key.
    relaxed = {"unsafe_trust_dates_of_compromised_keys": True}
    assert verdicts(keyed_house, before, **relaxed) == ["ok"] * 3
    assert verdicts(keyed_house, after, **relaxed) == ["key_compromised"] * 3
    with pytest.raises(LifecycleError):
        desk.compromise("cert-1", moment, OPERATOR, reason="again")


def test_a_compromised_status_key_is_replaced_in_one_publication(keyed_house: CourtHouse, desk: KeyDesk) -> None:
    certificate = keyed_house.certificate()
    desk.create("status-2", KeyUsage.STATUS, OPERATOR, reason="stolen")
    keyed_house.clock.advance(seconds=1)
    desk.activate("status-2", OPERATOR, reason="stolen", now=True)
    changed = desk.compromise("status-1", keyed_house.clock.now, OPERATOR, reason="stolen")
    assert changed.publication.published
    assert verdicts(keyed_house, certificate) == ["ok", "ok", "ok"]


# --- audit trail, crashes, lost keys ---------------------------------------------------------------------------------


def _full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_every_step_is_in_the_register_with_its_actor_and_reason(
    desk: KeyDesk, keyed: Issuer, clock: StandingClock
) -> None:
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="yearly rotation")
    clock.advance(seconds=1)
    desk.activate("cert-2", OPERATOR, reason="in a hurry", now=True)
    with keyed.office.reading() as store:
        found = [(row.action, row.from_state, row.to_state, row.actor_name, row.reason) for row in store.key_events()]
    assert found == [
        ("create", None, "staged", "command-line: tester", "yearly rotation"),
        ("activate", "staged", "active", "command-line: tester", "in a hurry"),
    ]


def test_what_cannot_be_written_is_not_done(desk: KeyDesk, keyed: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (keyed.settings.keys_folder / RECORDS_FILE).read_bytes()
    monkeypatch.setattr(desk_module, "write_entries", _full_disk)
    with pytest.raises(OSError, match="space"):
        desk.retire("cert-1", OPERATOR, reason="-", leave_none=True)
    assert (keyed.settings.keys_folder / RECORDS_FILE).read_bytes() == before
    with keyed.office.reading() as store:
        assert list(store.key_events()) == []
        assert list(store.pending_publications()) == []


def test_a_crash_between_file_and_register_is_made_up_for(
    desk: KeyDesk, keyed: Issuer, keyed_house: CourtHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is the truth: the audit record and the publication that the crash took are made at the next start."""

    def dies_afterwards(folder: Path, entries: Any) -> None:
        write_entries(folder, entries)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(desk_module, "write_entries", dies_afterwards)
        with pytest.raises(KeyboardInterrupt):
            desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    with keyed.office.reading() as store:
        assert list(store.key_events()) == []
    keyed.tend()
    with keyed.office.reading() as store:
        [event] = store.key_events()
        assert (event.action, event.reason) == ("create", "rotation")
        assert store.published_key(desk.entry("cert-2").record.public_key_multibase) is not None
    assert catch_up(keyed.office, keyed.settings.keys_folder) == 0
    assert any(
        key.method_ids for key in trust(keyed, keyed_house.clock.now).issuers.values().__iter__().__next__().keys
    )


def test_lost_keys_can_be_replaced(
    keyed_house: CourtHouse, publisher_template: PublisherTemplate, key_folder: Path
) -> None:
    """The runbook of the lost module: both keys are gone, and the desk opens all the same."""
    keyed, clock = keyed_house.issuer, keyed_house.clock
    certificate = keyed_house.certificate()
    for name in ("cert-1", "status-1"):
        (keyed.settings.keys_folder / f"{name}.pem").unlink()
    with closing(keyed_issuer(keyed.settings.data, publisher_template, key_folder, clock=clock)) as issuer:
        with pytest.raises(KeyStoreError):
            issuer.keys.current().require_signers()
        desk = KeyDesk(issuer)
        assert not desk.create("status-2", KeyUsage.STATUS, OPERATOR, reason="module lost").publication.published
        desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="module lost")
        clock.advance(seconds=1)
        assert desk.activate("status-2", OPERATOR, reason="module lost", now=True).publication.published
        desk.activate("cert-2", OPERATOR, reason="module lost", now=True)
        clock.advance(seconds=1)
        for name in ("status-1", "cert-1"):
            desk.retire(name, OPERATOR, reason="module lost")
        issuer.keys.current().require_signers()
    new = keyed_house.certificate(other_case())
    assert verdicts(keyed_house, certificate) == verdicts(keyed_house, new) == ["ok"] * 3


def test_damaged_records_stop_the_server_from_signing(keyed_house: CourtHouse, keyed: Issuer) -> None:
    case = keyed_house.approved()
    path = keyed.settings.keys_folder / RECORDS_FILE
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    answer = keyed_house.post(f"{case}/issuance", {}, "sealOperator")
    assert code(answer) == (503, "key_records_damaged")


def test_two_steps_at_once_come_one_after_the_other(desk: KeyDesk, keyed: Issuer) -> None:
    with locked(keyed.settings.data):
        threads = [
            threading.Thread(
                target=desk.create, args=(f"cert-{n}", KeyUsage.CERTIFICATE, OPERATOR), kwargs={"reason": "-"}
            )
            for n in (2, 3)
        ]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(60)
    names = {entry.record.name for entry in read_entries(keyed.settings.keys_folder)}
    assert names == {"cert-1", "status-1", "cert-2", "cert-3"}
    with keyed.office.reading() as store:
        assert {event.key_name for event in store.key_events()} == {"cert-2", "cert-3"}


def test_the_lead_time_is_the_courts_own(keyed: Issuer, clock: StandingClock) -> None:
    court = keyed.office.court.model_copy(update={"keys": keyed.office.court.keys.model_copy(update={"lead_hours": 1})})
    issuer = replace(keyed, office=replace(keyed.office, court=court))
    desk = KeyDesk(issuer)
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="-")
    clock.advance(minutes=59)
    with pytest.raises(KeyLifeError):
        desk.activate("cert-2", OPERATOR, reason="-")
    clock.advance(minutes=1)
    assert desk.activate("cert-2", OPERATOR, reason="-").entry.record.valid_from == clock.now
