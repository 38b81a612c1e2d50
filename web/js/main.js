// The page: joins state, connection and elements.

import { keepToken, takeToken } from "./api.js";
import { el } from "./el.js";
import { loadWords, t } from "./i18n.js";
import { createLog } from "./log.js";
import { renderMembers, showInvite, showNames } from "./people.js";
import {
  applyError,
  applyMembers,
  applyMessages,
  applyPage,
  applyReceipts,
  applySent,
  applyWelcome,
  createStore,
  queue,
} from "./store.js";
import { PAGE, place } from "./timeline.js";
import { connect } from "./ws.js";

/** A banner appears after so many milliseconds without a connection. */
const BANNER_MS = 2_000;
/** A message counts as read after so many milliseconds in a focused page. */
const READ_MS = 1_000;
/** `typing` is told at most once in so many milliseconds, and shown for twice as long. */
const TYPING_MS = 3_000;
/** A notice stays for so many milliseconds. */
const NOTICE_MS = 8_000;
const DRAFT = "roda-draft";

const $ = (id) => document.getElementById(id);
const state = createStore();
let status = "connecting";
let banner = false;
let asking = false;
let dirty = false;
let notice = null;
let said = 0;
let readUpto = "";

await loadWords();
const log = createLog({
  state,
  box: $("log"),
  list: $("rows"),
  onNearTop: older,
  onRetry(sending) {
    sending.failed = null;
    link.transmit(sending);
    draw();
  },
});
dress();

const world = {
  open: (url) => new WebSocket(url),
  later: (ms, action) => setTimeout(action, ms),
  cancel: clearTimeout,
  random: Math.random,
};
const link = connect({
  url: `ws://${location.host}/ws`,
  token: takeToken(),
  state,
  world,
  on: { message: take, status: changed },
});
addEventListener("online", () => link.hurry());
document.addEventListener("visibilitychange", () => document.hidden || link.hurry());
setInterval(() => {
  reportRead();
  draw();
}, READ_MS);

function take(message) {
  const taker = takers[message.type];
  if (taker) taker(message);
  draw();
}

const takers = {
  welcome: (m) => applyWelcome(state, m),
  messages(m) {
    const { fresh, late } = applyMessages(state, m.messages);
    log.late(late);
    announce(fresh.filter((one) => one.kind === "text" && one.author !== state.me));
  },
  page(m) {
    asking = false;
    applyPage(state, m);
  },
  sent: (m) => applySent(state, m),
  receipts: (m) => applyReceipts(state, m),
  members: (m) => applyMembers(state, m),
  typing: (m) => state.typing.set(m.member, Date.now() + 2 * TYPING_MS),
  progress: (m) => (state.catchingUp = m.done ? null : { held: m.held, of: m.of }),
  notice(m) {
    if (m.code === "store_failing") state.store = m.message;
    else if (m.code === "store_ok") state.store = "ok";
    else tell(m.code === "late" ? t("late.notice", { count: m.count }) : m.message);
  },
  error: (m) => m.ref && applyError(state, m),
};

function announce(messages) {
  if (messages.length === 0) return;
  const last = messages[messages.length - 1];
  $("live").textContent = t("said", { name: last.name, text: last.text.slice(0, 200) });
}

function changed(word) {
  status = word;
  banner = word === "login";
  if (word === "closed" || word === "connecting")
    setTimeout(() => {
      banner = status !== "open";
      draw();
    }, BANNER_MS);
  draw();
}

function older() {
  const first = state.rows[0];
  if (asking || !first) return;
  asking = link.say({ type: "history", before: place(first), limit: PAGE });
}

function draw() {
  if (dirty) return;
  dirty = true;
  requestAnimationFrame(() => {
    dirty = false;
    log.render();
    renderMembers(state, $("members"));
    renderHead();
    renderState();
    $("jump").hidden = log.isStuck();
  });
}

function renderHead() {
  const here = [...state.members.values()].filter((m) => m.since && !m.left);
  $("circle").textContent = state.circle || "Roda";
  document.title = state.circle || "Roda";
  $("summary").textContent = state.me
    ? t("people.count", { count: here.length, online: here.filter((m) => m.online).length })
    : "";
  const now = Date.now();
  const names = [...state.typing]
    .filter(([id, until]) => until > now && id !== state.me)
    .map(([id]) => state.members.get(id)?.name || t("nameless"));
  $("typing").textContent = names.length
    ? t("typing", { count: names.length, names: names.join(", ") })
    : "";
}

function renderState() {
  const box = $("state");
  if (status === "login") return renderLogin(box);
  const text =
    banner && status !== "open"
      ? t(state.me ? "closed" : "connecting")
      : state.store !== "ok"
        ? t("storing", { why: state.store.replace(/^failing: /, "") })
        : state.left
          ? t("left.me")
          : state.catchingUp && state.catchingUp.of > state.catchingUp.held
            ? t("catching", state.catchingUp)
            : notice && notice.until > Date.now()
              ? notice.text
              : "";
  box.className = state.store !== "ok" ? "error" : "";
  if (box.textContent !== text) box.replaceChildren(text);
  box.hidden = text === "";
}

function renderLogin(box) {
  box.hidden = false;
  if (box.querySelector("form")) return;
  const field = el("input", { "aria-label": "token", autocomplete: "off" });
  const form = el("form", {}, field, el("button", { type: "submit" }, t("login.do")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const token = field.value.trim().replace(/^.*token=/, "");
    keepToken(token);
    box.replaceChildren();
    link.login(token);
  });
  box.replaceChildren(t("login"), form);
}

function reportRead() {
  const newest = log.newestShown();
  if (!newest || document.hidden || !document.hasFocus()) return;
  const upto = `${place(newest)} ${state.arrival}`;
  if (upto === readUpto) return;
  if (link.say({ type: "read", upto: place(newest), arrival: state.arrival })) readUpto = upto;
}

function submit() {
  const text = $("composer").value;
  if (text.trim() === "") return;
  const ref = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  link.transmit(queue(state, ref, text, Date.now()));
  $("composer").value = "";
  localStorage.removeItem(DRAFT);
  grow();
  log.toBottom();
  draw();
}

function grow() {
  const box = $("composer");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, innerHeight / 3)}px`;
}

/** Gives the fixed elements their words and deeds. */
function dress() {
  const words = {
    invite: "invite",
    settings: "settings",
    "people-toggle": "people",
    send: "send",
    jump: "jump",
    "people-title": "people",
  };
  for (const [id, key] of Object.entries(words)) $(id).textContent = t(key);
  $("composer").placeholder = t("compose");
  $("composer").setAttribute("aria-label", t("compose"));
  $("log").setAttribute("aria-label", t("log"));
  $("log").setAttribute("role", "region");
  $("invite").addEventListener("click", () =>
    showInvite($("dialog")).catch((why) => tell(why.message)),
  );
  $("settings").addEventListener("click", () => showNames($("dialog"), state));
  $("jump").addEventListener("click", () => log.toBottom());
  $("people-toggle").addEventListener("click", () => {
    const open = $("people").classList.toggle("open");
    $("people-toggle").setAttribute("aria-expanded", String(open));
  });
  $("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    $("composer").focus();
  });
  $("composer").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  $("composer").addEventListener("input", () => {
    grow();
    localStorage.setItem(DRAFT, $("composer").value);
    if (Date.now() - said > TYPING_MS && link.say({ type: "typing" })) said = Date.now();
  });
  $("composer").value = localStorage.getItem(DRAFT) ?? "";
  grow();
}

/** Shows a notice for a while. */
function tell(text) {
  notice = { text, until: Date.now() + NOTICE_MS };
  draw();
}
