// The log: renders a window of rows, and keeps what is being read where it is.

import { el } from "./el.js";
import { day, moment, t, time } from "./i18n.js";
import { disputed, marks } from "./store.js";
import { grouped, windowAround } from "./timeline.js";

/** Within this many pixels of the bottom the log sticks to it. */
const STICK_PX = 40;
/** Nearer than this to an end of the window, the window moves. */
const NEAR_PX = 400;

/** Six hues, by the id. */
export const hue = (id) => `h${parseInt(id.slice(0, 6), 16) % 6}`;

/** The log in `box` (which scrolls) with its rows in `list`. */
export function createLog({ state, box, list, onNearTop, onRetry }) {
  let stuck = true;
  let focus = 0;
  const kept = new Map();
  const lateIds = new Set();

  const atBottom = () => box.scrollHeight - box.scrollTop - box.clientHeight < STICK_PX;
  const shown = () => windowAround(state.rows.length, stuck ? state.rows.length : focus);

  box.addEventListener("scroll", () => {
    const { start, end } = shown();
    stuck = end === state.rows.length && atBottom();
    const top = box.scrollTop < NEAR_PX;
    const bottom = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    focus = Math.round((start + end) / 2);
    if (top && start === 0 && state.more) onNearTop();
    if (!stuck && ((top && start > 0) || (bottom && end < state.rows.length))) {
      focus = firstVisible()?.index ?? focus;
      render();
    }
  });

  function firstVisible() {
    const edge = box.getBoundingClientRect().top;
    for (const node of list.children) {
      const { bottom, top } = node.getBoundingClientRect();
      if (bottom > edge && node.dataset.id) {
        const index = state.rows.findIndex((row) => row.id === node.dataset.id);
        return { node, top, index };
      }
    }
    return null;
  }

  /** Renders the window; the first visible row keeps its place, unless the log sticks below. */
  function render() {
    const anchor = stuck ? null : firstVisible();
    if (anchor && anchor.index >= 0) focus = anchor.index;
    const { start, end } = shown();
    const nodes = [];
    if (state.rows.length === 0 && state.me && state.outbox.size === 0) {
      nodes.push(el("li", { class: "note" }, t("empty")));
    }
    for (let index = start; index < end; index++) nodes.push(...rowsOf(index));
    if (end === state.rows.length)
      for (const one of state.outbox.values()) nodes.push(waiting(one));
    list.replaceChildren(...nodes);
    for (const id of kept.keys()) if (!nodes.includes(kept.get(id).node)) kept.delete(id);
    if (stuck) box.scrollTop = box.scrollHeight;
    else if (anchor?.node.isConnected) {
      box.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
    }
  }

  function rowsOf(index) {
    const message = state.rows[index];
    const before = state.rows[index - 1];
    const nodes = [];
    if (!before || new Date(before.at).toDateString() !== new Date(message.at).toDateString()) {
      nodes.push(el("li", { class: "day" }, day(message.at)));
    }
    const first = !grouped(before, message);
    const look = [
      first,
      message.author === state.me ? words(message) : "",
      message.name,
      lateIds.has(message.id),
      disputed(state, message),
      message.text,
    ].join("\u0000");
    const held = kept.get(message.id);
    if (held?.look === look) return [...nodes, held.node];
    const node = message.kind === "text" ? bubble(message, first) : note(message);
    if (held) {
      // The same element for the same message: the anchor may be on it.
      held.node.className = node.className;
      held.node.replaceChildren(...node.childNodes);
      held.look = look;
      return [...nodes, held.node];
    }
    kept.set(message.id, { node, look });
    return [...nodes, node];
  }

  function bubble(message, first) {
    const own = message.author === state.me;
    const fork = disputed(state, message);
    const name = message.name || state.members.get(message.author)?.name || t("nameless");
    const kinds = ["m", hue(message.author), own && "own", first && "first", fork && "disputed"];
    const kind = kinds.filter(Boolean).join(" ");
    return el(
      "li",
      { class: kind, "data-id": message.id },
      first && !own ? el("bdi", { class: "who" }, name) : null,
      el("div", { class: "text", dir: "auto" }, message.text),
      el(
        "div",
        { class: "meta" },
        fork ? el("span", {}, t("disputed")) : null,
        lateIds.has(message.id)
          ? el("span", { class: "late" }, t("late", { when: moment(message.arrived_at) }))
          : null,
        own ? el("span", {}, words(message)) : null,
        el("time", { dateTime: new Date(message.at).toISOString() }, time(message.at)),
      ),
    );
  }

  function note(message) {
    const name = message.name || t("nameless");
    const text =
      message.kind === "profile"
        ? t("joined", { name: message.text || name })
        : message.kind === "circle"
          ? t("named", { name, circle: message.text })
          : message.kind === "leave"
            ? t("gone", { name })
            : message.kind === "unreadable"
              ? `${name}: ${t("unreadable")}`
              : `${name}: ${t("newer")}`;
    return el("li", { class: "note", "data-id": message.id }, el("bdi", {}, text));
  }

  function words(message) {
    const { of, stored, state: reached } = marks(state, message);
    if (reached === "kept")
      return stored === 0 ? t("mark.kept.none") : t("mark.kept", { stored, of });
    if (reached === "alone") return t("mark.alone");
    return t(of === 1 ? `mark.${reached}.one` : `mark.${reached}`, { of });
  }

  function waiting(sending) {
    const mark = sending.failed
      ? [
          el("span", { class: "failed" }, t("mark.failed", { why: sending.failed })),
          el("button", { type: "button", onclick: () => onRetry(sending) }, t("mark.retry")),
        ]
      : [el("span", {}, t("mark.sending"))];
    return el(
      "li",
      { class: "m own first" },
      el("div", { class: "text", dir: "auto" }, sending.text),
      el("div", { class: "meta" }, ...mark),
    );
  }

  return {
    render,
    /** These belong above others: they say when they came. */
    late(messages) {
      for (const message of messages) lateIds.add(message.id);
    },
    toBottom() {
      stuck = true;
      render();
    },
    isStuck: () => stuck,
    newestShown: () => stuck && state.rows[state.rows.length - 1],
  };
}
