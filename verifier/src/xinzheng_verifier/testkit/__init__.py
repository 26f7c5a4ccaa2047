"""FAKE issuers for other people's tests: real signatures by keys that nobody keeps. Never a part of production.

    from xinzheng_verifier.testkit import FakeCourt

    court = FakeCourt(now=datetime(2026, 11, 23, 9, tzinfo=UTC))
    certificate = court.certificate(name="王某", identity="42068319900101001X")
    report = Verifier(court.trust()).report(certificate.jwt, at=court.now)

    FakeCourt        issues Credit Repair Certificates, revokes and suspends them; profile "court"
    FakeIssuer       issues any other credential of the VC Data Model 2.0; profile "vcdm"
    FakeCertificate  one certificate in its forms: JSON-LD, JWT, QR text
    FakeCredential   one credential in its forms: JSON-LD, JWT
    PERSON, OTHER_PERSON, COMPANY  numbers of made-up people and of a made-up company
    Situation, Case  the catalogue: good, expired, revoked, forged …, each with the verdict and code that it must get

Everything is made in memory with fresh keys; nothing is read, written or fetched, and no clock is read. Every
identifier lies under `.example`, where no real host is (RFC 2606), and the court's name says that it is none. Trust
that comes from here must never reach a program that decides: whoever runs the kit can sign whatever they like.
"""

from xinzheng_verifier.testkit.cases import Case, Situation
from xinzheng_verifier.testkit.court import FakeCourt
from xinzheng_verifier.testkit.credentials import FakeCertificate, FakeCredential
from xinzheng_verifier.testkit.issuer import FakeIssuer
from xinzheng_verifier.testkit.keys import COMPANY, OTHER_PERSON, PERSON

__all__ = [
    "COMPANY",
    "OTHER_PERSON",
    "PERSON",
    "Case",
    "FakeCertificate",
    "FakeCourt",
    "FakeCredential",
    "FakeIssuer",
    "Situation",
]
