"""The demo as one call: a server of its own, the story over it, the files and the transcript it leaves."""

import shutil
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import TextIO

from xinzheng_issuer.demo.narrator import Narrator
from xinzheng_issuer.demo.people import UnexpectedAnswerError
from xinzheng_issuer.demo.server import CourtServer, ServerError
from xinzheng_issuer.demo.stage import Example
from xinzheng_issuer.demo.story import Story
from xinzheng_schemas.errors import Language

ZAOYANG = Path(__file__).resolve().parent / "zaoyang"
"""The story's own input, as it is installed with the package."""

TRANSCRIPT = "story.txt"


def play(out: Path, *, example: Path = ZAOYANG, language: Language, stream: TextIO = sys.stdout) -> int:
    """Plays the story.

    Args:
        out: folder for the files; what an earlier demo left there is replaced.
        example: folder with court.toml, application.json, masking.json and relisting.json.
        language: of everything that is said.
        stream: where it is said; story.txt gets the same.

    Returns:
        0 if every answer was the expected one, otherwise 1.
    """
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    narrator = Narrator(stream, language=language)
    narrator.line(narrator.word("title"))
    narrator.line(narrator.word("synthetic"))
    try:
        _tell(narrator, out, example)
    except (ServerError, UnexpectedAnswerError, OSError, KeyError, ValueError, RuntimeError) as reason:
        ending = narrator.word("broken", reason=f"{type(reason).__name__}: {reason}")
        good = False
    else:
        good = not narrator.surprises
        if good:
            _close(narrator, out)
        ending = narrator.word(
            "all_as_expected" if good else "not_as_expected",
            count=narrator.answers,
            surprises=narrator.surprises,
            seconds=round(time.monotonic() - began),
        )
    narrator.line()
    narrator.line(ending)
    (out / TRANSCRIPT).write_text(narrator.transcript, "utf-8")
    return 0 if good else 1


def _tell(narrator: Narrator, out: Path, example: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="xinzheng-demo-"))
    try:
        server = CourtServer(folder / "court", language=narrator.language)
        narrator.scene("court")
        server.prepare(example / "court.toml")
        with server.serving() as address:
            court = tomllib.loads((example / "court.toml").read_text("utf-8"))["name"][narrator.language]
            narrator.say("court_server", court=court, address=address, register=folder / "court" / "register.sqlite")
            narrator.say("court_users")
            Story(
                narrator=narrator,
                example=Example.read(example),
                out=out,
                court=server,
                clerk=server.user(address, "clerk"),
                judge=server.user(address, "judge"),
                approver=server.user(address, "approver"),
                seal_operator=server.user(address, "sealOperator"),
                public=server.user(address, None),
            ).tell()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _close(narrator: Narrator, out: Path) -> None:
    narrator.scene("end")
    narrator.say("end_files", folder=out)
    narrator.say("end_serve")
