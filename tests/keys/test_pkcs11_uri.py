"""`pkcs11:` URIs: whatever RFC 7512 lets be written for what is followed here, and nothing else."""

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinzheng_keys.errors import KeyURIError
from xinzheng_keys.pkcs11_uri import PKCS11URI, parse_pkcs11_uri

# --- what can be said -----------------------------------------------------------------------------------------------

printable = st.characters(codec="utf-8").filter(str.isprintable)


def texts(octets: int) -> st.SearchStrategy[str]:
    return st.text(printable, min_size=1, max_size=octets).filter(lambda text: len(text.encode()) <= octets)


names = st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=20)
pin_sources = st.builds("{}:{}".format, st.sampled_from(["env", "credential"]), names) | st.builds(
    "file:/{}".format, texts(40)
)
modules: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.fixed_dictionaries({}),
    st.fixed_dictionaries({"module_path": st.builds("/{}".format, texts(40))}),
    st.fixed_dictionaries({"module_name": names}),
)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "token": texts(32),
        "manufacturer": texts(32),
        "serial": texts(16),
        "model": texts(16),
        "slot_id": st.integers(0, 2**64 - 1),
        "object": texts(80),
        "id": st.binary(min_size=1, max_size=32),
        "pin_source": pin_sources,
    },
)


@given(attributes.filter(lambda given: set(given) - {"pin_source"}), modules)
def test_what_is_written_is_read_again(given: dict[str, object], module: dict[str, str]) -> None:
    uri = PKCS11URI(**given, **module)  # type: ignore[arg-type]
    assert parse_pkcs11_uri(str(uri)) == uri


@given(st.permutations(["token=court", "object=cert-1", "id=%01%02", "type=private", "slot-id=7"]), st.booleans())
def test_the_order_and_the_case_of_the_scheme_do_not_count(parts: list[str], shout: bool) -> None:
    uri = parse_pkcs11_uri(("PKCS11:" if shout else "pkcs11:") + ";".join(parts))
    assert uri == PKCS11URI(token="court", object="cert-1", id=b"\x01\x02", slot_id=7)


@given(texts(32))
def test_every_octet_may_be_escaped(label: str) -> None:
    escaped = "".join(f"%{octet:02x}" for octet in label.encode())
    assert parse_pkcs11_uri(f"pkcs11:token={escaped}").token == label


def test_examples_of_the_standard() -> None:
    # RFC 7512 §3, those of its examples that name a private key by attributes followed here
    uri = parse_pkcs11_uri(
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;"
        "object=my-certificate;type=private;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin".replace(
            "serial=?", "serial=42?"
        )
    )
    assert uri.token == "The Software PKCS#11 Softtoken"
    assert uri.manufacturer == "Snake Oil, Inc."
    assert uri.id == bytes.fromhex("69953e5cf4bdec91")
    assert uri.pin_source == "file:/etc/token_pin"


# --- what is refused ------------------------------------------------------------------------------------------------

SECRET = "42068319"


@pytest.mark.parametrize(
    ("uri", "code", "field"),
    [
        ("pkcs11", "pkcs11_uri_malformed", "scheme"),
        ("pkcs11:", "pkcs11_uri_malformed", "path"),
        ("pkcs11:?module-path=/m.so", "pkcs11_uri_malformed", "path"),
        ("pkcs11:token=a?", "pkcs11_uri_malformed", "query"),
        ("pkcs11:token", "pkcs11_uri_malformed", "name"),
        ("pkcs11:token=a;", "pkcs11_uri_malformed", "name"),
        ("pkcs11:;token=a", "pkcs11_uri_malformed", "name"),
        ("pkcs11:to ken=a", "pkcs11_uri_malformed", "name"),
        ("pkcs11:token=", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=a b", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=a/b", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=枣阳", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=%E6%9E", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=%2", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=%zz", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=a%00", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=a%0A", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=a\n", "pkcs11_uri_malformed", "token"),
        ("pkcs11:token=" + "a" * 33, "pkcs11_uri_malformed", "token"),
        ("pkcs11:serial=" + "1" * 17, "pkcs11_uri_malformed", "serial"),
        ("pkcs11:token=a#fragment", "pkcs11_uri_malformed", "token"),
        ("pkcs11:slot-id=0x1", "pkcs11_uri_malformed", "slot-id"),
        ("pkcs11:slot-id=01", "pkcs11_uri_malformed", "slot-id"),
        ("pkcs11:slot-id=-1", "pkcs11_uri_malformed", "slot-id"),
        ("pkcs11:token=a;token=a", "pkcs11_uri_attribute", "token"),
        ("pkcs11:token=a;TOKEN=a", "pkcs11_uri_attribute", "TOKEN"),
        ("pkcs11:token=a;type=public", "pkcs11_uri_attribute", "type"),
        ("pkcs11:token=a;type=cert", "pkcs11_uri_attribute", "type"),
        ("pkcs11:token=a;library-version=1.0", "pkcs11_uri_attribute", "library-version"),
        ("pkcs11:token=a;slot-description=x", "pkcs11_uri_attribute", "slot-description"),
        ("pkcs11:token=a;x-vendor=1", "pkcs11_uri_attribute", "x-vendor"),
        ("pkcs11:token=a;module-path=/m.so", "pkcs11_uri_attribute", "module-path"),
        ("pkcs11:token=a?token=a", "pkcs11_uri_attribute", "token"),
        ("pkcs11:token=a?x-vendor=1", "pkcs11_uri_attribute", "x-vendor"),
        ("pkcs11:token=a?module-path=/m.so&module-path=/m.so", "pkcs11_uri_attribute", "module-path"),
        ("pkcs11:token=a?module-path=/m.so&module-name=m", "pkcs11_uri_attribute", "module-name"),
        ("pkcs11:token=a?module-path=m.so", "pkcs11_uri_malformed", "module-path"),
        ("pkcs11:token=a?module-name=..%2Fm", "pkcs11_uri_malformed", "module-name"),
        ("pkcs11:token=a?pin-source=/etc/pin", "pkcs11_uri_malformed", "pin-source"),
        ("pkcs11:token=a?pin-source=file:pin", "pkcs11_uri_malformed", "pin-source"),
        ("pkcs11:token=a?pin-source=%7Ccat%20pin", "pkcs11_uri_malformed", "pin-source"),
        ("pkcs11:token=a?pin-source=http://pin", "pkcs11_uri_malformed", "pin-source"),
        (f"pkcs11:token=a?pin-value={SECRET}", "pkcs11_pin_value", "pin-value"),
    ],
)
def test_everything_else_is_refused_by_name(uri: str, code: str, field: str) -> None:
    with pytest.raises(KeyURIError) as refused:
        parse_pkcs11_uri(uri)
    assert (refused.value.code, refused.value.field) == (code, field)


@given(st.sampled_from(["?pin-value=", ";pin-value=", "?pin-value=a&pin-source=env:", "?pin-source=", "?module-path="]))
def test_no_refusal_repeats_what_may_be_a_pin(where: str) -> None:
    with pytest.raises(KeyURIError) as refused:
        parse_pkcs11_uri(f"pkcs11:token=court{where}{SECRET}|")
    shown = repr(refused.value) + str(refused.value) + refused.value.message("zh") + str(refused.value.params)
    assert SECRET not in shown
    assert refused.value.__cause__ is None


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for uri in (text, f"pkcs11:{text}", f"pkcs11:token={text}", f"pkcs11:token=a?{text}", f"pkcs11:id={quote(text)}"):
        try:
            read = parse_pkcs11_uri(uri)
        except KeyURIError:
            continue
        assert parse_pkcs11_uri(str(read)) == read
