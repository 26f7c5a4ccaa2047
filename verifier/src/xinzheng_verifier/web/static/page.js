"use strict";

// Everything that comes from a certificate is put in as text (textContent), never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
let language = document.documentElement.lang;
let chosen = null; // {blob, name, shrunk}
let last = null; // what stands in the answer: {state, word, why} or {reply, name, shrunk}
let turn = 0; // answers to earlier questions come too late

const say = (word) => data.words[language][word];

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function speak() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = say(node.dataset.word);
  at("text").placeholder = say("paste_hint");
  at("language").lang = language === "zh" ? "en" : "zh";
  history.replaceState(null, "", `?lang=${language}`);
  showChosen();
  if (last) show();
}

function showChosen() {
  at("chosen").hidden = !chosen;
  at("chosen").textContent = chosen ? chosen.name || say("pasted") : "";
}

// --- the answer ---

const two = (number) => String(number).padStart(2, "0");

// Moments as the clock on the wall shows them; the zone stands below.
function local(text) {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (written) => {
    const t = new Date(written);
    if (isNaN(t)) return written;
    return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
  });
}

function zone() {
  const minutes = -new Date().getTimezoneOffset(), size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

// What a lender must not read over, although the certificate is genuine.
function concern(key, report) {
  const subject = (report.claims && report.claims.credentialSubject) || {};
  const minded = {
    status: report.steps[7].outcome !== "passed",
    whose: report.steps[8].outcome === "failed",
    performed: ["notPerformed", "partlyPerformed"].includes(subject.performanceStatus),
    restriction: subject.consumptionRestrictionStatus === "inForce",
  };
  return minded[key] ? " mind" : "";
}

function tell(state, word, why) {
  last = { state, word, why };
  show();
  if (state !== "waiting") reveal();
}

// Where the answer stands below the question it comes to the top, with all that follows from it; beside it, into sight.
function reveal() {
  const below = matchMedia("(max-width: 56rem)").matches;
  if (below) at("answer").scrollIntoView({ block: "start" });
  else at("verdict").scrollIntoView({ block: "nearest" });
}

function show() {
  for (const id of ["word", "why"]) delete at(id).dataset.word;
  at("found").hidden = !last.reply;
  for (const id of ["sheet", "proof", "steps"]) at(id).replaceChildren();
  at("raw").textContent = "";
  at("code").textContent = "";
  at("limits").hidden = true;
  if (!last.reply) {
    at("answer").dataset.state = last.state;
    at("word").textContent = say(last.word);
    at("why").textContent = typeof last.why === "string" ? say(last.why) : last.why ? last.why[language] : "";
    return;
  }
  const report = last.reply.report, sheet = last.reply.sheet[language];
  at("answer").dataset.state = report.verdict;
  at("word").textContent = sheet.verdict;
  at("why").textContent = local(sheet.message);
  at("code").textContent = report.code;
  for (const row of sheet.rows) {
    if (row.key === "proves_not") {
      at("limits").hidden = false;
      at("limits").firstElementChild.textContent = row.head;
      at("limits").lastElementChild.textContent = row.text;
    } else at("sheet").append(element("dt", row.head), element("dd", local(row.text), row.key + concern(row.key, report)));
  }
  const proof = [["input", (last.name || say("pasted")) + (last.shrunk ? ` (${say("picture_shrunk")})` : "")]];
  if (report.inputSha256) proof.push(["fingerprint", report.inputSha256]);
  if (report.bundleVersion !== null) proof.push(["bundle", String(report.bundleVersion)]);
  proof.push(["zone", zone()]);
  for (const [word, text] of proof) at("proof").append(element("dt", say(word)), element("dd", text));
  sheet.steps.forEach((step, index) => {
    const line = element("li", "", report.steps[index].outcome);
    line.append(element("span", step.number, "n"), element("span", step.name), element("span", step.outcome, "o"), element("span", local(step.message), "m"));
    at("steps").append(line);
  });
  at("raw").textContent = JSON.stringify(report, null, 2);
}

// --- the question ---

async function check() {
  const text = at("text").value;
  if (text.trim()) chosen = { blob: new Blob([text]), name: "" };
  if (!chosen) return tell("problem", "nothing_given", "");
  const mine = ++turn, asked = chosen, form = new FormData();
  form.append("file", asked.blob, "certificate");
  if (at("number").value.trim()) form.append("identity", at("number").value.trim());
  at("number").value = "";
  if (at("moment").value) form.append("at", new Date(at("moment").value).toISOString().replace(/\.\d+/, ""));
  tell("checking", "checking", "");
  let response, reply;
  try {
    response = await fetch("page/verify", { method: "POST", body: form, headers: { "Accept-Language": language } });
    reply = await response.json();
  } catch {
    reply = null;
  }
  if (mine !== turn) return;
  if (response && response.ok && reply && reply.report) last = { reply, name: asked.name, shrunk: asked.shrunk };
  else last = { state: "problem", word: "no_answer", why: reply && reply.title ? { en: reply.title, zh: reply.title } : "unreachable" };
  show();
  at("verdict").focus({ preventScroll: true });
  reveal();
}

async function take(files) {
  if (files.length !== 1) return tell("problem", "one_at_a_time", "");
  const file = files[0], mine = ++turn;
  at("text").value = "";
  chosen = null;
  showChosen();
  if (file.size > data.maxBytes && !file.type.startsWith("image/")) return tell("problem", "no_answer", "file_too_large");
  let taken = { blob: file, name: file.name };
  if (file.size > data.maxBytes) {
    const blob = await shrunk(file);
    if (mine !== turn) return;
    if (!blob) return tell("problem", "no_answer", "picture_unreadable");
    taken = { blob, name: file.name, shrunk: true };
  }
  chosen = taken;
  showChosen();
  check();
}

// A camera's picture is larger than what is read: the same picture, grey, smaller and coarser until it fits.
async function shrunk(file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return null;
  }
  for (const side of [2000, 1600, 1200, 900]) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const brush = canvas.getContext("2d");
    brush.filter = "grayscale(1)";
    brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const quality of [0.85, 0.6]) {
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (blob && blob.size <= data.maxBytes) return blob;
    }
  }
  return null;
}

function startAfresh() {
  turn++;
  chosen = null;
  at("ask").reset();
  showChosen();
  tell("waiting", "waiting", "waiting_hint");
  at("file").focus();
}

at("ask").addEventListener("submit", (event) => { event.preventDefault(); check(); });
for (const id of ["file", "photo"]) {
  at(id).addEventListener("change", (event) => { take([...event.target.files]); event.target.value = ""; });
}
at("text").addEventListener("input", () => { chosen = null; showChosen(); });
at("again").addEventListener("click", startAfresh);
at("print").addEventListener("click", () => { at("fold-steps").open = true; window.print(); });
at("language").addEventListener("click", () => { language = language === "zh" ? "en" : "zh"; speak(); });

for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => { event.preventDefault(); document.body.classList.add("is-dragging"); });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("is-dragging"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("is-dragging");
  const text = event.dataTransfer.getData("text/plain");
  if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  else if (text.trim()) { at("text").value = text; check(); }
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) {
    event.preventDefault();
    take([...event.clipboardData.files]);
  } else if (!/^(TEXTAREA|INPUT)$/.test(event.target.tagName || "")) {
    at("text").value = event.clipboardData.getData("text/plain");
    if (at("text").value.trim()) check();
  }
});
// A page that comes back from the browser's memory brings no number and no certificate along.
window.addEventListener("pageshow", (event) => { if (event.persisted) startAfresh(); });
