"""A ceremony whose work folder is new, beside a folder of published files that somebody else can write.

What a holder relies on: whatever lies in that folder, no share signs for a key but the genuine one of its name.
"""

import copy
import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner, Key, SSlibKey
from tuf.api.metadata import Metadata, Root, Targets

from support.country import Country, passphrase_of
from support.lived_country import Lenders
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.trust_list.documents import keys_of_shares, listed_shares
from xinzheng_issuer.publishing.trust_list.known import Compared, Proof
from xinzheng_issuer.publishing.trust_list.shares import public_octets, share_name
from xinzheng_issuer.publishing.trust_list.work_folder import sha256

TARGETS_SHARES = ("targets-1", "targets-2", "targets-3")


def refusal(action: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[str, str]:
    """Code, and the share or the file that it names."""
    with pytest.raises(TrustListError) as caught:
        action(*arguments, **options)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value.code, str(caught.value.field or caught.value.params.get("name", ""))


@pytest.fixture
def published(country: Country) -> Country:
    """A country that is published, whose ceremonies begin with an empty work folder from now on."""
    new_work_folder(country)
    return country


def new_work_folder(country: Country) -> None:
    country.work.rename(country.folder / f"work-{len(list(country.folder.glob('work-*')))}")


def metadata(country: Country, name: str) -> Path:
    return country.folder / "public" / "metadata" / name


def share_signs(country: Country, role: str, name: str, **options: Any) -> None:
    country.step(**options).sign(role, name, passphrase=passphrase_of(name))


def keys_in(path: Path) -> dict[str, bytes]:
    found: Metadata[Any] = Metadata.from_bytes(path.read_bytes())
    return keys_of_shares(found.signed)


class Attacker:
    """Writes the published folder and has no key of the country; keeps the private halves of what he puts in."""

    def __init__(self, country: Country) -> None:
        self.country = country
        self.signers: dict[str, CryptoSigner] = {}
        self.genuine: dict[Path, bytes] = {}

    def swap(self, name: str, shares: Iterable[str]) -> Metadata[Any]:
        """The file with his keys under the names of these shares; the signatures are left standing."""
        path = metadata(self.country, name)
        self.genuine.setdefault(path, path.read_bytes())
        found: Metadata[Any] = Metadata.from_bytes(path.read_bytes())
        holder = found.signed if isinstance(found.signed, Root) else found.signed.delegations
        assert holder is not None
        for owner, share, _ in list(listed_shares(found.signed)):
            if share in shares:
                role = holder.roles[owner]
                old = next(key_id for key_id in role.keyids if share_name(holder.keys[key_id]) == share)
                signer = self.signers.setdefault(share, CryptoSigner.generate_ed25519())
                key = _named(signer, holder.keys.pop(old))
                role.keyids = [key.keyid if key_id == old else key_id for key_id in role.keyids]
                holder.keys[key.keyid] = key
        path.write_bytes(found.to_bytes())
        return found

    def root_of_his_own(self, name: str, shares: Iterable[str]) -> None:
        """A root that stands by itself: genuine root keys beside one of his, a threshold of one, signed by him.

        Signatures of the genuine root stay where they are, and are good no more.
        """
        found = self.swap(name, shares)
        signer = self.signers.setdefault("his own", CryptoSigner.generate_ed25519())
        root = found.signed
        assert isinstance(root, Root)
        root.add_key(signer.public_key, "root")
        root.roles["root"].threshold = 1
        found.sign(signer, append=True)
        metadata(self.country, name).write_bytes(found.to_bytes())

    def targets_of_his_own(self, name: str, shares: Iterable[str], *, by: Iterable[str]) -> None:
        """Targets that his root's keys have signed."""
        found = self.swap(name, shares)
        for share in by:
            found.sign(self.signers[share], append=True)
        metadata(self.country, name).write_bytes(found.to_bytes())

    def leaves(self) -> None:
        """Everything as it was before him."""
        for path, content in self.genuine.items():
            path.write_bytes(content)

    def has_a_key_in(self, path: Path) -> bool:
        his = {public_octets(signer.public_key) for signer in self.signers.values()}
        return not his.isdisjoint(keys_in(path).values())


def _named(signer: CryptoSigner, like: Key) -> Key:
    public = signer.public_key
    return SSlibKey(public.keyid, public.keytype, public.scheme, public.keyval, copy.deepcopy(like.unrecognized_fields))


@pytest.fixture
def attacker(published: Country) -> Attacker:
    return Attacker(published)


# --- what is not signed -----------------------------------------------------------------------------------------------


def test_keys_exchanged_in_a_published_root_are_never_drawn_up_and_the_ceremony_goes_on_without_them(
    published: Country, attacker: Attacker
) -> None:
    country, lenders = published, Lenders(published)
    lenders.join()
    genuine = keys_in(metadata(country, "1.root.json"))
    attacker.swap("1.root.json", TARGETS_SHARES)
    country.change("root")
    assert refusal(country.step().draw_up, "root") == ("ceremony_unsigned", "1.root.json")
    assert not country.work.exists()
    attacker.leaves()
    country.sign("root")
    assert keys_in(country.work / "metadata" / "2.root.json") == genuine
    country.next_day()
    country.hand_in()
    country.publish()
    assert lenders.follow() == {"ok"}


def test_a_provinces_key_exchanged_in_published_targets_is_never_drawn_up(
    published: Country, attacker: Attacker
) -> None:
    genuine = keys_in(metadata(published, "1.targets.json"))
    attacker.swap("1.targets.json", ["province-42-1"])
    published.change("targets")
    assert refusal(published.step().draw_up, "targets") == ("ceremony_unsigned", "1.targets.json")
    attacker.leaves()
    published.sign("targets")
    assert keys_in(published.work / "metadata" / "2.targets.json") == genuine


def test_a_courts_key_exchanged_in_a_published_province_stops_its_province_while_it_lies_there(
    published: Country, attacker: Attacker
) -> None:
    attacker.swap("1.province-42.json", ["court-420683-1"])
    published.change("province-42")
    published.take_from_courts("province-42")
    assert refusal(published.step().draw_up, "province-42") == ("ceremony_unsigned", "1.province-42.json")
    attacker.leaves()
    published.sign("province-42")
    assert not attacker.has_a_key_in(published.work / "metadata" / "2.province-42.json")


def test_a_document_drawn_up_before_the_files_were_exchanged_is_not_signed_beside_them(
    published: Country, attacker: Attacker
) -> None:
    published.change("root")
    published.step().draw_up("root")
    attacker.swap("1.root.json", TARGETS_SHARES)
    assert refusal(share_signs, published, "root", "root-1")[0] == "ceremony_unsigned"
    assert refusal(published.step().assemble, "root")[0] == "ceremony_unsigned"


def test_pipes_and_links_in_the_published_folder_are_not_waited_for(published: Country) -> None:
    path = metadata(published, "1.root.json")
    path.rename(published.folder / "elsewhere.json")
    published.change("root")
    os.mkfifo(path)
    assert refusal(published.step().draw_up, "root")[0] == "ceremony_not_read"
    path.unlink()
    path.symlink_to(published.folder / "elsewhere.json")
    assert refusal(published.step().draw_up, "root")[0] == "ceremony_not_read"


# --- a chain that is made up from its first root on -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["root-1", "root-4"])
def test_a_root_of_somebodys_own_is_followed_by_no_share(published: Country, attacker: Attacker, name: str) -> None:
    digest = sha256(metadata(published, "1.root.json").read_bytes())
    attacker.root_of_his_own("1.root.json", TARGETS_SHARES)
    published.change("root")
    published.step().draw_up("root")
    code, share = refusal(share_signs, published, "root", name)
    assert (code, share.partition("-")[0]) == ("ceremony_key_unproven", "root")
    assert not (published.work / "signatures").exists()
    assert refusal(published.step(root_sha256=digest).draw_up, "root")[0] == "ceremony_root_unknown"
    assert refusal(share_signs, published, "root", name, root_sha256=digest)[0] == "ceremony_root_unknown"
    attacker.leaves()
    published.step().draw_up("root")
    share_signs(published, "root", name, root_sha256=digest)


def test_targets_of_somebodys_own_are_followed_by_no_share(published: Country, attacker: Attacker) -> None:
    digest = sha256(metadata(published, "1.root.json").read_bytes())
    attacker.root_of_his_own("1.root.json", ["targets-2", "targets-3"])
    attacker.targets_of_his_own("1.targets.json", ["province-42-1"], by=["targets-2", "targets-3"])
    published.change("targets")
    published.step().draw_up("targets")
    assert refusal(share_signs, published, "targets", "targets-1") == ("ceremony_key_unproven", "province-42-1")
    assert refusal(share_signs, published, "targets", "targets-1", root_sha256=digest)[0] == "ceremony_root_unknown"
    assert not (published.work / "signatures").exists()


def test_a_false_root_below_one_that_is_known_lends_nothing_to_what_its_keys_signed(
    published: Country, attacker: Attacker
) -> None:
    """Genuine root 2 follows a false root 1 that names a genuine key with a threshold of one."""
    published.change("root")
    published.sign("root")
    published.publish()
    new_work_folder(published)
    attacker.root_of_his_own("1.root.json", ["targets-2", "targets-3"])
    attacker.targets_of_his_own("1.targets.json", ["province-42-1"], by=["targets-2", "targets-3"])
    published.change("targets")
    published.step().draw_up("targets")
    digest = sha256(metadata(published, "2.root.json").read_bytes())
    for known in ("", digest):
        found = refusal(share_signs, published, "targets", "targets-1", root_sha256=known)
        assert found == ("ceremony_key_unproven", "province-42-1")
    published.change("root")
    with pytest.raises(TrustListError) as caught:
        published.step().draw_up("root")
    lines = [f"{share} in 1.root.json" for share in ("targets-2", "targets-3")]
    assert (caught.value.code, caught.value.params["found"]) == ("ceremony_share_changed", ", ".join(lines))
    assert caught.value.params["taken"] == "2.root.json"
    published.disowned = lines
    published.step().draw_up("root")
    for name, known in (("root-1", ""), ("root-4", digest)):
        share_signs(published, "root", name, root_sha256=known)
    assert not attacker.has_a_key_in(published.work / "documents" / "3.root.json")


def test_a_threshold_of_one_takes_no_false_root(empty_country: Country) -> None:
    country = empty_country
    country.roles["root"] = country.role(1, "root", version=1, valid_days=730)
    country.found()
    country.publish()
    new_work_folder(country)
    attacker = Attacker(country)
    attacker.root_of_his_own("1.root.json", TARGETS_SHARES)
    country.change("root")
    country.step().draw_up("root")
    assert refusal(share_signs, country, "root", "root-1")[0] == "ceremony_key_unproven"
    attacker.leaves()
    country.sign("root")
    assert not attacker.has_a_key_in(country.work / "metadata" / "2.root.json")


def test_a_published_key_that_differs_from_the_record_of_its_share_is_refused_by_name(
    published: Country, attacker: Attacker
) -> None:
    shutil.copytree(published.folder / "work-0" / "shares", published.work / "shares")
    attacker.root_of_his_own("1.root.json", ["targets-2"])
    published.change("root")
    assert refusal(published.step().draw_up, "root") == ("ceremony_share_changed", "targets-2")


# --- holders who go on with a new work folder -------------------------------------------------------------------------


def test_who_signed_the_document_before_knows_its_keys_and_who_did_not_needs_a_digest(published: Country) -> None:
    country = published
    first = sha256(metadata(country, "1.root.json").read_bytes())
    country.change("root")
    country.step().draw_up("root")
    for name in ("root-1", "root-2"):
        share_signs(country, "root", name)
    assert refusal(share_signs, country, "root", "root-4")[0] == "ceremony_key_unproven"
    assert refusal(share_signs, country, "root", "root-4", root_sha256="0" * 64)[0] == "ceremony_root_unknown"
    share_signs(country, "root", "root-4", root_sha256=first.upper())
    country.step().assemble("root")
    country.publish()
    new_work_folder(country)
    country.change("root")
    country.step().draw_up("root")
    for name in ("root-3", "root-4", "root-1"):  # root-3 signed root 1, which root 2 follows
        share_signs(country, "root", name)
    country.step().assemble("root")
    entries = json.loads((country.work / "transcript.json").read_text("utf-8"))["entries"]
    signed = [entry for entry in entries if entry["step"] == "sign"]
    assert [entry["share"] for entry in signed] == ["root-1", "root-3", "root-4"]
    for entry in signed:
        compared = {each["share"]: each for each in entry["compared"]}
        assert compared.keys() == keys_in(metadata(country, "1.root.json")).keys()
        assert compared[entry["share"]]["by"] == "medium"
        assert (compared["targets-1"]["by"], compared["targets-1"]["source"]) == ("signed", "2.root.json")
        assert compared["targets-1"]["sha256"] == sha256(metadata(country, "2.root.json").read_bytes())
    assert "targets-1" in (country.work / "transcript.md").read_text("utf-8").partition("Compared 比对")[2]


def test_a_share_that_leaves_and_one_that_comes_in_with_nothing_but_the_new_record(published: Country) -> None:
    country, lenders = published, Lenders(published)
    lenders.join()
    first = sha256(metadata(country, "1.root.json").read_bytes())
    country.rotate("root")
    country.change("root")
    country.step().draw_up("root")
    assert refusal(share_signs, country, "root", "root-6")[0] == "ceremony_key_unproven"
    share_signs(country, "root", "root-6", root_sha256=first)
    for name in ("root-1", "root-2", "root-3"):
        share_signs(country, "root", name)
    country.step().assemble("root")
    country.next_day()
    country.hand_in()
    country.publish()
    assert lenders.follow() == {"ok"}


def test_a_share_is_lost_while_no_record_of_the_others_is_there(published: Country) -> None:
    """targets-2 is lost and the root names targets-4: its document before no longer reaches the threshold."""
    country = published
    country.roles["targets"]["shares"][1] = country.share("targets-4")
    country.make_keys()
    country.change("root")
    country.sign("root")
    (country.work / "shares" / "targets-4.json").unlink()
    first = sha256(metadata(country, "1.root.json").read_bytes())
    country.change("targets")
    country.step().draw_up("targets")
    share_signs(country, "targets", "targets-1")
    for known in ("", first):
        found = refusal(share_signs, country, "targets", "targets-3", root_sha256=known)
        assert found == ("ceremony_key_unproven", "province-42-1")
    shutil.copytree(country.folder / "work-0" / "shares", country.work / "shares", dirs_exist_ok=True)
    share_signs(country, "targets", "targets-3")
    country.step().assemble("targets")


def test_the_reviewed_fingerprint_of_a_key_is_enough(published: Country) -> None:
    prints = {
        name: json.loads((published.folder / "work-0" / "shares" / f"{name}.json").read_bytes())["fingerprint"]
        for name in ("province-42-1", "province-44-1")
    }
    published.change("targets")
    published.step().draw_up("targets")
    assert refusal(share_signs, published, "targets", "targets-3")[0] == "ceremony_key_unproven"
    for code in ("42", "44"):
        published.roles[f"provinces.{code}"]["shares"][0]["fingerprint"] = prints[f"province-{code}-1"]
    published.step().draw_up("targets")
    share_signs(published, "targets", "targets-3")


def test_a_dry_run_says_what_was_compared_and_writes_nothing(published: Country) -> None:
    told: list[Compared] = []
    published.change("targets")
    published.step().draw_up("targets")
    before = sorted(published.work.rglob("*"))
    share_signs(published, "targets", "targets-1", dry_run=True, told=told.extend)
    source = metadata(published, "1.targets.json").read_bytes()
    assert {(each.share, each.proof, each.source, each.sha256) for each in told} == {
        (name, Proof.SIGNED, "1.targets.json", sha256(source)) for name in ("province-42-1", "province-44-1")
    }
    assert sorted(published.work.rglob("*")) == before


def test_targets_are_judged_by_the_root_of_their_time(published: Country) -> None:
    """Every key of targets is new by root 2: what the old ones signed still counts as the document before."""
    country = published
    shutil.copytree(country.folder / "work-0" / "shares", country.work / "shares")
    country.rotate("targets")
    country.roles["targets"]["leaving"] = []
    country.change("root")
    country.sign("root")
    country.change("targets")
    country.sign("targets")
    document: Metadata[Targets] = Metadata.from_bytes((country.work / "metadata" / "2.targets.json").read_bytes())
    assert len(document.signatures) == 1
