"""Bitstring Status List credentials (W3C Bitstring Status List 1.0, section 2.2), made from what the register says.

A list is never edited: each is derived anew from the set of indexes. It bears no names and no reasons, and has 131,072
entries however few certificates there are, so that it cannot serve as a list of persons.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from xinzheng_issuer.issuing.forms import sign_data_integrity
from xinzheng_issuer.issuing.suites import DEFAULT_CRYPTOSUITE, Cryptosuite
from xinzheng_keys.signer import Signer
from xinzheng_schemas import bitstring
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.timestamps import format_timestamp

StatusPurpose = Literal["revocation", "suspension"]

ENTRIES = bitstring.MINIMUM_BYTES * 8
"""Entries of every list: 131,072, the least that section 6.1 allows."""


def status_list_credential(
    indexes: Iterable[int],
    *,
    url: str,
    issuer: str,
    purpose: StatusPurpose,
    sequence: int,
    valid_from: datetime,
    valid_until: datetime,
) -> dict[str, object]:
    """One status list, unsigned.

    Args:
        indexes: entries that are set, from 0 to `ENTRIES` − 1, in any order.
        url: address of the list; its `id`, and what certificates name as `statusListCredential`.
        issuer: DID of the court.
        purpose: what a set entry means.
        sequence: number of this edition of the list; each is higher than the one before it.
        valid_from: when the list was made, aware; the status of every certificate is known as of this moment.
        valid_until: until when it may be relied on at all, aware.

    Raises:
        BitstringError: (schemas) `status_range`.
    """
    bits = bytearray(bitstring.MINIMUM_BYTES)
    for index in indexes:
        bitstring.set_bit(bits, index)
    return {
        "@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": format_timestamp(valid_from),
        "validUntil": format_timestamp(valid_until),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": bitstring.encode(bits),
            "sequence": sequence,
        },
    }


def sign_status_list(
    credential: Mapping[str, object],
    signer: Signer,
    *,
    verification_method: str,
    created: datetime,
    cryptosuite: Cryptosuite = DEFAULT_CRYPTOSUITE,
) -> bytes:
    """The JSON text of a status list with its Data Integrity proof: what is served, and what goes into the bundle.

    Args:
        credential: what `status_list_credential` made.
        signer: the court's status key.
        verification_method: DID URL of that key's Multikey method.
        created: when the proof is made, aware.
        cryptosuite: of the proof.

    Raises:
        IssuingError: `already_secured`, `signer_unsuitable`.
    """
    signed = sign_data_integrity(
        credential, signer, verification_method=verification_method, created=created, cryptosuite=cryptosuite
    )
    return json.dumps(signed, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
