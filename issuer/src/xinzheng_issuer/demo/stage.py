"""What every scene of the story needs: people, files, commands, and answers held against the expected ones."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from xinzheng_issuer.demo import lender
from xinzheng_issuer.demo.narrator import Narrator
from xinzheng_issuer.demo.people import Answer, User
from xinzheng_issuer.demo.server import CourtServer

_CODE_AT_END = re.compile(r".*\((\w+)\)")
_CODE_IN_BRACKETS = re.compile(r"\[(\w+)\]")
_EXIT_STATUS = {"passed": 0, "failed": 1, "indeterminate": 2}


@dataclass(frozen=True, kw_only=True)
class Example:
    """The input of the story.

    Attributes:
        application: what the clerk registers.
        masking: what the judge confirms, without the moment of the look-up.
        relisting: records of the public list.
    """

    application: dict[str, Any]
    masking: dict[str, Any]
    relisting: list[dict[str, Any]]

    @classmethod
    def read(cls, folder: Path) -> "Example":
        """Reads application.json, masking.json and relisting.json."""
        names = ("application", "masking", "relisting")
        return cls(**{name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in names})


@dataclass(kw_only=True)
class Stage:
    """Where the story plays.

    Attributes:
        narrator: who tells.
        example: the input.
        out: where the files go.
        court: the court's server and data folder.
        clerk, judge, approver, seal_operator: the court's people.
        public: anybody, without a token.
    """

    narrator: Narrator
    example: Example
    out: Path
    court: CourtServer
    clerk: User
    judge: User
    approver: User
    seal_operator: User
    public: User

    def _address(self, number: str) -> str:
        return f"/api/v1/certificates/{quote(number)}"

    def _opinion(self, reader: User, case: str) -> dict[str, str]:
        """An opinion on a case as one of the court's people reads it now."""
        draft: str = reader.object(case)["draftSha256"]
        return {"opinion": self.narrator.word("approval_opinion"), "draftSha256": draft}

    def _trust(self, bundle: int | str) -> list[str]:
        return ["--bundle", f"bundle-{bundle}.xzb", "--root", "root.json"]

    def _save(self, name: str, answer: Answer) -> None:
        (self.out / name).write_bytes(answer.body)
        self.narrator.say("file", name=name, octets=len(answer.body), what=self.narrator.word(name))

    def _refused(self, code: str, answer: Answer) -> None:
        problem = answer.json
        self.narrator.expect(f"{code}", str(problem.get("code", answer.status)), str(problem.get("detail", "")))

    def _import(self, bundle: str, options: Sequence[str], *, expected: str) -> None:
        arguments = ["store", "import", bundle, *options]
        self._show(arguments)
        answer = lender.ask(arguments, language=self.narrator.language, folder=self.out)
        said = (answer.printed + answer.complained).strip()
        found = "ok" if answer.status == 0 else _CODE_AT_END.sub(r"\1", said.splitlines()[-1])
        self.narrator.expect(expected, f"{found} ({answer.status})", said.splitlines()[0])

    def _show_screen(self, name: str, typed: str) -> None:
        """What the command prints for people."""
        self.narrator.say("screen")
        arguments = [name, *self._trust(1), "--id-number", "-"]
        self._show(arguments)
        answer = lender.ask(arguments, language=self.narrator.language, folder=self.out, typed=typed)
        self.narrator.text(answer.printed)

    def _show(self, arguments: Sequence[str]) -> None:
        folders = {"--store": "store"}
        shown = [folders.get(before, word) for before, word in zip(["", *arguments], arguments, strict=False)]
        self.narrator.command(f"{lender.COMMAND} {' '.join(shown)}")

    def _check(
        self, verdict: str, code: str, name: str, options: Sequence[str], *, typed: str | None = None
    ) -> dict[str, Any]:
        arguments = [name, *options, *(["--id-number", "-"] if typed else [])]
        self._show(arguments)
        answer = lender.ask([*arguments, "--json"], language=self.narrator.language, folder=self.out, typed=typed)
        report: dict[str, Any] = answer.report
        self.narrator.expect(
            f"{verdict} ({code}, {_EXIT_STATUS[verdict]})",
            f"{report['verdict']} ({report['code']}, {answer.status})",
            report["message"][self.narrator.language],
        )
        return report

    def _keys(self, *arguments: str) -> str:
        """A command of the court's operator, beside the running server; what it printed.

        Raises:
            RuntimeError: it was refused.
        """
        self.narrator.command(f"xinzheng keys {' '.join(arguments)}")
        answer = self.court.command("keys", *arguments)
        if answer.status:
            raise RuntimeError(answer.complained)
        return answer.printed

    def _keys_refused(self, code: str, *arguments: str) -> None:
        self.narrator.command(f"xinzheng keys {' '.join(arguments)}")
        said = self.court.command("keys", *arguments).complained.splitlines()
        found = [match[1] for line in said if (match := _CODE_IN_BRACKETS.search(line))]
        self.narrator.expect(code, found[-1] if found else "—", said[-1] if said else "")
