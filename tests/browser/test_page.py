"""The page in a real browser: what a clerk does, what they see, and that nothing else is asked or kept."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
import qrcode
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from support.issuers import IssuedForms, SimulatedCourt
from support.samples import WANG_ID
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT
from xinzheng_verifier.limits import MAX_INPUT_BYTES

# One browser serves all of these.
pytestmark = pytest.mark.xdist_group("browser")

OTHER_ID = "420683198506151235"
REVOKED = "7"
STATES = ("passed", "failed", "indeterminate")


def choose(page: Page, data: bytes, *, name: str = "certificate.json", kind: str = "application/json") -> None:
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": data})


def drop(page: Page, data: bytes, *, name: str, kind: str, count: int = 1) -> None:
    handle = page.evaluate_handle(
        """([text, name, type, count]) => {
          const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)), carried = new DataTransfer();
          for (let i = 0; i < count; i++) carried.items.add(new File([bytes], name, { type }));
          return carried;
        }""",
        [base64.b64encode(data).decode(), name, kind, count],
    )
    page.dispatch_event("#drop", "dragenter", {"dataTransfer": handle})
    page.dispatch_event("#drop", "drop", {"dataTransfer": handle})


def verdict(page: Page, state: str) -> None:
    expect(page.locator("#answer")).to_have_attribute("data-state", state)


def row(page: Page, key: str) -> str:
    return page.locator(f"#sheet dd.{key}").inner_text()


def picture(text: str, kind: str, pixels: int = 4) -> bytes:
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, box_size=pixels, border=4)
    code.add_data(text)
    file = io.BytesIO()
    code.make_image().get_image().convert("RGB").save(file, kind)
    return file.getvalue()


# --- ways in ----------------------------------------------------------------------------------------------------------


def test_chosen_file_and_all_that_a_lender_must_see(page: Page, forms: IssuedForms) -> None:
    page.fill("#number", WANG_ID)
    choose(page, forms.json_text)
    verdict(page, "passed")
    expect(page.locator("#word")).to_have_text("PASSED")
    expect(page.locator(".sign.passed")).to_be_visible()
    expect(page.locator(".sign.failed")).to_be_hidden()
    assert row(page, "whose") == "王某 · 4206831990****001X · matches the ID number given"
    assert row(page, "entry") == "（2022）鄂0683执123号 · 枣阳市人民法院 · published 2022-06-15"
    assert row(page, "masked") == "since 2026-11-20; settlement performed (Art. 10 (2))"
    assert row(page, "performed") == "settlement performed"
    assert row(page, "restriction") == "consumption restriction lifted"
    assert row(page, "issued_by").startswith("Zaoyang People's Court · did:web")
    # In the clerk's own time, which the page says.
    assert row(page, "status").startswith("neither revoked nor suspended as of 2026-11-23 16:50:00 · 10 min before")
    expect(page.locator("#proof")).to_contain_text("UTC+08:00")
    expect(page.locator("#limits p")).to_have_text(SCOPE_STATEMENT["en"])
    expect(page.locator("#proof")).to_contain_text("certificate.json")


def test_dropped_file(page: Page, forms: IssuedForms) -> None:
    drop(page, forms.jwt.encode(), name="c.jwt", kind="")
    verdict(page, "passed")
    expect(page.locator("#chosen")).to_have_text("c.jwt")
    expect(page.locator("body")).not_to_have_class("is-dragging")


def test_two_files_are_one_too_many(page: Page, forms: IssuedForms) -> None:
    choose(page, forms.json_text)
    verdict(page, "passed")
    drop(page, forms.jwt.encode(), name="c.jwt", kind="", count=2)
    verdict(page, "problem")
    expect(page.locator("#word")).to_have_text("One certificate at a time, please.")
    expect(page.locator("#found")).to_be_hidden()


def test_pasted_text(page: Page, forms: IssuedForms) -> None:
    page.fill("#text", forms.qr)
    page.keyboard.press("Tab")
    page.click("button[type=submit]")
    verdict(page, "passed")
    expect(page.locator("#proof")).to_contain_text("pasted text")
    page.click("#again")
    verdict(page, "waiting")
    expect(page.locator("#text")).to_have_value("")
    page.evaluate(
        """(text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        forms.jwt,
    )
    verdict(page, "passed")


def test_picture_of_the_symbol(page: Page, forms: IssuedForms) -> None:
    choose(page, picture(forms.qr, "PNG"), name="scan.png", kind="image/png")
    verdict(page, "passed")


def test_large_photograph_is_made_smaller_here(page: Page, forms: IssuedForms) -> None:
    """A camera's file: the symbol on a noisy sheet of twelve million pixels."""
    sheet = Image.effect_noise((4000, 3000), 40).convert("RGB")
    with Image.open(io.BytesIO(picture(forms.qr, "PNG", 20))) as symbol:
        sheet.paste(symbol, (700, 500))
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=90)
    assert file.tell() > 4 * MAX_INPUT_BYTES
    page.set_input_files("#photo", {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    verdict(page, "passed")
    expect(page.locator("#proof")).to_contain_text("photo.jpg (The picture was made smaller before it was checked.)")


def test_files_that_cannot_be_certificates_are_not_sent(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    choose(page, b"x" * (MAX_INPUT_BYTES + 1), name="big.bin", kind="application/octet-stream")
    expect(page.locator("#why")).to_have_text("This file is larger than any certificate; it was not sent.")
    choose(page, b"x" * (MAX_INPUT_BYTES + 1), name="photo.heic", kind="image/heic")
    expect(page.locator("#why")).to_have_text("This picture cannot be opened here; take it as JPEG or PNG.")
    verdict(page, "problem")
    assert sent == []


def test_nothing_to_check(page: Page) -> None:
    page.click("button[type=submit]")
    expect(page.locator("#word")).to_have_text("Choose, drop or paste a certificate first.")


# --- verdicts ---------------------------------------------------------------------------------------------------------


def test_wrong_person(page: Page, forms: IssuedForms) -> None:
    choose(page, forms.json_text)
    verdict(page, "passed")
    page.fill("#number", OTHER_ID)
    page.click("button[type=submit]")
    verdict(page, "failed")
    expect(page.locator("#word")).to_have_text("FAILED: do not rely on it")
    expect(page.locator("#why")).to_have_text("Genuine, but of another person: the ID number given does not match.")
    expect(page.locator(".sign.failed")).to_be_visible()
    expect(page.locator("#verdict")).to_be_focused()


def test_number_is_cleared_and_nowhere_kept(page: Page, context: BrowserContext, forms: IssuedForms) -> None:
    assert page.get_attribute("#number", "autocomplete") == "off"
    assert page.get_attribute("#number", "name") is None
    page.fill("#number", WANG_ID)
    choose(page, forms.json_text)
    verdict(page, "passed")
    expect(page.locator("#number")).to_have_value("")
    assert WANG_ID not in page.content()
    assert WANG_ID not in page.url
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])")
    assert json.loads(kept) == [{}, {}, "", None]
    assert context.cookies() == []


def test_revoked(page: Page, court: SimulatedCourt) -> None:
    status = [entry | {"statusListIndex": REVOKED} for entry in court.credential()["credentialStatus"]]
    choose(page, court.issue({"credentialStatus": status}).jwt.encode())
    verdict(page, "failed")
    expect(page.locator("#code")).to_have_text("revoked")
    expect(page.locator("#sheet dd.status")).to_have_class("status mind")


def test_status_unknown_is_neither(page: Page, court: SimulatedCourt) -> None:
    elsewhere = [
        entry | {"statusListCredential": court.status_url(entry["statusPurpose"], number=2)}
        for entry in court.credential()["credentialStatus"]
    ]
    choose(page, court.issue({"credentialStatus": elsewhere}).json_text)
    verdict(page, "indeterminate")
    expect(page.locator("#word")).to_have_text("NOT DECIDED: do not rely on it yet")
    expect(page.locator(".sign.indeterminate")).to_be_visible()


def test_colours_differ_and_are_readable(page: Page, court: SimulatedCourt, forms: IssuedForms) -> None:
    seen = set()
    elsewhere = [
        entry | {"statusListCredential": court.status_url(entry["statusPurpose"], number=2)}
        for entry in court.credential()["credentialStatus"]
    ]
    unknown = court.issue({"credentialStatus": elsewhere}).json_text
    for data, state in ((forms.json_text, "passed"), (b"{}", "failed"), (unknown, "indeterminate")):
        choose(page, data)
        verdict(page, state)
        ink, paper = page.evaluate(
            "(() => { const s = getComputedStyle(document.getElementById('verdict'));"
            " return [getComputedStyle(document.getElementById('word')).color, s.backgroundColor]; })()"
        )
        assert contrast(ink, paper) >= 4.5
        seen.add(ink)
    assert len(seen) == 3


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two CSS colours (WCAG 2.2, 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour[4:-1].split(",")]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_state_at_another_moment(page: Page, forms: IssuedForms) -> None:
    page.click("summary[data-word=moment]")
    page.fill("#moment", "2028-01-01T08:00:00")
    choose(page, forms.json_text)
    verdict(page, "failed")
    assert row(page, "asked") == "2028-01-01 08:00:00"


def test_old_answer_goes_before_a_new_one_comes(unguarded: Page, address: str, forms: IssuedForms) -> None:
    page = unguarded
    choose(page, forms.json_text)
    verdict(page, "passed")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"{address}/page/verify", hold)
    page.click("button[type=submit]")
    verdict(page, "checking")
    expect(page.locator("#found")).to_be_hidden()
    expect(page.locator("#raw")).to_have_text("")
    page.wait_for_timeout(100)
    held[0].abort()
    verdict(page, "problem")


def test_late_answer_to_an_earlier_question_is_not_shown(page: Page, address: str, forms: IssuedForms) -> None:
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(f"{address}/page/verify", hold_first)
    choose(page, forms.json_text)
    verdict(page, "checking")
    choose(page, b"{}", name="second.json")
    verdict(page, "failed")
    held[0].continue_()
    page.wait_for_timeout(300)
    verdict(page, "failed")
    expect(page.locator("#proof")).to_contain_text("second.json")


def test_server_that_does_not_answer(unguarded: Page, address: str, forms: IssuedForms) -> None:
    unguarded.route(f"{address}/page/verify", lambda route: route.abort())
    choose(unguarded, forms.json_text)
    verdict(unguarded, "problem")
    expect(unguarded.locator("#word")).to_have_text("Nothing was checked")
    expect(unguarded.locator("#why")).to_contain_text("did not answer")


def test_refusal_of_the_server_is_shown(unguarded: Page) -> None:
    unguarded.fill("#text", "x" * (MAX_INPUT_BYTES + 70_000))
    unguarded.click("button[type=submit]")
    verdict(unguarded, "problem")
    expect(unguarded.locator("#why")).to_contain_text("Larger than")


# --- languages, hostile text, paper -----------------------------------------------------------------------------------


def test_both_languages(browser: Browser, address: str, page: Page, forms: IssuedForms) -> None:
    choose(page, forms.json_text)
    verdict(page, "passed")
    page.click("#language")
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    expect(page.locator("#word")).to_have_text("通过")
    expect(page.locator("h1")).to_have_text("信用修复证明核验")
    assert row(page, "whose") == "王某 · 4206831990****001X · 未与证件号码比对"
    expect(page.locator("#limits p")).to_have_text(SCOPE_STATEMENT["zh"])
    page.reload()
    expect(page.locator("h1")).to_have_text("信用修复证明核验")
    chinese = browser.new_context(locale="zh-CN").new_page()
    chinese.goto(address)
    expect(chinese).to_have_title("信用修复证明核验")
    expect(chinese.locator("button[type=submit]")).to_have_text("核验")
    chinese.context.close()


HOSTILE = "<img src=x onerror=alert(1)>\u202e\u200b\x07</script>'\"&lt;${alert(2)}"


def test_hostile_text_stays_text(page: Page, court: SimulatedCourt) -> None:
    subject = {"name": HOSTILE, "purpose": ["other"], "purposeText": HOSTILE, "performanceStatus": HOSTILE}
    document = court.secure(court.credential({"certificateNumber": HOSTILE, "credentialSubject": subject}))
    choose(page, json.dumps(document).encode(), name=HOSTILE.replace("/", ""))
    verdict(page, "failed")
    shown = row(page, "whose")
    assert "<img src=x onerror=alert(1)>\\u202e\\u200b\\u0007" in shown
    assert page.locator("#answer img, #answer script").count() == 0
    assert "\u202e" not in page.locator("#sheet").inner_text()
    page.click("summary[data-word=raw]")
    expect(page.locator("#raw")).to_contain_text("<img src=x onerror=alert(1)>")


def test_page_runs_nothing_but_its_own_script(unguarded: Page) -> None:
    """The policy of the page holds in the browser: a script that found its way in would not run."""
    ran = unguarded.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.broken = true";
          document.body.append(script);
          return window.broken === true;
        }"""
    )
    assert ran is False


def test_steps_and_report_are_folded_away(page: Page, forms: IssuedForms) -> None:
    choose(page, forms.json_text)
    verdict(page, "passed")
    expect(page.locator("#steps")).to_be_hidden()
    expect(page.locator("#raw")).to_be_hidden()
    page.focus("summary[data-word=steps]")
    page.keyboard.press("Enter")
    assert page.locator("#steps li").count() == 10
    expect(page.locator("#steps li").nth(8)).to_have_text("9Personnot examinedNo ID number was given to compare.")
    page.click("summary[data-word=raw]")
    report: dict[str, Any] = json.loads(page.locator("#raw").inner_text())
    assert (report["verdict"], report["code"]) == ("passed", "ok")


def test_everything_can_be_reached_by_keyboard_and_has_a_name(page: Page, forms: IssuedForms) -> None:
    choose(page, forms.json_text)
    verdict(page, "passed")
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input, textarea, summary")].filter((node) =>
          !(node.labels && [...node.labels].some((label) => label.textContent.trim())) && !node.textContent.trim()
        ).map((node) => node.outerHTML)"""
    )
    assert nameless == []
    reached = set()
    page.focus("#language")
    for _ in range(16):
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.dataset.word"))
        page.keyboard.press("Tab")
    assert {"language", "file", "text", "number", "moment", "check", "print", "again", "steps", "raw"} <= reached
    assert page.get_attribute("#verdict", "aria-live") == "polite"


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_fits_every_screen(context: BrowserContext, address: str, court: SimulatedCourt, width: int) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    for data in (court.issue().json_text, b"{}"):
        choose(page, data, name="a-rather-long-name-of-a-file-" * 5 + ".json")
        expect(page.locator("#found")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_verdict_comes_into_sight(context: BrowserContext, address: str, court: SimulatedCourt) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto(address)
    choose(page, court.issue().json_text)
    verdict(page, "passed")
    page.click("summary[data-word=raw]")
    page.evaluate("window.scrollTo(0, 100000)")
    expect(page.locator("#verdict")).not_to_be_in_viewport()
    choose(page, b"{}")
    verdict(page, "failed")
    expect(page.locator("#word")).to_be_in_viewport(ratio=1)


PHONE = {"width": 375, "height": 667}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_verdict_is_seen_on_a_phone_without_scrolling(
    context: BrowserContext, address: str, court: SimulatedCourt, forms: IssuedForms, language: str
) -> None:
    page = context.new_page()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict serves
    page.goto(f"{address}/?lang={language}")

    def seen(state: str) -> None:
        verdict(page, state)
        for part in ("#word", "#why", f".sign.{state if state in STATES else 'none'}"):
            expect(page.locator(part)).to_be_in_viewport(ratio=1)

    page.click("button[type=submit]")  # nothing was given: the reason stands where it is looked for
    seen("problem")
    choose(page, forms.json_text)
    seen("passed")
    expect(page.locator("#sheet dd.whose")).to_be_in_viewport(ratio=1)
    page.evaluate("window.scrollTo(0, 0)")
    page.fill("#text", court.issue(signer=SimulatedCourt().certificate_signer).jwt)
    page.click("button[type=submit]")
    seen("failed")
    page.evaluate("window.scrollTo(0, 0)")
    choose(page, b"x" * (MAX_INPUT_BYTES + 1), name="large.json")
    seen("problem")
    page.evaluate("window.scrollTo(0, 0)")
    choose(page, forms.jwt.encode())
    seen("passed")
    page.click("#again")
    verdict(page, "waiting")
    expect(page.locator("#drop .lead")).to_be_in_viewport(ratio=1)


def test_on_paper_there_is_the_answer_and_no_form(page: Page, forms: IssuedForms, tmp_path: Path) -> None:
    choose(page, forms.json_text)
    verdict(page, "passed")
    page.emulate_media(media="print")
    expect(page.locator("#ask")).to_be_hidden()
    expect(page.locator("#print")).to_be_hidden()
    expect(page.locator("#word")).to_be_visible()
    expect(page.locator("#limits")).to_be_visible()
    expect(page.locator("#proof")).to_contain_text("SHA-256")
    paper = page.pdf(path=str(tmp_path / "paper.pdf"))
    assert paper.startswith(b"%PDF")


def test_without_scripts_it_says_so(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".notice")).to_contain_text("JavaScript")
    context.close()
