"""Two scenes in the life of the court's key: it is changed in good order, and then one is stolen."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from xinzheng_issuer.demo.stage import Stage
from xinzheng_schemas.timestamps import format_timestamp

SECOND_PERSON = {"name": "李某", "idNumber": "420683197803120035"}
"""Another debtor of the court, made up as the first; the case is the next one."""

SECOND_FORMS = {"certificate-2.json": "credential.json", "certificate-2.jwt": "credential.jwt"}
"""File in the output folder → last part of its address on the server."""

_CASE = re.compile(r"执(\d+)号")


class KeyScenes(Stage):
    """The scenes of the key; they follow each other."""

    def rotate_the_key(self) -> None:
        """A new key is staged, published, activated; old and new certificates pass."""
        self.narrator.scene("rotation")
        self.narrator.say("rotation_create")
        self._told("create", "cert-2", "--usage", "certificate", "--reason", "rotation", "--yes")
        self.narrator.say("rotation_early")
        activate = ("activate", "cert-2", "--reason", "rotation", "--yes")
        self._keys_refused("key_lead_time", *activate)
        self.narrator.say("rotation_now")
        self._told(*activate, "--now")
        self._second = self._second_certificate()
        for name, address in SECOND_FORMS.items():
            self._save(name, self.clerk.need(f"{self._address(self._second)}/{address}"))
        self._save("bundle-rotation.xzb", self.public.need("/bundle/latest.xzb"))
        self.narrator.say("rotation_both")
        for name, key in (("certificate.json", "cert-1"), ("certificate-2.json", "cert-2")):
            self._check("passed", "ok", name, self._trust("rotation"))
            self.narrator.expect(key, self._signed_by(name), self.narrator.word("signed_by", name=name))

    def lose_a_key(self) -> None:
        """The new key is stolen: what it signed fails, what is issued anew passes."""
        self.narrator.scene("compromise")
        self.narrator.say("compromise_next_key")
        self._told("create", "cert-3", "--usage", "certificate", "--reason", "replacement", "--yes")
        self._told("activate", "cert-3", "--reason", "replacement", "--yes", "--now")
        self.narrator.say("compromise_told", at=format_timestamp(self._stolen_at))
        stolen_at = format_timestamp(self._stolen_at)
        self._told("compromise", "cert-2", "--at", stolen_at, "--reason", "stolen", "--yes")
        self._save("bundle-compromise.xzb", self.public.need("/bundle/latest.xzb"))
        self.narrator.say("compromise_fails")
        for name in SECOND_FORMS:
            self._check("failed", "key_compromised", name, self._trust("compromise"))
        self.narrator.say("compromise_spared")
        self._check("passed", "ok", "certificate.json", self._trust("compromise"))
        self._issue_anew()

    def _issue_anew(self) -> None:
        self.narrator.say("reissue_told")
        answer = json.loads(self._keys("reissue", "cert-2", "--reason", "stolen", "--yes", "--json"))
        number = answer["reissued"][self._second]
        self.narrator.say("reissued", old=self._second, new=number)
        self._save("certificate-2-reissued.json", self.clerk.need(f"{self._address(number)}/credential.json"))
        self._save("bundle-reissue.xzb", self.public.need("/bundle/latest.xzb"))
        self._check("passed", "ok", "certificate-2-reissued.json", self._trust("reissue"))
        name = "certificate-2-reissued.json"
        self.narrator.expect("cert-3", self._signed_by(name), self.narrator.word("signed_by", name=name))

    def _told(self, *arguments: str) -> None:
        self.narrator.text(self._keys(*arguments))

    def _second_certificate(self) -> str:
        """The whole way of a second certificate; its number."""
        case = self.example.application["enforcementCaseNumber"]
        next_case = _CASE.sub(lambda match: f"执{int(match[1]) + 1}号", case)
        person: dict[str, Any] = {**SECOND_PERSON, "enforcementCaseNumber": next_case}
        application = self.clerk.object("/api/v1/applications", self.example.application | person)
        address = f"/api/v1/applications/{application['id']}"
        looked_up = {"listCheckedAt": format_timestamp(datetime.now(UTC))}
        self.judge.need(f"{address}/masking-confirmation", self.example.masking | looked_up)
        self.approver.need(f"{address}/approval", self._opinion(self.approver, address))
        self._stolen_at = datetime.now(UTC)
        certificate = self.seal_operator.object(f"{address}/issuance", {})
        number: str = certificate["certificateNumber"]
        self.narrator.say("rotation_second", name=SECOND_PERSON["name"], number=number)
        return number

    def _signed_by(self, name: str) -> str:
        proof = json.loads((self.out / name).read_bytes())["proof"]
        return str(proof["verificationMethod"]).rpartition("#")[2]
