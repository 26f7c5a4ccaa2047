"""The transcript of a ceremony: one entry for each step, written when the step is done, put together for people.

An entry says what was done, by whom and when, by which configuration, and the digests of all files that the step read
or wrote. Entries are files of their own, so that steps at different places do not write into one another's.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.trust_list.known import Compared, Proof
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder, json_files, read_file, sha256
from xinzheng_schemas.strict_json import Limits, StrictJSONError, loads_object
from xinzheng_schemas.timestamps import format_timestamp

_ENTRY_JSON = Limits(max_bytes=4_194_304)

_STEPS = {
    "keys": "Key made 生成密钥",
    "draft": "Document drawn up 制作待签文件",
    "sign": "Signed 签名",
    "assemble": "Signatures put together 汇集签名",
}

_PROOFS = {
    Proof.MEDIUM: "on its medium 在其介质上",
    Proof.SIGNED: "signed by this share itself, or follows from a root that is 本份额亲自签署，或接续其签署的根",
    Proof.ROOT: "follows from the root whose digest was given 接续所给摘要的根",
    Proof.FINGERPRINT: "fingerprint in the reviewed configuration 经审核配置中的指纹",
    Proof.RECORD: "public record 公开记录",
    Proof.DISOWNED: "disowned by the reviewed configuration 经审核的配置不予承认",
    Proof.DOCUMENT: "a document whose roots nobody vouched for here 仅见于该文件，其所依据的根在此无佐证",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One step.

    Attributes:
        step: `keys`, `draft`, `sign` or `assemble`.
        subject: the document or the share that it was about.
        at: when, aware.
        title: of the trust list.
        configuration: SHA-256 of the configuration.
        share: the share at work; empty for a step without one.
        holder: who holds it by the configuration.
        witnesses: who was present.
        read: name of each file that was read → its content.
        written: name of each file that was written → its content.
        fingerprints: share → SHA-256 of its public key.
        other_media: shares whose media were on this machine too.
        result: what the verifier's own check said, or where a key was made, in words.
        compared: keys of the document, and by what they were known.
    """

    step: str
    subject: str
    at: datetime
    title: str
    configuration: str
    share: str = ""
    holder: str = ""
    witnesses: tuple[str, ...] = ()
    read: Mapping[str, bytes] = field(default_factory=dict)
    written: Mapping[str, bytes] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    other_media: tuple[str, ...] = ()
    result: str = ""
    compared: tuple[Compared, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The entry as a JSON object."""
        return {
            "step": self.step,
            "subject": self.subject,
            "at": format_timestamp(self.at),
            "title": self.title,
            "configuration": self.configuration,
            "share": self.share,
            "holder": self.holder,
            "witnesses": list(self.witnesses),
            "read": {name: sha256(content) for name, content in self.read.items()},
            "written": {name: sha256(content) for name, content in self.written.items()},
            "fingerprints": dict(self.fingerprints),
            "otherMedia": list(self.other_media),
            "result": self.result,
            "compared": [
                {
                    "share": each.share,
                    "fingerprint": each.fingerprint,
                    "by": each.proof.value,
                    "source": each.source,
                    "sha256": each.sha256,
                }
                for each in self.compared
            ],
        }


def record(folder: WorkFolder, entry: Entry) -> None:
    """Write what a step made, then its entry, then the transcript of all steps so far.

    Raises:
        TrustListError: `transcript_damaged`, and nothing is written; `ceremony_not_written`.
    """
    check_transcript(folder)
    for name, content in entry.written.items():
        folder.write(name, content)
    stamp = format_timestamp(entry.at).replace(":", "").replace("-", "")
    subject = "-".join(filter(None, (entry.subject, entry.share if entry.share != entry.subject else "")))
    folder.write(f"transcript/{stamp}-{entry.step}-{subject}.json", _text(entry.to_json()))
    write_transcript(folder)


def check_transcript(folder: WorkFolder) -> None:
    """See that the entries of the steps before can be read.

    Raises:
        TrustListError: `transcript_damaged`, `ceremony_not_read`.
    """
    markdown(_entries(folder))


def write_transcript(folder: WorkFolder) -> None:
    """Put the entries in the folder together, in the order of time.

    Raises:
        TrustListError: as `record`.
    """
    entries = sorted(_entries(folder), key=lambda entry: (str(entry["at"]), list(_STEPS).index(entry["step"])))
    folder.write("transcript.json", _text({"entries": entries}))
    folder.write("transcript.md", markdown(entries).encode("utf-8"))


def _entries(folder: WorkFolder) -> Iterable[dict[str, Any]]:
    for file in json_files(folder.path / "transcript"):
        content = read_file(file)
        try:
            entry: dict[str, Any] = dict(loads_object(content, limits=_ENTRY_JSON))
            markdown([entry])
        except (StrictJSONError, LookupError, TypeError, AttributeError, ValueError) as error:
            raise TrustListError("transcript_damaged", name=file.name) from error
        yield entry


def markdown(entries: Iterable[Mapping[str, Any]]) -> str:
    """The transcript for people, in both languages."""
    lines = ["# Transcript of the trust list's ceremonies 信任名单签名仪式记录", ""]
    for number, entry in enumerate(entries, 1):
        lines += [f"## {number}. {_STEPS[str(entry['step'])]}: {entry['subject']}", ""]
        lines += [f"- {label}: {value}" for label, value in _facts(entry) if value]
        for label, name in (("Read 读取", "read"), ("Written 写出", "written")):
            lines += [f"- {label}: `{file}` SHA-256 `{digest}`" for file, digest in entry[name].items()]
        lines += [f"- Key 公钥: {share} `{digest}`" for share, digest in entry["fingerprints"].items()]
        lines += [f"- Compared 比对: {_compared(each)}" for each in entry.get("compared", ())]
        lines += ["", "Signature 签名: ____________________", ""]
    return "\n".join(lines)


def _compared(each: Mapping[str, str]) -> str:
    source = f", {each['source']}, SHA-256 `{each['sha256']}`" if each["source"] else ""
    return f"{each['share']} `{each['fingerprint']}`: {_PROOFS[Proof(each['by'])]}{source}"


def _facts(entry: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return (
        ("Trust list 信任名单", str(entry["title"])),
        ("Time 时间", str(entry["at"])),
        ("Configuration 配置文件 SHA-256", f"`{entry['configuration']}`"),
        ("Share 份额", str(entry["share"])),
        ("Holder 持有人", str(entry["holder"])),
        ("Witnesses 见证人", ", ".join(entry["witnesses"])),
        ("Other media on this machine 本机上的其他介质", ", ".join(entry["otherMedia"])),
        ("Result 结果", str(entry["result"])),
    )


def _text(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8")
