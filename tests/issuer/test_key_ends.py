"""How a key ends, as lenders see it: withdrawn before it was used, or compromised since an earlier moment than said."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from support.keyed import OPERATOR, WORDS_THAT_OPEN
from support.office import CourtHouse
from xinzheng_issuer.errors import KeyLifeError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.issuing.court_keys import NamedSigner
from xinzheng_issuer.issuing.rehearsal import sign_forms
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.keylife.effects import Effects
from xinzheng_issuer.publishing.known_keys import forgotten_by
from xinzheng_keys.custody import open_signer
from xinzheng_keys.errors import LifecycleError
from xinzheng_schemas import strict_json
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage
from xinzheng_verifier import Policy, TrustStore, Verifier

FORMS = ("credential.json", "credential.jwt", "credential.qr.txt")


@pytest.fixture
def desk(keyed: Issuer) -> KeyDesk:
    return KeyDesk(keyed)


def forms_of(house: CourtHouse, certificate: dict[str, Any]) -> list[bytes]:
    number = certificate["certificateNumber"]
    return [house.get(f"/api/v1/certificates/{number}/{name}").content for name in FORMS]


def codes(house: CourtHouse, forms: Sequence[bytes | str], **policy: Any) -> list[str]:
    """What a lender with the newest bundle finds."""
    publisher, now = house.issuer.outbox.publisher, house.clock.now
    assert publisher.latest is not None
    trust = TrustStore.from_bundle(publisher.latest.path.read_bytes(), root=publisher.root, at=now)
    return [Verifier(trust, policy=Policy(**policy)).report(form, at=now).code for form in forms]


def test_a_staged_key_that_is_not_wanted_is_withdrawn(keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer) -> None:
    """Its window closes, what other keys signed passes as before, and nobody takes the key for a forgotten one."""
    certificate = keyed_house.certificate()
    forms = forms_of(keyed_house, certificate)
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="a slip")
    signer = open_signer((keyed.settings.keys_folder / "cert-2.pem").as_uri(), passphrase=WORDS_THAT_OPEN.encode)
    staged = json.dumps(keyed.keys.current().issuer_document()).encode()
    keyed_house.clock.advance(hours=1)
    planned = desk.rehearsal().retire("cert-2", OPERATOR, reason="a slip").entry
    said = next(text.en for text in Effects(desk).of_retirement(planned, leave_none=False))
    assert said.startswith("cert-2 was never taken into use")
    withdrawn = desk.retire("cert-2", OPERATOR, reason="a slip")
    assert (withdrawn.entry.record.state, withdrawn.publication.published) == (KeyState.RETIRED, True)
    assert codes(keyed_house, forms) == ["ok"] * 3
    retired = json.dumps(keyed.keys.current().issuer_document()).encode()
    assert (forgotten_by(retired, staged), [each.step for each in forgotten_by(staged, retired)]) == ([], ["retire"])
    assert keyed.outbox.forgotten_keys() == []
    with pytest.raises(LifecycleError):
        desk.activate("cert-2", OPERATOR, reason="-", now=True)

    # Whoever has the private key can sign nothing any more that bears a later date.
    now, court = keyed_house.clock.advance(hours=1), keyed.keys.current()
    with keyed.office.reading() as store:
        credential = strict_json.loads_object(store.issued_certificate(certificate["certificateNumber"])[0].unsigned)
    key = NamedSigner(signer, f"{court.court.did}#cert-2", f"{court.court.did}#cert-2-jwk")
    later = sign_forms({**credential, "validFrom": format_timestamp(now)}, key, court.identity, at=now)
    assert codes(keyed_house, [later.json_ld, later.jwt, later.qr]) == ["key_expired"] * 3


@pytest.mark.parametrize("usage", KeyUsage)
def test_no_window_closes_before_the_last_signature_of_a_clock_that_was_ahead(
    keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer, usage: KeyUsage
) -> None:
    """Or the present one is behind: either way what the key signed passes, and the trail knows the same end."""
    name, clock = ("cert" if usage is KeyUsage.CERTIFICATE else "status"), keyed_house.clock
    last = clock.advance(hours=1)
    forms = forms_of(keyed_house, keyed_house.certificate())
    clock.now -= timedelta(hours=1)
    desk.create(f"{name}-2", usage, OPERATOR, reason="yearly change")
    clock.advance(seconds=1)
    desk.activate(f"{name}-2", OPERATOR, reason="yearly change", now=True)
    planned = desk.rehearsal().retire(f"{name}-1", OPERATOR, reason="yearly change").entry
    said = " ".join(text.en for text in Effects(desk).of_retirement(planned, leave_none=False))
    assert f"its window, which closes at {format_timestamp(last)}, for it signed" in said
    retired = desk.retire(f"{name}-1", OPERATOR, reason="yearly change").entry
    assert (retired.record.valid_until, retired.changes[-1].moment) == (last, last)
    assert keyed.outbox.forgotten_keys() == []
    clock.now = last + timedelta(hours=2)
    assert keyed.outbox.renew().published
    assert codes(keyed_house, forms) == ["ok"] * 3
    desk = KeyDesk(keyed)
    desk.create(f"{name}-3", usage, OPERATOR, reason="next change")
    clock.advance(seconds=1)
    desk.activate(f"{name}-3", OPERATOR, reason="next change", now=True)
    planned = desk.rehearsal().retire(f"{name}-2", OPERATOR, reason="next change").entry
    said = " ".join(text.en for text in Effects(desk).of_retirement(planned, leave_none=False))
    assert "its window, which closes now. " in said


def test_what_was_told_of_a_staged_key_does_not_retire_one_that_signs_by_now(
    keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer
) -> None:
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="yearly change")
    keyed_house.clock.advance(hours=1)
    desk.rehearsal().retire("cert-2", OPERATOR, reason="a slip")
    KeyDesk(keyed).activate("cert-2", OPERATOR, reason="yearly change", now=True)
    with pytest.raises(KeyLifeError) as refused:
        desk.retire("cert-2", OPERATOR, reason="a slip")
    assert (refused.value.code, desk.entry("cert-2").record.state) == ("keys_changed", KeyState.ACTIVE)
    keyed_house.clock.advance(hours=1)
    desk.rehearsal().retire("cert-2", OPERATOR, reason="a slip")
    assert desk.retire("cert-2", OPERATOR, reason="a slip").entry.record.state is KeyState.RETIRED


def test_the_moment_of_a_compromise_can_be_made_earlier_and_stays_so(
    keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer
) -> None:
    forms = forms_of(keyed_house, keyed_house.certificate())
    first = keyed_house.clock.advance(hours=2)
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    keyed_house.clock.advance(seconds=1)
    desk.activate("cert-2", OPERATOR, reason="rotation", now=True)
    desk.compromise("cert-1", first, OPERATOR, reason="stolen")
    relaxed = {"unsafe_trust_dates_of_compromised_keys": True}
    assert codes(keyed_house, forms, **relaxed) == ["ok"] * 3
    before, earlier = json.dumps(keyed.keys.current().issuer_document()).encode(), first - timedelta(hours=3)
    said = [text.en for text in Effects(desk).of_compromise("cert-1", earlier)]
    assert said[0].startswith(f"cert-1 is said to be compromised since {format_timestamp(first)}; that becomes ")
    keyed_house.clock.advance(hours=1)
    assert desk.compromise("cert-1", earlier, OPERATOR, reason="the police found more").publication.published
    assert codes(keyed_house, forms, **relaxed) == ["key_compromised"] * 3
    # The trail has both, and neither it nor what was published takes the later one for what is true.
    with keyed.office.reading() as store:
        told = [(row.moment, row.from_state, row.to_state) for row in store.key_events("cert-1")]
    assert told == [(first, "active", "compromised"), (earlier, "compromised", "compromised")]
    assert keyed.outbox.forgotten_keys() == []
    after = json.dumps(keyed.keys.current().issuer_document()).encode()
    assert (forgotten_by(after, before), [each.step for each in forgotten_by(before, after)]) == ([], ["compromise"])
    with pytest.raises(LifecycleError) as later:
        desk.compromise("cert-1", first, OPERATOR, reason="after all")
    assert later.value.code == "compromise_not_earlier"
