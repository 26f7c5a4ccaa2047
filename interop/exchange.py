"""The folder by which the environments talk: what is to be checked, who made it, what everybody answered.

cases.json            every case
contexts.json         JSON-LD contexts by URL
lists.json            status lists by URL
controllers.json      controller documents by DID
files/…               the inputs
<maker>/made.json     what another implementation signed, with its controller document
answers/<who>.json    its versions, and its answer to each case
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One input and whether it is to be accepted.

    Attributes:
        name: path below `files/`.
        maker: who signed it.
        form: "document", "token", "message" (vc+cose) or "symbol" (QR).
        mechanism: cryptosuite or algorithm.
        key_type: "P-256", "P-384" or "Ed25519".
        controller: DID of the signer.
        method: verification method, or for a symbol the 8-byte key name in hex.
        genuine: whether it is to be accepted.
        change: what is wrong with it; "" for a genuine one.
    """

    name: str
    maker: str
    form: str
    mechanism: str
    key_type: str
    controller: str
    method: str
    genuine: bool = True
    change: str = ""

    @property
    def row(self) -> tuple[str, str, str, str]:
        """What cases with the same signer and mechanism share."""
        return self.maker, self.form, self.mechanism, self.key_type


class Exchange:
    """The folder.

    Args:
        folder: where it is; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases: list[Case] = []
        self.controllers: dict[str, JSON] = {}
        self.lists: dict[str, JSON] = {}
        self.contexts: dict[str, JSON] = {}
        for name in ("files", "answers"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def add(self, case: Case, data: bytes) -> None:
        """Notes a case and writes its input."""
        self.path(case).parent.mkdir(parents=True, exist_ok=True)
        self.path(case).write_bytes(data)
        self.cases.append(case)

    def path(self, case: Case) -> Path:
        """The input of a case."""
        return self.folder / "files" / case.name

    def made_by(self, maker: str) -> JSON:
        """What another implementation signed."""
        made: JSON = json.loads((self.folder / maker / "made.json").read_text("utf-8"))
        return made

    def answers_of(self, who: str) -> JSON:
        """What another implementation answered."""
        answers: JSON = json.loads((self.folder / "answers" / f"{who}.json").read_text("utf-8"))
        return answers

    def write(self) -> None:
        """Writes everything that other implementations read."""
        documents = {
            "cases": [asdict(case) for case in self.cases],
            "controllers": self.controllers,
            "lists": self.lists,
            "contexts": self.contexts,
        }
        for name, value in documents.items():
            (self.folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), "utf-8")
