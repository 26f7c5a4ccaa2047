"""The life of a key: windows, and steps that lead forward only."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from xinzheng_keys.errors import LifecycleError
from xinzheng_keys.lifecycle import KeyRecord, usable_key
from xinzheng_keys.messages import KEY_STATES
from xinzheng_schemas.multibase import KeyType, encode_multikey
from xinzheng_schemas.trust_documents import KeyState, KeyUsage

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2028, 1, 1, tzinfo=UTC)
P256 = "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP"
SM2 = encode_multikey(KeyType.SM2, b"\x02" + bytes(32))
SECOND = timedelta(seconds=1)


def record(
    state: KeyState = KeyState.STAGED,
    *,
    name: str = "cert-1",
    usage: KeyUsage = KeyUsage.CERTIFICATE,
    valid_from: datetime = START,
    valid_until: datetime | None = END,
    public_key: str = P256,
) -> KeyRecord:
    return KeyRecord(
        name=name,
        usage=usage,
        public_key_multibase=public_key,
        state=state,
        valid_from=valid_from,
        valid_until=valid_until,
        compromised_at=END if state is KeyState.COMPROMISED else None,
    )


def test_the_whole_life() -> None:
    staged = record(valid_until=None)
    active = staged.activate(at=START + SECOND)
    retired = active.retire(at=END)
    compromised = retired.compromise(at=START + 2 * SECOND)
    assert (active.state, active.valid_from, active.valid_until) == (KeyState.ACTIVE, START, None)
    assert (retired.state, retired.valid_until) == (KeyState.RETIRED, END)
    assert (compromised.state, compromised.compromised_at) == (KeyState.COMPROMISED, START + 2 * SECOND)
    assert compromised.valid_until == END


STEPS: dict[KeyState, Callable[[KeyRecord], KeyRecord]] = {
    KeyState.ACTIVE: lambda key: key.activate(at=START),
    KeyState.RETIRED: lambda key: key.retire(at=END),
    KeyState.COMPROMISED: lambda key: key.compromise(at=END - SECOND),
}
ALLOWED = {
    (KeyState.STAGED, KeyState.ACTIVE),
    (KeyState.STAGED, KeyState.RETIRED),
    (KeyState.ACTIVE, KeyState.RETIRED),
    (KeyState.STAGED, KeyState.COMPROMISED),
    (KeyState.ACTIVE, KeyState.COMPROMISED),
    (KeyState.RETIRED, KeyState.COMPROMISED),
    (KeyState.COMPROMISED, KeyState.COMPROMISED),
}


@pytest.mark.parametrize("wanted", list(STEPS))
@pytest.mark.parametrize("state", list(KeyState))
def test_only_the_drawn_steps_are_possible(state: KeyState, wanted: KeyState) -> None:
    if (state, wanted) in ALLOWED:
        assert STEPS[wanted](record(state)).state is wanted
        return
    with pytest.raises(LifecycleError) as refused:
        STEPS[wanted](record(state))
    assert refused.value.code == "key_transition_forbidden"
    assert f"is {state.value} and cannot become" in refused.value.message()
    said = refused.value.message("zh")
    assert (KEY_STATES[state].zh in said, [each for each in KeyState if each in said]) == (True, [])


def test_a_compromised_key_is_told_what_can_still_be_said_of_it() -> None:
    with pytest.raises(LifecycleError) as refused:
        STEPS[KeyState.RETIRED](record(KeyState.COMPROMISED))
    assert "it stays compromised, and only its moment can be made earlier" in refused.value.message()
    assert "只能将泄露时间提前" in refused.value.message("zh")


def test_the_moment_of_a_compromise_moves_earlier_and_never_later() -> None:
    stolen = record(KeyState.COMPROMISED)
    assert stolen.compromise(at=START).compromised_at == START
    for later in (END, END + SECOND):
        with pytest.raises(LifecycleError) as refused:
            stolen.compromise(at=later)
        assert refused.value.code == "compromise_not_earlier"
        assert "2028-01-01T00:00:00Z" in refused.value.message("zh")


@pytest.mark.parametrize("at", [START - SECOND, END + SECOND])
def test_a_key_is_not_activated_outside_its_window(at: datetime) -> None:
    with pytest.raises(LifecycleError) as refused:
        record().activate(at=at)
    assert refused.value.code == "key_not_usable"


def test_retirement_never_widens_the_window() -> None:
    assert record(KeyState.ACTIVE).retire(at=END + SECOND).valid_until == END


def test_both_ends_of_the_window_belong_to_it() -> None:
    key = record(KeyState.ACTIVE)
    assert [key.covers(at) for at in (START - SECOND, START, END, END + SECOND)] == [False, True, True, False]
    assert record(KeyState.ACTIVE, valid_until=None).covers(END + 10_000 * SECOND)


@pytest.mark.parametrize("state", [state for state in KeyState if state is not KeyState.ACTIVE])
def test_only_an_active_key_signs(state: KeyState) -> None:
    with pytest.raises(LifecycleError, match=state.value):
        record(state).require_usable(at=START)


def test_refusal_of_an_open_window_shows_it_open() -> None:
    with pytest.raises(LifecycleError, match="2026-01-01T00:00:00Z – …"):
        record(KeyState.ACTIVE, valid_until=None).require_usable(at=START - SECOND)
    record(KeyState.ACTIVE, valid_until=None).require_usable(at=START)


@pytest.mark.parametrize(
    "name", ["", "Cert", "cert_1", "cert 1", "-cert", "cert-", "cert--1", "cert-1-jwk", "密钥", "a\n"]
)
def test_a_name_that_makes_no_fragment_is_refused(name: str) -> None:
    with pytest.raises(LifecycleError) as refused:
        record(name=name)
    assert refused.value.code == "key_name_malformed"


@pytest.mark.parametrize("name", ["cert-1", "cert-2026-11", "status-1", "jwk", "k"])
def test_a_name_that_makes_a_fragment_is_taken(name: str) -> None:
    assert record(name=name).name == name


def test_windows_that_are_none() -> None:
    naive = START.replace(tzinfo=None)
    wrongs: list[Callable[[], KeyRecord]] = [
        lambda: record(valid_until=START),
        lambda: record(valid_until=START - SECOND),
        lambda: record(valid_from=naive),
        lambda: record(KeyState.RETIRED, valid_until=None),
        lambda: record(KeyState.ACTIVE, valid_until=None).retire(at=START),
        lambda: record(KeyState.ACTIVE).compromise(at=naive),
    ]
    for wrong in wrongs:
        with pytest.raises(LifecycleError) as refused:
            wrong()
        assert refused.value.code == "key_window"


@pytest.mark.parametrize(("state", "compromised_at"), [(KeyState.ACTIVE, END), (KeyState.COMPROMISED, None)])
def test_compromise_is_dated_and_nothing_else_is(state: KeyState, compromised_at: datetime | None) -> None:
    with pytest.raises(LifecycleError) as refused:
        KeyRecord(
            name="cert-1",
            usage=KeyUsage.CERTIFICATE,
            public_key_multibase="z",
            valid_from=START,
            state=state,
            compromised_at=compromised_at,
        )
    assert refused.value.code == "key_compromise"


def test_the_key_that_opened_last_signs() -> None:
    keys = [
        record(KeyState.ACTIVE, name="cert-1"),
        record(KeyState.ACTIVE, name="cert-2", valid_from=START + SECOND),
        record(KeyState.ACTIVE, name="cert-3", valid_from=START + 9 * SECOND),
        record(KeyState.STAGED, name="cert-4"),
        record(KeyState.ACTIVE, name="status-1", usage=KeyUsage.STATUS),
    ]
    assert usable_key(keys, usage=KeyUsage.CERTIFICATE, at=START + 2 * SECOND).name == "cert-2"
    assert usable_key(keys, usage=KeyUsage.STATUS, at=START).name == "status-1"
    with pytest.raises(LifecycleError):
        usable_key(keys, usage=KeyUsage.CERTIFICATE, at=START, national=True)
    with pytest.raises(LifecycleError) as refused:
        usable_key(keys, usage=KeyUsage.STATUS, at=END + SECOND)
    assert refused.value.code == "key_missing"


def test_an_sm2_key_never_signs_for_another_nor_another_for_it() -> None:
    newest = START + 9 * SECOND
    keys = [
        record(KeyState.ACTIVE, name="cert-1"),
        record(KeyState.ACTIVE, name="sm2-1", public_key=SM2, valid_from=START + SECOND),
        record(KeyState.ACTIVE, name="sm2-2", public_key=SM2, valid_from=newest),
    ]
    assert [key.key_type for key in keys] == [KeyType.P256, KeyType.SM2, KeyType.SM2]
    assert usable_key(keys, usage=KeyUsage.CERTIFICATE, at=newest).name == "cert-1"
    assert usable_key(keys, usage=KeyUsage.CERTIFICATE, at=newest, national=True).name == "sm2-2"
    assert usable_key(keys, usage=KeyUsage.CERTIFICATE, at=newest - SECOND, national=True).name == "sm2-1"
    with pytest.raises(LifecycleError) as refused:
        usable_key(keys[1:], usage=KeyUsage.CERTIFICATE, at=newest)
    assert refused.value.code == "key_missing"
