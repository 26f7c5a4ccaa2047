"""The story, scene by scene; every answer is held against the expected one."""

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from xinzheng_issuer.demo import forgery, lender
from xinzheng_issuer.demo.key_scenes import KeyScenes
from xinzheng_issuer.domain.labels import EFFECTS
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.vocabulary import MaskingGround, PerformanceStatus, label

FORMS = {
    "certificate.json": "credential.json",
    "certificate.jwt": "credential.jwt",
    "certificate.qr.txt": "credential.qr.txt",
    "certificate.qr.png": "credential.qr.png",
}
"""File in the output folder → last part of its address on the server."""

WRONG_ID_NUMBER = "420683198506151235"
MAX_STATUS_AGE = "24h"
_OLD_STATUS = timedelta(days=3)


@dataclass(kw_only=True)
class Story(KeyScenes):
    """One telling."""

    number: str = ""
    case: str = ""

    def tell(self) -> None:
        """All scenes in order."""
        self.apply()
        self.confirm_masking()
        self.approve()
        self.issue()
        self.check_offline()
        self.cheat()
        self.wait_too_long()
        self.rotate_the_key()
        self.lose_a_key()
        self.list_again()

    # --- the court ---------------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """The clerk registers the application; issuing at once is refused."""
        self.narrator.scene("application")
        application = self.clerk.object("/api/v1/applications", self.example.application)
        self.case = f"/api/v1/applications/{application['id']}"
        stored = self.clerk.object(self.case)
        self.narrator.say(
            "application_told", name=self.example.application["name"], case=stored["enforcementCaseNumber"]
        )
        self.narrator.say("too_early")
        self._refused("not_approved", self.seal_operator.ask(f"{self.case}/issuance", {}))

    def confirm_masking(self) -> None:
        """The judge confirms the masking; approving it as well is refused."""
        masking = self.example.masking
        self.narrator.scene("masking")
        self.judge.need(
            f"{self.case}/masking-confirmation", masking | {"listCheckedAt": format_timestamp(datetime.now(UTC))}
        )
        self.narrator.say(
            "masking_told",
            serial=masking["maskingSerial"],
            date=masking["maskedAt"],
            ground=label(MaskingGround(masking["maskingGround"]), self.narrator.language),
            performance=label(PerformanceStatus(masking["performanceStatus"]), self.narrator.language),
        )
        self.narrator.say("self_approval")
        self._refused("self_approval", self.judge.ask(f"{self.case}/approval", self._opinion(self.judge, self.case)))

    def approve(self) -> None:
        """Another person approves."""
        self.narrator.scene("approval")
        approved = self.approver.object(f"{self.case}/approval", self._opinion(self.approver, self.case))
        self.narrator.say("approval_told", state=self.narrator.word(approved["state"]))

    def issue(self) -> None:
        """The seal operator issues; all forms and the first bundle are saved."""
        self.narrator.scene("issuance")
        certificate = self.seal_operator.object(f"{self.case}/issuance", {})
        self.number = certificate["certificateNumber"]
        self.narrator.say("issuance_told", number=self.number, until=certificate["validUntil"])
        for name, address in FORMS.items():
            self._save(name, self.clerk.need(f"{self._address(self.number)}/{address}"))
        self._save("root.json", self.public.need("/bundle/root.json"))
        self._save("bundle-1.xzb", self.public.need("/bundle/latest.xzb"))
        version = certificate["publication"]["bundleVersion"]
        first = self.narrator.word("bundle_first")
        self.narrator.say("bundle_version", name="bundle-1.xzb", version=version, first=first)

    # --- the lender --------------------------------------------------------------------------------------------------

    def check_offline(self) -> None:
        """All forms are genuine and in force."""
        self.narrator.scene("lender")
        fence = lender.ask(["--version"], language=self.narrator.language, folder=self.out).fences
        self.narrator.say("lender_fence", answer=fence)
        self.narrator.say("genuine")
        for name in FORMS:
            self._check("passed", "ok", name, self._trust(1))
        self.narrator.say("right_person")
        self._check("passed", "ok", "certificate.json", self._trust(1), typed=self.example.application["idNumber"])
        self._show_screen("certificate.qr.png", self.example.application["idNumber"])

    def cheat(self) -> None:
        """A changed byte, a look-alike, the wrong person."""
        genuine = (self.out / "certificate.json").read_bytes()
        case = json.loads(genuine)["credentialSubject"]["enforcementCaseNumber"].removesuffix("号")
        (self.out / "tampered.json").write_bytes(forgery.change_one_byte(genuine, case))
        (self.out / "forged.json").write_bytes(forgery.forge(genuine, at=datetime.now(UTC)))
        self.narrator.scene("cheats")
        self.narrator.say("tampered")
        self._check("failed", "signature_invalid", "tampered.json", self._trust(1))
        self.narrator.say("forged")
        self._check("failed", "issuer_untrusted", "forged.json", self._trust(1))
        self.narrator.say("wrong_person")
        self._check("failed", "identity_mismatch", "certificate.json", self._trust(1), typed=WRONG_ID_NUMBER)

    def wait_too_long(self) -> None:
        """Status data older than the lender's limit: neither good nor bad."""
        later = format_timestamp((datetime.now(UTC) + _OLD_STATUS).replace(microsecond=0))
        self.narrator.scene("stale")
        self.narrator.say("stale_told")
        limits = ["--max-status-age", MAX_STATUS_AGE, "--at", later]
        self._check("indeterminate", "status_stale", "certificate.json", [*self._trust(1), *limits])

    def list_again(self) -> None:
        """The feed revokes; the new bundle shows it, and the old one is refused."""
        self.narrator.scene("relisting")
        version = self._deliver()
        self._save("bundle-2.xzb", self.public.need("/bundle/latest.xzb"))
        self.narrator.say("bundle_version", name="bundle-2.xzb", version=version, first="")
        self.narrator.say("new_bundle")
        for name in FORMS:
            self._check("failed", "revoked", name, self._trust(2))
        self._bring_back_the_old_bundle()

    def _deliver(self) -> int:
        """Hands the records to the court as the feed of this very day; the bundle version that shows them."""
        today = datetime.now(UTC).strftime("%Y年%m月%d日")
        records = [record | {"publishDate": today} for record in self.example.relisting]
        shown = records[0]
        self.narrator.say("relisting_told", name=shown["iname"], case=shown["caseCode"], date=today)
        answer = self.clerk.object("/api/v1/feed-batches", records)
        state = self.clerk.object(self._address(self.number))["state"]
        for record in answer["records"]:
            effect = getattr(EFFECTS[record["effect"]], self.narrator.language)
            self.narrator.say("relisting_effect", effect=effect, state=self.narrator.word(state))
        version: int = answer["publication"]["bundleVersion"]
        return version

    def _bring_back_the_old_bundle(self) -> None:
        """A store that has seen the newer bundle refuses the older one and keeps what it knew."""
        self.narrator.say("old_bundle")
        with tempfile.TemporaryDirectory() as folder:
            store = ["--store", folder]
            self._import("bundle-1.xzb", [*store, "--root", "root.json"], expected="ok (0)")
            self._import("bundle-2.xzb", store, expected="ok (0)")
            self._import("bundle-1.xzb", store, expected="bundle_rollback (1)")
            self.narrator.say("store_kept")
            self._check("failed", "revoked", "certificate.json", store)
