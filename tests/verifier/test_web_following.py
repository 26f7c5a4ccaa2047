"""`serve --store`: what an import brings holds from the next request on, and a store that is gone answers nothing."""

import json
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from support.issuers import NOW, SimulatedCourt
from support.tuf_simulator import TUFSimulator
from xinzheng_verifier import Policy, TrustError
from xinzheng_verifier.trust import directory
from xinzheng_verifier.web import FollowingVerifier, create_app

INDEX = 94567


class Publisher:
    """A court's bundles, and a store that takes them."""

    def __init__(self, folder: Path) -> None:
        self.court = SimulatedCourt()
        self.folder = folder
        self.simulator = TUFSimulator(at=NOW)
        self.publish([])

    def publish(self, revoked: list[int]) -> None:
        targets = {"courts/420683/issuer.json": self.court.issuer_document()}
        for document in self.court.status_lists(revoked=revoked):
            purpose = document["credentialSubject"]["statusPurpose"]
            targets[f"courts/420683/status/1/{purpose}.json"] = document
        self.simulator = self.simulator.next()
        self.simulator.targets = {name: json.dumps(document).encode() for name, document in targets.items()}
        bundle = self.simulator.bundle()
        directory.import_bundle(self.folder, bundle, root=self.simulator.root_bytes, at=self.simulator.at)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "store")


def test_import_takes_effect_with_the_next_request(publisher: Publisher) -> None:
    token = publisher.court.issue().jwt
    following = FollowingVerifier(publisher.folder, Policy())
    client = TestClient(create_app(following, clock=lambda: publisher.simulator.at))
    batch = {"credentials": [token]}
    assert client.post("/v1/verify", content=token).json()["code"] == "ok"
    assert following() is following()
    version = client.get("/healthz").json()["bundleVersion"]
    publisher.publish([INDEX])
    assert client.post("/v1/verify", content=token).json()["code"] == "revoked"
    assert client.post("/v1/verify/batch", json=batch).json()["reports"][0]["code"] == "revoked"
    assert client.get("/healthz").json()["bundleVersion"] == version + 1


def test_store_that_is_gone_or_spoiled_answers_nothing(publisher: Publisher) -> None:
    token = publisher.court.issue().jwt
    client = TestClient(create_app(FollowingVerifier(publisher.folder, Policy()), clock=lambda: publisher.simulator.at))
    state = publisher.folder / "state.json"
    spoiled = state.with_name("spoiled")
    spoiled.write_text("{}", "utf-8")
    spoiled.rename(state)
    for _ in range(2):
        response = client.post("/v1/verify", content=token)
        assert (response.status_code, response.json()["code"]) == (503, "bundle_unavailable")
    shutil.rmtree(publisher.folder)
    assert client.get("/healthz").status_code == 503
    with pytest.raises(TrustError):
        FollowingVerifier(publisher.folder, Policy())
