"""`xinzheng-verify FILE…` and `xinzheng-verify serve`: trust, rules, files, clock."""

import argparse
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError, Language
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.cli import clock
from xinzheng_verifier.cli.batch import Batch, Expected, Style, closing_lines
from xinzheng_verifier.cli.exits import INDETERMINATE, INTERRUPTED, PASSED, UsageError, worst
from xinzheng_verifier.cli.inputs import STDIN, Inputs, read_input, standard_input, typed_unseen
from xinzheng_verifier.cli.output import complain, flush, put, silence
from xinzheng_verifier.cli.progress import Progress, counted
from xinzheng_verifier.cli.summary import open_summary
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.errors import TrustError, words
from xinzheng_verifier.policy import Policy
from xinzheng_verifier.trust import self_contained
from xinzheng_verifier.trust.store import TrustStore
from xinzheng_verifier.verifier import Verifier

_MAX_NUMBER_CHARACTERS = 256


def verify(options: argparse.Namespace, language: Language) -> int:
    """Checks everything that is named and prints what came of it.

    Raises:
        UsageError: trust is not told, nothing is found, standard input is wanted twice, or a file is in the way.
        TrustError: the trust data cannot be used.
    """
    named = [*options.files, *options.jsonl, str(options.same_as)]
    if named.count(STDIN) + (options.id_number is not None) > 1:
        raise UsageError("stdin_twice")
    if not options.files and not options.jsonl:
        raise UsageError("files_needed")
    now = clock.now(asked=options.at)
    at = options.at or now
    verifier = Verifier(trust_of(options, at), policy=policy_of(options))
    expected = Expected(
        identity=None if options.id_number is None else read_identity(language),
        number=options.number,
        other=None if options.same_as is None else _read_other(options.same_as),
    )
    summary = None
    if options.summary is not None:
        version = verifier.trust.bundle_version
        summary = open_summary(options.summary, at=at, bundle_version=version, language=language)
    style: Style = "json" if options.json else "brief" if options.brief else "screen"
    batch = Batch(
        verifier,
        at=at,
        now=now,
        expected=expected,
        form=options.form,
        style=style,
        summary=summary,
        language=language,
    )
    inputs = Inputs(options.files, options.jsonl)
    try:
        return _run(batch, inputs, options, language)
    except KeyboardInterrupt:
        complain(f"\n{say('interrupted', language)} {counted(batch.counts, language)}")
        return INTERRUPTED
    except BrokenPipeError:
        silence(sys.stdout)
        return worst([*batch.statuses, INDETERMINATE])
    finally:
        if summary is not None:
            summary.abandon()


def _run(batch: Batch, inputs: Inputs, options: argparse.Namespace, language: Language) -> int:
    many = inputs.may_be_many
    shown = many and sys.stderr is not None and sys.stderr.isatty()
    progress = Progress(inputs.count() if shown else None, language=language, shown=shown)
    batch.run(inputs, workers=options.workers, progress=progress)
    if many:
        say_last = complain if options.json else put
        say_last("\n".join(closing_lines(batch, inputs, language)))
    flush()
    if not batch.statuses:
        raise UsageError("nothing_found")
    if batch.summary is not None:
        batch.summary.finish(batch.counts)
    return worst([*batch.statuses])


def serve(options: argparse.Namespace, language: Language) -> int:  # noqa: ARG001 - as every command
    """Serves the HTTP endpoint until it is stopped.

    Raises:
        UsageError: trust is not told, or the extra `server` is not installed.
        TrustError: the trust data cannot be used.
    """
    trust = trust_of(options, clock.now(asked=None))
    try:
        import uvicorn  # noqa: PLC0415 - an extra

        from xinzheng_verifier.web import FollowingVerifier, create_app  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("server_missing") from error
    policy = policy_of(options)
    verifier = FollowingVerifier(options.store, policy) if options.store else Verifier(trust, policy=policy)
    del trust  # a store is followed: what it held at the start must not stay open
    with suppress(KeyboardInterrupt):
        uvicorn.run(create_app(verifier), host=options.host, port=options.port, server_header=False, access_log=False)
    return PASSED


def policy_of(options: argparse.Namespace) -> Policy:
    """The rules that the options say."""
    return Policy(
        profile=options.profile,
        max_status_age=options.max_status_age,
        require_status=options.require_status,
        issuers=options.issuers,
        types=options.types,
        proofs=options.proofs,
        max_clock_skew=options.max_clock_skew,
        unsafe_accept_other_controllers=options.unsafe_accept_other_controllers,
    )


def trust_of(options: argparse.Namespace, at: datetime) -> TrustStore:
    """Whom the options say to trust.

    Raises:
        UsageError: nobody, or in two ways at once.
        TrustError: the trust data cannot be used.
    """
    ways = [options.store, options.bundle or options.root, options.controller or _documents(options)]
    if sum(map(bool, ways)) > 1:
        raise UsageError("trust_twice")
    if options.store:
        return TrustStore.open(options.store)
    if options.bundle and options.root:
        return TrustStore.from_bundle(read_file(options.bundle), root=read_file(options.root), at=at)
    if options.controller:
        return TrustStore.from_documents(
            map(_controller, options.controller),
            map(read_file, options.status_list),
            {url: _context(path) for url, path in options.context},
            status_changes=map(read_file, options.status_changes),
        )
    raise UsageError("trust_needed")


def _documents(options: argparse.Namespace) -> bool:
    """Whether anything is given that goes with `--controller` alone."""
    return bool(options.status_list or options.status_changes or options.context)


def _context(path: Path) -> JSONObject:
    try:
        return strict_json.loads_object(read_file(path))
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=str(path), problem=words(error)) from error


def _controller(path: Path) -> bytes | str:
    """A document, or a DID that is its own."""
    name = str(path)
    return name if name.startswith(self_contained.SCHEME) else read_file(path)


def read_file(path: Path) -> bytes:
    """The content of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError("unreadable", file=path, reason=error.strerror) from error


def _read_other(path: Path) -> bytes:
    try:
        return read_input(str(path))
    except OSError as error:
        raise UsageError("unreadable", file=path, reason=error.strerror) from error


def read_identity(language: Language) -> str:
    """The number, typed unseen or piped in; never an argument, which every process of the machine can read."""
    if standard_input().isatty():
        typed = typed_unseen(say("number_prompt", language))
    else:
        typed = standard_input().readline(_MAX_NUMBER_CHARACTERS)
    if not typed.strip():
        raise UsageError("number_empty")
    return typed.strip()
