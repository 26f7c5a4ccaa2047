"""Roots that whoever can write a publication folder, or hands over a bundle, makes without any key of the owner."""

import copy
from typing import Any

from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata

from xinzheng_issuer.publishing.bundle_keys import KEY_MEMBER
from xinzheng_verifier.trust.archive import Archive, pack


def foreign_root(genuine: bytes, *, version: int, beside: bool = False, name: str = "") -> bytes:
    """A root of somebody's own that names the owner's online keys: their public halves are public.

    Args:
        genuine: a root of the owner.
        version: what the made one says.
        beside: name the owner's root keys too; one signature is enough.
        name: what the made root calls its key, as a root of a bundle that was begun anew does; empty for no name.
    """
    signer = CryptoSigner.generate_ed25519()
    metadata: Metadata[Any] = Metadata.from_bytes(genuine)
    root = copy.deepcopy(metadata.signed)
    root.version = version
    for key_id in () if beside else list(root.roles["root"].keyids):
        root.revoke_key(key_id, "root")
    plain = signer.public_key
    members = {KEY_MEMBER: name} if name else {}
    root.add_key(SSlibKey(plain.keyid, plain.keytype, plain.scheme, plain.keyval, members), "root")
    root.roles["root"].threshold = 1
    made: Metadata[Any] = Metadata(root)
    made.sign(signer)
    return made.to_bytes()


def repacked(bundle: bytes, **roots: bytes) -> bytes:
    """The bundle with other roots; `root_2=…` is `metadata/2.root.json`."""
    files = {f"metadata/{name.removeprefix('root_')}.root.json": content for name, content in roots.items()}
    return pack({**dict(Archive(bundle)), **files})
