"""`xinzheng-verify receipt make`, `receipt check` and `receipt key`."""

import argparse
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xinzheng_schemas.errors import Language
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.cli import check as checks
from xinzheng_verifier.cli import clock
from xinzheng_verifier.cli.check import read_file, read_identity, trust_of
from xinzheng_verifier.cli.exits import MISUSED, NOT_WRITTEN, OF_VERDICT, PASSED, UsageError
from xinzheng_verifier.cli.inputs import standard_input, typed_unseen
from xinzheng_verifier.cli.output import complain, put
from xinzheng_verifier.cli.screen import printable_json, screen, table
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.receipt import (
    Receipt,
    ReceiptCheck,
    ReceiptError,
    check_receipt,
    create_key,
    load_key,
    make_receipt,
    policy_of,
    public_jwk,
    read_public_key,
    read_receipt,
)
from xinzheng_verifier.receipt.keys import read_private, write_new
from xinzheng_verifier.trust.issuers import OpenSSLKey
from xinzheng_verifier.verifier import Verifier

_STDIN = "-"
_TERMINAL = "/dev/tty"
_NOT_WRITTEN_CODE = "receipt_file_not_written"
_RECEIPT_MODE = 0o644
_TRUST_OPTIONS = ("store", "bundle", "root", "controller", "status_list", "status_changes", "context")


def make(options: argparse.Namespace, language: Language) -> int:
    """Checks one file, prints what came of it and writes the receipt.

    Raises:
        UsageError: something is missing, or standard input is wanted twice.
        TrustError: the trust data cannot be used.
    """
    _check_stdin(options.file, options)
    if options.file == _STDIN and options.out is None:
        raise UsageError("receipt_out_needed")
    out = options.out or Path(f"{options.file}.receipt")
    now = clock.now(asked=options.at)
    at = options.at or now
    verifier = Verifier(trust_of(options, at), policy=checks.policy_of(options))
    data = _input(options.file)
    identity = None if options.id_number is None else read_identity(language)
    try:
        key = load_key(options.key, _passphrase(options, options.key, language))
        report = verifier.report(data, at=at, identity=identity, form=options.form, now=now)
        receipt = make_receipt(report, verifier=verifier, signer=key, made_at=now)
        write_new(out, f"{receipt}\n".encode("ascii"), mode=_RECEIPT_MODE)
    except ReceiptError as error:
        return _refused(error, language)
    if options.json:
        put(printable_json({"file": options.file, "receipt": str(out), **report.to_json()}))
    else:
        put(screen(report, name=options.file, language=language))
        put(say("receipt_written", language, path=_printable(str(out))))
    return OF_VERDICT[report.verdict]


def check(options: argparse.Namespace, language: Language) -> int:
    """Checks a receipt against whatever is given with it.

    Raises:
        UsageError: a file cannot be read, or trust is told without the input.
        TrustError: the trust data cannot be used.
    """
    _check_stdin(options.input, options)
    gives_trust = any(getattr(options, name) for name in _TRUST_OPTIONS)
    if options.input is None and (gives_trust or options.issuers or options.id_number is not None):
        raise UsageError("receipt_input_needed")
    text = read_file(options.receipt)
    data = None if options.input is None else _input(options.input)
    identity = None if options.id_number is None else read_identity(language)
    try:
        key = read_public_key(read_file(options.key), name=str(options.key))
    except ReceiptError as error:
        return _refused(error, language)
    verifier = _verifier_of(text, key, options) if gives_trust else None
    found = check_receipt(text, key=key, data=data, verifier=verifier, identity=identity)
    if options.json:
        put(printable_json({"file": str(options.receipt), **found.to_json()}))
    else:
        put(_check_screen(found, name=str(options.receipt), language=language))
    return OF_VERDICT[found.verdict]


def make_key(options: argparse.Namespace, language: Language) -> int:
    """Makes a lender's key and prints its public half.

    Raises:
        UsageError: there is no passphrase, or the two that were typed differ.
    """
    try:
        passphrase = _passphrase(options, options.path, language, twice=True)
        key = create_key(options.path, passphrase, ed25519_key=options.type == "ed25519")
    except ReceiptError as error:
        return _refused(error, language)
    if options.pem:
        pem = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        put(pem.decode("ascii"), end="")
    else:
        put(json.dumps(public_jwk(key.public_key), indent=2))
    return PASSED


def _check_stdin(file: str | None, options: argparse.Namespace) -> None:
    if file == _STDIN and options.id_number is not None:
        raise UsageError("stdin_twice")


def _input(name: str) -> bytes:
    """At most one byte more than is accepted: the library refuses what is larger."""
    try:
        if name == _STDIN:
            return standard_input().buffer.read(MAX_INPUT_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(MAX_INPUT_BYTES + 1)
    except OSError as error:
        raise UsageError("unreadable", file=name, reason=error.strerror) from error


def _verifier_of(text: bytes, key: OpenSSLKey, options: argparse.Namespace) -> Verifier | None:
    """Trust as the options say, at the receipt's own moment and by its own rules; None for a receipt that says none."""
    try:
        receipt = read_receipt(text, key=key)
    except ReceiptError:
        return None
    return Verifier(trust_of(options, receipt.at), policy=policy_of(receipt, issuers=options.issuers))


def _passphrase(options: argparse.Namespace, path: Path, language: Language, *, twice: bool = False) -> bytes:
    """From the environment, from a file, or typed unseen; never an argument, which every process can read."""
    if options.passphrase_env is not None:
        return _present(os.fsencode(os.environ.get(options.passphrase_env, "")), f"${options.passphrase_env}")
    if options.passphrase_file is not None:
        content = read_private(options.passphrase_file)
        return _present(content.removesuffix(b"\n").removesuffix(b"\r"), str(options.passphrase_file))
    if not standard_input().isatty():
        raise UsageError("passphrase_needed")
    typed = typed_unseen(say("passphrase_prompt", language, path=path))
    if twice and typed_unseen(say("passphrase_again", language)) != typed:
        raise UsageError("passphrases_differ")
    return _present(typed.encode("utf-8", "surrogateescape"), _TERMINAL)


def _present(passphrase: bytes, source: str) -> bytes:
    if not passphrase:
        raise ReceiptError("receipt_passphrase_missing", source=source)
    return passphrase


def _check_screen(found: ReceiptCheck, *, name: str, language: Language) -> str:
    lines = [
        f"{_printable(name)}: {say(f'receipt_{found.verdict.value}', language)}",
        f"  {_printable(found.deciding.message(language))} ({found.code})",
    ]
    rows = [(say(f"aspect_{finding.aspect}", language), finding.message(language)) for finding in found.findings]
    if found.receipt is not None:
        rows += _facts(found.receipt, language)
    return "\n".join([*lines, table(rows)])


def _facts(receipt: Receipt, language: Language) -> list[tuple[str, str]]:
    compared = "receipt_was_compared" if "identity" in receipt.compared else "receipt_not_compared"
    rows = [
        (say("receipt_says", language), f"{say(f'receipt_said_{receipt.verdict.value}', language)} ({receipt.code})"),
        (say("receipt_asked", language), format_timestamp(receipt.at)),
        (say("receipt_made_at", language), format_timestamp(receipt.made_at)),
        (say("receipt_release", language), f"xinzheng-verifier {receipt.verifier_version}"),
        (say("receipt_compared", language), say(compared, language)),
    ]
    if receipt.issuer_id is not None:
        rows.append((say("receipt_issuer", language), receipt.issuer_id))
    if receipt.certificate_number is not None:
        rows.append((say("receipt_number", language), receipt.certificate_number))
    return rows


def _printable(text: str) -> str:
    """Names of files may hold what moves the cursor."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _refused(error: ReceiptError, language: Language) -> int:
    complain(f"{_printable(error.message(language))} ({error.code})")
    return NOT_WRITTEN if error.code == _NOT_WRITTEN_CODE else MISUSED
