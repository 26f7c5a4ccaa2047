"""Whether the keys can sign, asked without keeping them from their work."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from support.office import CourtHouse, StandingClock, code, court_keys, zaoyang_court
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.issuing.court_keys import CourtKeys
from xinzheng_issuer.issuing.readiness import KEPT_SECONDS, Readiness
from xinzheng_keys import SoftwareSigner
from xinzheng_keys.errors import LifecycleError, TokenError
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.trust_documents import KeyState

COURT = zaoyang_court()


class Module(SoftwareSigner):
    """A key in a module that counts what it is asked, and that can be away, broken or slow."""

    failure: Exception | None = None
    asked = 0
    free: threading.Event | None = None

    def sign(self, data: bytes) -> bytes:
        self.asked += 1
        if self.free is not None:
            assert self.free.wait(20)
        if self.failure is not None:
            raise self.failure
        return super().sign(data)


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def module() -> Module:
    return Module.generate()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def readiness(module: Module, seconds: Seconds) -> Readiness:
    return Readiness(court_keys(COURT, certificate=module), clock=StandingClock(), ticks=seconds)


def refusal(readiness: Readiness) -> str:
    with pytest.raises(CodedError) as caught:
        readiness.require()
    return caught.value.code


def test_an_answer_counts_for_a_while(module: Module, seconds: Seconds, readiness: Readiness) -> None:
    for _ in range(100):
        readiness.require()
    assert module.asked == 1
    module.failure = TokenError("token_missing")
    seconds.now = KEPT_SECONDS - 0.1
    readiness.require()
    seconds.now = KEPT_SECONDS
    assert [refusal(readiness) for _ in range(100)] == ["token_missing"] * 100
    assert module.asked == 2
    module.failure, seconds.now = None, 2 * KEPT_SECONDS
    readiness.require()


def test_whatever_a_driver_raises_is_one_code(module: Module, readiness: Readiness) -> None:
    module.failure = RuntimeError("slot 7 of 10.0.0.1")
    with pytest.raises(CodedError) as caught:
        readiness.require()
    assert caught.value.code == "signer_unavailable"
    assert "10.0.0.1" not in caught.value.message("en") + caught.value.message("zh")


def test_the_status_key_is_asked_too() -> None:
    module = Module.generate()
    module.failure = TokenError("token_slow")
    assert refusal(Readiness(court_keys(COURT, status=module), clock=StandingClock())) == "token_slow"


def test_a_register_that_lacks_what_was_published_is_not_ready(module: Module) -> None:
    lists = ["1/revocation"]

    def require_knowledge() -> None:
        if lists:
            raise PublishingError("register_restored", lists=lists[0])

    seconds = Seconds()
    readiness = Readiness(
        court_keys(COURT, certificate=module), clock=StandingClock(), ticks=seconds, require_knowledge=require_knowledge
    )
    assert refusal(readiness) == "register_restored"
    assert module.asked == 0
    lists.clear()
    assert refusal(readiness) == "register_restored"
    seconds.now = KEPT_SECONDS
    readiness.require()


def retired(keys: CourtKeys) -> CourtKeys:
    records = [replace(record, state=KeyState.RETIRED, valid_until=record.valid_from) for record in keys.records]
    return replace(keys, records=tuple(records))


def test_without_a_key_nothing_can_be_signed() -> None:
    with pytest.raises(LifecycleError):
        Readiness(retired(court_keys(COURT)), clock=StandingClock()).require()


@pytest.fixture
def waiting(module: Module, readiness: Readiness) -> Iterator[threading.Thread]:
    """Somebody who asks a module that does not answer."""
    module.free = threading.Event()
    thread = threading.Thread(target=readiness.require)
    thread.start()
    yield thread
    module.free.set()
    thread.join(20)


def test_while_one_waits_for_a_slow_module_nobody_else_does(
    module: Module, readiness: Readiness, waiting: threading.Thread
) -> None:
    assert [refusal(readiness) for _ in range(50)] == ["signer_unavailable"] * 50
    assert module.free is not None
    module.free.set()
    waiting.join(20)
    readiness.require()
    assert module.asked == 1


def test_everybody_may_ask_and_the_answer_is_described(house: CourtHouse) -> None:
    answer = house.get("/readyz", None)
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    described = house.get("/openapi.json", None).json()["paths"]["/readyz"]["get"]
    assert {"200", "503"} <= described["responses"].keys()
    assert code(house.post("/readyz", {}, None))[0] == 405
