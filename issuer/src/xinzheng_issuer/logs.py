"""Structured logs: one JSON object a line, on standard error.

A value is a JSON string, so that no line break or escape sequence in it can forge a line. Whatever looks like a
resident ID number is masked before it is written, wherever it stands, and tracebacks show no local variables.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from xinzheng_issuer.feed.personal_numbers import without_personal_numbers

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logs(level: str, *, stream: TextIO | None = None) -> None:
    """Set up logging for this process, that of libraries included.

    Args:
        level: least severity: debug, info, warning or error.
        stream: where lines go; standard error by default.
    """
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    written: list[Any] = [
        structlog.processors.ExceptionRenderer(tracebacks),
        _mask_personal_numbers,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    output = stream or sys.stderr
    structlog.configure(
        processors=[*shared, *written],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
        )
    )
    # Libraries report trouble, not their daily work.
    logging.basicConfig(handlers=[handler], level=max(_LEVELS[level], logging.WARNING), force=True)


def _mask_personal_numbers(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return without_personal_numbers(value)
    if isinstance(value, dict):
        return {key: _masked(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(member) for member in value]
    return value if isinstance(value, bool | int | float | None) else without_personal_numbers(str(value))
