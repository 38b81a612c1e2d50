// The connection to the node: backs off, logs in, resumes, and sends again what was not answered.
// Knows no DOM; time, randomness and the socket are given to it.

/** Bounds of the wait before connecting again, in milliseconds. */
export const BACKOFF_MIN_MS = 250;
export const BACKOFF_MAX_MS = 10_000;

/** Full jitter: somewhere up to an exponentially growing ceiling. */
export function backoff(attempt, random) {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** attempt);
  return Math.max(BACKOFF_MIN_MS, random() * ceiling);
}

/**
 * Connects and stays connected. `world` has `open(url)`, `later(ms, do)`, `cancel(timer)`,
 * `random()`; `state` is the page's; `on` is told `message(m)`, `status(word)`.
 * Statuses: connecting, open, closed, login.
 */
export function connect({ url, token, state, world, on }) {
  let socket = null;
  let timer = null;
  let attempt = 0;
  let live = false;
  let secret = token;

  function open() {
    timer = null;
    on.status("connecting");
    const mine = world.open(url);
    socket = mine;
    mine.onopen = () => {
      // Ignored where no login is asked for; else an empty one is refused at once.
      mine.send(JSON.stringify({ type: "auth", token: secret ?? "" }));
    };
    mine.onmessage = (event) => mine === socket && take(JSON.parse(event.data));
    mine.onclose = () => mine === socket && closed();
    mine.onerror = () => {};
  }

  function take(message) {
    if (message.type === "welcome") welcome(message);
    if (message.type === "error" && message.code === "unauthorized" && !live) return login();
    on.message(message);
    if (message.type === "welcome") for (const sending of state.outbox.values()) transmit(sending);
  }

  function welcome(message) {
    const { epoch, arrival } = state;
    live = true;
    attempt = 0;
    on.status("open");
    // Another epoch counts arrivals anew: the welcome itself is the start.
    if (epoch === message.epoch && arrival < message.arrival)
      say({ type: "resume", epoch, arrival });
  }

  function transmit({ ref, text, failed }) {
    if (!failed) say({ type: "send", text, ref });
  }

  function say(message) {
    if (!live) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  function login() {
    socket = null;
    live = false;
    on.status("login");
  }

  function closed() {
    live = false;
    on.status("closed");
    timer = world.later(backoff(attempt++, world.random), open);
  }

  /** Connects at once where a wait is under way. */
  function hurry() {
    if (timer === null) return;
    world.cancel(timer);
    attempt = 0;
    open();
  }

  open();
  return {
    say,
    transmit,
    hurry,
    login(fresh) {
      secret = fresh;
      open();
    },
  };
}
