// Who is here, invitations and names.

import { call } from "./api.js";
import { el } from "./el.js";
import { moment, t } from "./i18n.js";
import { hue } from "./log.js";

/** Renders the list of members. */
export function renderMembers(state, list) {
  const order = (member) => (member.id === state.me ? 0 : member.left ? 3 : member.online ? 1 : 2);
  const members = [...state.members.values()].filter((m) => m.since || m.online);
  members.sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name));
  list.replaceChildren(...members.map((member) => row(state, member)));
}

function row(state, member) {
  const mine = member.id === state.me;
  const name = member.name || member.fingerprint;
  const aside =
    mine || member.left
      ? null
      : el(
          "button",
          {
            type: "button",
            title: t("aside.why"),
            onclick: () =>
              call("POST", `/api/members/${member.id}/aside`, { aside: !member.aside }),
          },
          t(member.aside ? "aside.undo" : "aside.do"),
        );
  return el(
    "li",
    { class: `member ${hue(member.id)}${member.online ? " online" : ""}` },
    el("strong", {}, el("bdi", {}, name)),
    aside,
    el("small", { title: member.fingerprint }, presence(state, member, mine)),
  );
}

function presence(state, member, mine) {
  if (mine) return t("you");
  if (member.left) return t("left");
  const via = state.members.get(member.via)?.name;
  const where = member.online
    ? t("rtt", { ms: member.rtt_ms ?? 0 })
    : via
      ? t("via", { name: via })
      : member.last_heard
        ? t("heard", { when: moment(member.last_heard) })
        : t("never");
  return member.aside ? `${t("aside")} · ${where}` : where;
}

/** Shows the invitation. */
export async function showInvite(dialog) {
  const { link, qr } = await call("GET", "/api/invite");
  const copy = el("button", { type: "button" }, t("copy"));
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(link);
    copy.textContent = t("copied");
  });
  open(
    dialog,
    t("invite.title"),
    el("p", {}, t("invite.words")),
    el("p", { class: "link" }, link),
    el("img", { class: "qr", alt: t("qr"), src: `data:image/svg+xml,${encodeURIComponent(qr)}` }),
    el("div", { class: "row" }, copy, closing(dialog)),
  );
}

/** Shows the names: the member's own and the circle's. */
export function showNames(dialog, state) {
  const name = el("input", { value: state.name, maxLength: 64, required: true });
  const circle = el("input", { value: state.circle, maxLength: 64 });
  const why = el("p", { role: "alert" });
  const form = el(
    "form",
    {},
    el("label", {}, t("settings.name"), name),
    el("label", {}, t("settings.circle"), circle),
    why,
    el("div", { class: "row" }, closing(dialog), el("button", { type: "submit" }, t("save"))),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      if (name.value !== state.name) await call("PUT", "/api/me", { name: name.value });
      if (circle.value && circle.value !== state.circle) {
        await call("PUT", "/api/circle", { name: circle.value });
      }
      dialog.close();
    } catch (error) {
      why.textContent = error.message;
    }
  });
  open(dialog, t("settings.title"), form);
}

const closing = (dialog) =>
  el("button", { type: "button", onclick: () => dialog.close() }, t("close"));

function open(dialog, title, ...children) {
  dialog.replaceChildren(el("h2", {}, title), ...children);
  dialog.setAttribute("aria-label", title);
  dialog.showModal();
}
