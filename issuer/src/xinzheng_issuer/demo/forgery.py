"""What a cheat would try: one byte changed, and a look-alike signed with a key of the cheat's own."""

import json
from datetime import datetime

from xinzheng_issuer.issuing.forms import sign_data_integrity
from xinzheng_keys.software_signer import SoftwareSigner

FORGED_DID = "did:web:zaoyang-court.example:did:420683"
"""A DID that looks official and is in nobody's trust list."""


def change_one_byte(document: bytes, text: str) -> bytes:
    """The document with the last digit of the first occurrence of `text` raised by one (9 becomes 8).

    Args:
        document: a signed certificate.
        text: something in it that ends with a digit.

    Raises:
        ValueError: the document does not hold the text.
    """
    place = document.index(text.encode("utf-8")) + len(text.encode("utf-8")) - 1
    digit = int(document[place : place + 1])
    changed = str(digit + 1 if digit < 9 else 8)  # noqa: PLR2004  (the last digit)
    return document[:place] + changed.encode("ascii") + document[place + 1 :]


def forge(document: bytes, *, at: datetime) -> bytes:
    """A look-alike: the same words, another issuer's name of the same sound, and a valid proof by an unknown key."""
    genuine = json.loads(document)
    copied = {name: value for name, value in genuine.items() if name != "proof"} | {"issuer": FORGED_DID}
    signed = sign_data_integrity(
        copied, SoftwareSigner.generate(), verification_method=f"{FORGED_DID}#cert-1", created=at
    )
    return json.dumps(signed, ensure_ascii=False, indent=2).encode("utf-8")
