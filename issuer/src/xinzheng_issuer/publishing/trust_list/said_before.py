"""What a province's documents said of the keys of its courts: it stays said, whatever lies between.

Every signed document but the one at hand counts, one of a higher number too, each by itself:

    a word      what one document says of one key of a court, by the issuer document that it lists
    disowned    by its own line in the reviewed configuration, `420683/cert-3 in 2.province-42.json`, or with all that
                the document says of the court, `420683/issuer.json in …`; the same word of another document stands
    missing     a word that stands, and of which the issuer document at hand says less
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.known_keys import forgotten_by, listed_keys
from xinzheng_issuer.publishing.trust_list.documents import issuer_path
from xinzheng_issuer.publishing.trust_list.known import Compared, Source, disowning
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder, sha256
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas.errors import CodedError
from xinzheng_verifier.trust.names import target_name

_ALL = "issuer.json"
"""In the place of a key's name: all that a document says of a court's keys."""


def check_said(
    issuers: Mapping[str, bytes], documents: Iterable[Source], *, folder: WorkFolder, disowned: Collection[str]
) -> list[Compared]:
    """See that nothing is missing that was said of a key of any court; refusals name all lines at once.

    Args:
        issuers: code of each court → the issuer document that the document at hand lists.
        documents: the others.
        folder: where the issuer documents lie that they list.
        disowned: by the configuration.

    Returns:
        What is disowned, of what was found.

    Raises:
        TrustListError: `ceremony_key_disowned`, `ceremony_court_key_disowned`, what the configuration disowns is said
            once more; `ceremony_issuer_missing`, what was said is not at hand; `ceremony_keys_forgotten`.
    """
    said = list(documents)
    courts = [_Court(code, issuer, said, folder=folder, disowned=disowned) for code, issuer in issuers.items()]
    if whole := [f"{court.code}/{_ALL}" for court in courts if court.is_disowned()]:
        raise TrustListError("ceremony_key_disowned", field=", ".join(whole))
    if again := [each for court in courts for each in court.said_again()]:
        keys, instead = (", ".join(dict.fromkeys(lines)) for lines in zip(*again, strict=True))
        raise TrustListError("ceremony_court_key_disowned", field=keys, instead=instead)
    if missing := [name for court in courts for name in court.missing()]:
        raise TrustListError("ceremony_issuer_missing", name=", ".join(missing))
    if forgotten := {court.code: lines for court in courts if (lines := list(court.forgotten()))}:
        keys = ", ".join(line for lines in forgotten.values() for line in lines)
        raise TrustListError("ceremony_keys_forgotten", field=", ".join(forgotten), keys=keys)
    return [each for court in courts for each in court.nobodys()]


class _Court:
    """One court: the issuer document at hand of it, and those that the other documents list."""

    def __init__(
        self, code: str, issuer: bytes, documents: Iterable[Source], *, folder: WorkFolder, disowned: Collection[str]
    ) -> None:
        self.code, self._issuer, self._digest, self._path = code, issuer, sha256(issuer), issuer_path(code)
        self._disowned = {line for line in disowned if line.startswith(f"{code}/")}
        self._listing = [source for source in documents if self._path in source.issuers]
        self._standing = [source for source in self._listing if not self._is_disowned(source, _ALL)]
        digests = {self._listed(source) for source in self._listing} - {self._digest}
        self._contents = {self._digest: issuer, **{each: folder.target(self._path, each) for each in digests}}
        self._known = {digest: _keys_in(content) for digest, content in self._contents.items()}

    # --- what is disowned ---------------------------------------------------------------------------------------------

    def nobodys(self) -> Iterator[Compared]:
        """What is disowned."""
        for source in self._listing:
            for key in (_ALL, *(record.name for record in self._words(source))):
                if self._is_disowned(source, key):
                    yield source.nobodys(f"{self.code}/{key}", self._listed(source))

    def is_disowned(self) -> bool:
        """Whether all that is at hand is, and no document says it whose word stands."""
        listed, stand = (set(map(self._listed, found)) for found in (self._listing, self._standing))
        return self._digest in listed - stand

    def said_again(self) -> Iterator[tuple[str, str]]:
        """Each key at hand that is disowned, or what is said of it, and the line that takes away all but the key."""
        stand = {record for source in self._standing for record in self._words(source, standing=True)}
        owned = {record.public_key_multibase for record in stand}
        nobodys = [
            (source, record)
            for source in self._listing
            for record in self._words(source)
            if self._is_disowned(source, record.name)
        ]
        for mine in self._known[self._digest]:
            for source, record in nobodys:
                is_same_key = record.public_key_multibase == mine.public_key_multibase
                if (is_same_key and mine.public_key_multibase not in owned) or (record == mine and mine not in stand):
                    yield f"{self.code}/{mine.name}", self._line(source, _ALL)

    # --- what is missing ----------------------------------------------------------------------------------------------

    def missing(self) -> Iterator[str]:
        """Files that are not at hand, each with the document that lists it."""
        for source in self._standing:
            if self._contents[self._listed(source)] is None:
                yield disowning(target_name(self._path, self._listed(source)), source.name)

    def forgotten(self) -> Iterator[str]:
        """The lines of all words that are missing, each with the steps that are not at hand.

        Of a key at hand, the court's own, of which no other word stands, the line is that of all that the document
        says: with its own line the key would be nobody's (`said_again`).
        """
        lost = {digest: self._lost(content) for digest, content in self._contents.items()}
        alone = {record.public_key_multibase for record in self._known[self._digest]}
        for source in self._standing if any(lost.values()) else ():
            kept = (each for each in self._words(source, standing=True) if each.name not in lost[self._listed(source)])
            alone -= {each.public_key_multibase for each in kept}
        for source in self._standing:
            own = {record.name for record in self._words(source) if record.public_key_multibase in alone}
            steps: dict[str, list[str]] = {}
            for name, step in lost[self._listed(source)].items():
                if not self._is_disowned(source, name):
                    key, word = (_ALL, f"{name}: {step}") if name in own else (name, step)
                    steps.setdefault(self._line(source, key), []).append(word)
            yield from (f"{line} ({'; '.join(words)})" for line, words in steps.items())

    def _lost(self, content: bytes | None) -> Mapping[str, str]:
        """Key → the step that is not at hand; of an issuer document that cannot be compared why."""
        try:
            forgotten = forgotten_by(self._issuer, content or b"") if content != self._issuer else []
        except CodedError as error:
            return {_ALL: error.code}
        return {each.record.name: each.step for each in forgotten}

    # --- words --------------------------------------------------------------------------------------------------------

    def _words(self, source: Source, *, standing: bool = False) -> Iterator[KeyRecord]:
        """What a document says of keys, all of it or what stands."""
        for record in self._known[self._listed(source)]:
            if not standing or not self._is_disowned(source, record.name):
                yield record

    def _listed(self, source: Source) -> str:
        """Digest of the issuer document that a document lists."""
        return source.issuers[self._path]

    def _is_disowned(self, source: Source, key: str) -> bool:
        return bool(self._disowned) and self._line(source, key) in self._disowned

    def _line(self, source: Source, key: str) -> str:
        """By which the configuration disowns what a document says of a key."""
        return disowning(f"{self.code}/{key}", source.name)


def _keys_in(issuer: bytes | None) -> tuple[KeyRecord, ...]:
    """The keys in an issuer document; none, if it is not at hand or cannot be read."""
    try:
        return listed_keys(issuer or b"")
    except CodedError:
        return ()
