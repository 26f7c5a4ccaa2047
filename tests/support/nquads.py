"""N-Quads (RDF 1.1) as the public vectors write them, read into canonical terms."""

import re
from collections.abc import Iterator

from xinzheng_verifier.secure.rdf.rdfc import Quad
from xinzheng_verifier.secure.rdf.terms import escaped

_IRI = r"<([^<>\"{}|^`\x00-\x20]*)>"
_BLANK = r"(_:[\w·][\w.·-]*)"
_LITERAL = r'"((?:[^"\\\n\r]|\\.)*)"(?:\^\^<([^>]*)>|@([A-Za-z]+(?:-[A-Za-z0-9]+)*))?'
_LINE = re.compile(
    rf"\s*(?:{_IRI}|{_BLANK})\s*{_IRI}\s*(?:{_IRI}|{_BLANK}|{_LITERAL})\s*(?:{_IRI}|{_BLANK})?\s*\.\s*(?:#.*)?"
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ECHAR = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_STRING = "http://www.w3.org/2001/XMLSchema#string"


def unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ECHAR[found[3]] if found[3] else chr(int(found[1] or found[2], 16)), text)


def parse_nquads(text: str) -> Iterator[Quad]:
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        assert found, line
        subject, s_blank, predicate, value, o_blank, literal, datatype, language, graph, g_blank = found.groups()
        if literal is not None:
            value = f'"{escaped(unescaped(literal))}"'
            if language:
                value += f"@{language}"
            elif datatype and unescaped(datatype) != _STRING:
                value += f"^^<{unescaped(datatype)}>"
        else:
            value = o_blank or f"<{unescaped(value)}>"
        name = g_blank or (f"<{unescaped(graph)}>" if graph else "")
        yield s_blank or f"<{unescaped(subject)}>", f"<{unescaped(predicate)}>", value, name
