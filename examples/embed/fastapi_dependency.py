"""An endpoint of yours that depends on a verified certificate (needs xinzheng-verifier[server]).

Usage: STORE=store uvicorn fastapi_dependency:app. Then POST /loan-applications with the certificate as the body and
the applicant's number in the header X-Id-Number (over TLS; never in the address, which every proxy writes down).
"""

import os
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import Body, Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse, Response

from xinzheng_verifier import Policy, Report, TrustError, TrustStore, Verdict, Verifier


@lru_cache(maxsize=1)
def _verifier(_: int) -> Verifier:
    trust = TrustStore.open(os.environ["STORE"])
    return Verifier(trust, policy=Policy(max_status_age=timedelta(hours=72)))


def current_verifier() -> Verifier:
    """The verifier over the store as it is now; opened again when an import has replaced its content."""
    try:
        return _verifier((Path(os.environ["STORE"]) / "state.json").stat().st_mtime_ns)
    except (OSError, TrustError) as error:
        # Without trust data there is no answer; never go on as if there had been one.
        raise HTTPException(503, "no usable trust data") from error


def verified_certificate(
    data: Annotated[bytes, Body(media_type="application/octet-stream")],
    x_id_number: Annotated[str, Header()],
    verifier: Annotated[Verifier, Depends(current_verifier)],
) -> Report:
    """A report that passed; anything else ends the request here."""
    report = verifier.report(data, at=datetime.now(UTC), identity=x_id_number)
    if report.verdict is not Verdict.PASSED:
        status = 422 if report.verdict is Verdict.FAILED else 409
        raise HTTPException(status, {"code": report.code, "message": report.message("en")})
    return report


app = FastAPI(title="Loans")


@app.post("/loan-applications", status_code=201)
def apply(report: Annotated[Report, Depends(verified_certificate)]) -> Response:
    """Runs only with a genuine certificate of the person who applies, in force as far as is known."""
    claims = report.claims or {}
    kept = {"certificate": claims.get("certificateNumber"), "sha256": report.input_sha256}
    return JSONResponse(kept, status_code=201)
