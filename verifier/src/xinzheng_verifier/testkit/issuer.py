"""Fake issuers: who they are, their keys, what they issue and revoke, and the trust store that knows all of it."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from xinzheng_schemas import bitstring
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_verifier.testkit import credentials
from xinzheng_verifier.testkit.cases import Case, generic_cases
from xinzheng_verifier.testkit.credentials import FakeCredential
from xinzheng_verifier.testkit.keys import FakeKey, KeyName, controller_document
from xinzheng_verifier.trust.store import TrustStore

PURPOSES: Final = ("revocation", "suspension")

_STATUS = "status"
_FIRST_INDEX = 1_000
_YEAR, _MONTH, _WEEK = timedelta(days=365), timedelta(days=30), timedelta(days=7)


class _Change(NamedTuple):
    """One change of an entry; a moment of None is that of the list's making."""

    at: datetime | None
    place: int
    is_set: bool


class FakeParty:
    """What fake issuers and fake courts have in common.

    Args:
        now: the aware moment around which everything is made; credentials are in force then.
        host: where it would live if it were real; must end in `.example`.
        path: further part of the DID.

    Attributes:
        now: that moment.
        did: its identifier, `did:web:…`.

    Raises:
        ValueError: the host could be a real one, or `now` has no zone.
    """

    def __init__(self, *, now: datetime, host: str, path: str) -> None:
        if not host.endswith(".example"):
            raise ValueError("the host of a fake issuer must end in .example")
        if now.utcoffset() is None:
            raise ValueError("now must be an aware datetime")
        self.now = now
        self.did = f"did:web:{host}{path}"
        self._host = host
        self._keys = _fresh_keys(now)
        self._status_key = FakeKey(name=_STATUS, usage=KeyUsage.STATUS, valid_from=now - 2 * _YEAR)
        self._changes: dict[str, list[_Change]] = {purpose: [] for purpose in PURPOSES}
        self._next_index = _FIRST_INDEX

    # --- what happens to a credential -----------------------------------------------------------------------------

    def revoke(self, issued: FakeCredential, *, at: datetime | None = None) -> None:
        """Trust made from now on says that it is revoked.

        Args:
            issued: the credential.
            at: since when, aware; None is when the status list is made.
        """
        self._changes["revocation"].append(_Change(at, issued.index, is_set=True))

    def suspend(self, issued: FakeCredential, *, at: datetime | None = None) -> None:
        """Trust made from now on says that it is suspended; arguments as for `revoke`."""
        self._changes["suspension"].append(_Change(at, issued.index, is_set=True))

    def reinstate(self, issued: FakeCredential, *, at: datetime | None = None) -> None:
        """Trust made from now on says that it is neither suspended nor revoked; arguments as for `revoke`."""
        for changes in self._changes.values():
            changes.append(_Change(at, issued.index, is_set=False))

    # --- what a lender receives -----------------------------------------------------------------------------------

    def trust(self, *, status_made_at: datetime | None = None, without_status: bool = False) -> TrustStore:
        """A store that trusts this issuer and nobody else.

        Args:
            status_made_at: when the status lists were made; None is ten minutes before `now`.
            without_status: leave the status lists and their journals out.
        """
        lists = [] if without_status else self.status_lists(made_at=status_made_at)
        changes = [] if without_status else self.status_changes(made_at=status_made_at)
        return TrustStore.from_documents([self.trust_document()], lists, self.contexts(), status_changes=changes)

    def trust_document(self) -> JSONObject:
        """The document that makes its keys known: what `xinzheng-verify --controller` takes."""
        return controller_document(self.did, (*self._keys.values(), self._status_key))

    def contexts(self) -> dict[str, JSONObject]:
        """JSON-LD contexts that its credentials name besides the bundled ones, by URL."""
        return {}

    def status_lists(self, *, made_at: datetime | None = None) -> list[JSONObject]:
        """The signed status lists, for revocation and for suspension: what `--status-list` takes.

        Args:
            made_at: their `validFrom`; they count as current for a week from then. None is ten minutes before `now`.
        """
        return [self._status_list(purpose, self._made_at(made_at)) for purpose in PURPOSES]

    def status_changes(self, *, made_at: datetime | None = None) -> list[JSONObject]:
        """The signed journals of what changed in those lists: what `--status-changes` takes.

        Args:
            made_at: when the lists were made, as for `status_lists`; the journals begin two years before `now`.
        """
        return [self._status_changes(purpose, self._made_at(made_at)) for purpose in PURPOSES]

    # --- signing --------------------------------------------------------------------------------------------------

    def _status_list(self, purpose: str, made_at: datetime) -> JSONObject:
        bits = bytearray(bitstring.MINIMUM_BYTES)
        for _, index, value in self._history(purpose, made_at):
            bitstring.set_bit(bits, index, value=bool(value))
        url = self._status_url(purpose)
        unsigned: JSONObject = {
            "@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1],
            "id": url,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.did,
            "validFrom": format_timestamp(made_at),
            "validUntil": format_timestamp(made_at + _WEEK),
            "credentialSubject": {
                "id": f"{url}#list",
                "type": "BitstringStatusList",
                "statusPurpose": purpose,
                "encodedList": bitstring.encode(bits),
                "sequence": 1,
            },
        }
        return credentials.sign_document(unsigned, self._status_key, did=self.did, shown=unsigned)

    def _status_changes(self, purpose: str, made_at: datetime) -> JSONObject:
        url = self._status_url(purpose)
        unsigned: JSONObject = {
            "@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1],
            "id": f"{url}#changes",
            "type": "StatusListChanges",
            "issuer": self.did,
            "list": url,
            "sequence": 1,
            "since": format_timestamp(self.now - 2 * _YEAR),
            "changes": [[*change] for change in self._history(purpose, made_at)],
        }
        created = format_timestamp(made_at)
        return credentials.sign_document(unsigned, self._status_key, did=self.did, shown=unsigned, created=created)

    def _history(self, purpose: str, made_at: datetime) -> list[tuple[int, int, int]]:
        """What changed up to a moment: seconds since 1970, index, value; in order of time."""
        dated = [(change.at or made_at, change) for change in self._changes[purpose]]
        found: list[tuple[int, int, int]] = []
        is_set: set[int] = set()
        for at, change in sorted(dated, key=lambda each: each[0]):
            if at > made_at or change.is_set == (change.place in is_set):
                continue
            (is_set.add if change.is_set else is_set.discard)(change.place)
            found.append((int(at.timestamp()), change.place, int(change.is_set)))
        return found

    def _made_at(self, moment: datetime | None) -> datetime:
        return self.now - timedelta(minutes=10) if moment is None else moment

    def _status_url(self, purpose: str) -> str:
        return f"https://{self._host}/status/1/{purpose}"

    def _new_index(self) -> int:
        self._next_index += 1
        return self._next_index - 1

    def _status_entries(self, index: int) -> list[JSONValue]:
        return [
            {
                "type": "BitstringStatusListEntry",
                "statusPurpose": purpose,
                "statusListIndex": str(index),
                "statusListCredential": self._status_url(purpose),
            }
            for purpose in PURPOSES
        ]

    def _signing_key(self, name: KeyName, *, forged: bool) -> FakeKey:
        """A key of this issuer; forged is a stranger's key under the same name."""
        key = self._keys[name]
        return FakeKey(name=key.name, usage=key.usage, valid_from=key.valid_from) if forged else key

    def _window(self, valid_from: datetime | None, valid_until: datetime | None) -> JSONObject:
        """By default half a year that began an hour before `now`."""
        since = self.now - timedelta(hours=1) if valid_from is None else valid_from
        until = self.now + timedelta(days=182) if valid_until is None else valid_until
        return {"validFrom": format_timestamp(since), "validUntil": format_timestamp(until)}


class FakeIssuer(FakeParty):
    """A FAKE issuer of any credential of the VC Data Model 2.0, for tests alone; verify with `Policy(profile="vcdm")`.

    Args:
        now: the aware moment around which everything is made.
        host: must end in `.example`.

    Raises:
        ValueError: the host could be a real one, or `now` has no zone.
    """

    TYPE: Final = "FakeMembershipCredential"
    """Type of the credentials that it issues by default."""

    def __init__(self, *, now: datetime, host: str = "fake-issuer.example") -> None:
        super().__init__(now=now, host=host, path="")
        self._context_url = f"https://{host}/contexts/membership/v1"

    def contexts(self) -> dict[str, JSONObject]:
        """The context that explains the members of its membership credentials."""
        base = f"{self._context_url}#"
        names = (self.TYPE, "memberNumber", "memberName")
        terms: JSONObject = {name: f"{base}{name}" for name in names}
        return {self._context_url: {"@context": {"@protected": True, **terms}}}

    def credential(
        self,
        *,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        key: KeyName = "active",
        with_status: bool = True,
        changes: Mapping[str, JSONValue] | None = None,
        forged: bool = False,
        tampered: bool = False,
    ) -> FakeCredential:
        """A membership credential, or with `changes` any other.

        Args:
            valid_from: first moment of validity, aware; by default an hour before `now`.
            valid_until: last moment of validity, aware; by default 182 days after `now`.
            key: which key signs.
            with_status: whether it says where its status is published.
            changes: members that are put in the place of the usual ones before it is signed.
            forged: a stranger signs in the name of this issuer.
            tampered: one character of the subject is changed after the signature was made.
        """
        index = self._new_index()
        credential: JSONObject = {
            "@context": [CREDENTIALS_V2, self._context_url],
            "id": uuid.uuid4().urn,
            "type": ["VerifiableCredential", self.TYPE],
            "issuer": self.did,
            **self._window(valid_from, valid_until),
            "credentialSubject": {"memberNumber": "1024", "memberName": "王某"},
            **({"credentialStatus": self._status_entries(index)} if with_status else {}),
            **(changes or {}),
        }
        shown = credential | ({"credentialSubject": {"memberNumber": "1025", "memberName": "王某"}} if tampered else {})
        signing_key = self._signing_key(key, forged=forged)
        return FakeCredential(
            credential=credential,
            document=credentials.sign_document(credential, signing_key, did=self.did, shown=shown),
            jwt=credentials.sign_jwt(credential, signing_key, did=self.did, shown=shown),
            index=index,
        )

    def cases(self) -> Iterator[Case]:
        """Every situation that other credentials know, in every form, with the answer that it must get."""
        return generic_cases(self)


def _fresh_keys(now: datetime) -> dict[KeyName, FakeKey]:
    usage, since = KeyUsage.CERTIFICATE, now - 2 * _YEAR
    return {
        "active": FakeKey(name="cert-1", usage=usage, valid_from=since),
        "retired": FakeKey(name="cert-retired", usage=usage, valid_from=since, valid_until=now - _YEAR),
        "compromised": FakeKey(name="cert-compromised", usage=usage, valid_from=since, compromised_at=now - _MONTH),
    }
