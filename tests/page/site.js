// A hostile site's script: tries everything that a page may try with a server of another origin.
// What it could read stands in `read`, each with the way that gave it; `attack` returns it.

const PATHS = ['/', '/js/main.js', '/icon.svg', '/app.webmanifest', '/healthz', '/metrics',
  '/api/messages', '/api/messages?limit=500', '/api/members', '/api/status', '/api/invite',
  '/api/nothing', '/ws'];
const WRITES = [
  ['POST', '/api/messages', '{"text":"written by another site"}'],
  ['POST', '/api/leave', ''],
  ['PUT', '/api/circle', '{"name":"another site"}'],
  ['PUT', '/api/me', '{"name":"another site"}'],
];
const TYPES = ['text/plain', 'text/plain; application/json', 'application/x-www-form-urlencoded',
  'multipart/form-data', 'application/json'];
/** A way that has not answered by then is taken to give nothing (ms). */
const PATIENCE = 60_000;
/** How long a window is looked at that may well stay (ms). */
const LOOK = 1_250;

/** Names that a node answers to. */
const OWN_NAMES = /^http:\/\/(127\.0\.0\.1|localhost):/;

const read = [];
const unanswered = [];
const took = (way, what) => read.push(`${way}: ${String(what).slice(0, 120)}`);
/** Runs one way; what it throws means that it gave nothing. */
const attempt = (way, name = String(way)) => new Promise((resolve) => {
  const late = setTimeout(() => {
    unanswered.push(name);
    resolve();
  }, PATIENCE);
  const done = () => {
    clearTimeout(late);
    resolve();
  };
  Promise.resolve().then(way).then(done, done);
});
const event = (target, ...names) => new Promise((resolve) => {
  for (const name of names) target.addEventListener(name, resolve);
});

/** fetch in every mode, with a token, with and without a referrer. */
function fetches(at) {
  const ask = (name, path, options) => attempt(async () => {
    const answer = await fetch(at + path, options);
    if (answer.type !== 'opaque') took(name, `${answer.status} of ${path}`);
    const text = await answer.text();
    if (text) took(name, text);
  });
  const reads = PATHS.flatMap((path) => [
    ask('fetch', path, {}),
    ask('fetch without cors', path, { mode: 'no-cors', credentials: 'include' }),
    ask('fetch with a token', path, { headers: { Authorization: `Bearer ${'0'.repeat(64)}` } }),
  ]);
  const writes = WRITES.flatMap(([method, path, body]) => TYPES.flatMap((type) =>
    ['cors', 'no-cors'].flatMap((mode) => ['unsafe-url', 'no-referrer'].map((referrerPolicy) =>
      ask('fetch that writes', path, {
        mode, referrerPolicy, method: mode === 'cors' ? method : 'POST', body,
        headers: { 'Content-Type': type }, credentials: 'include',
      })))));
  for (const [, path, body] of WRITES) {
    for (const type of TYPES) navigator.sendBeacon(at + path, new Blob([body], { type }));
  }
  return [...reads, ...writes];
}

function requests(at) {
  const ask = (method, path, body) => attempt(async () => {
    const asked = new XMLHttpRequest();
    asked.open(method, at + path);
    if (body) asked.setRequestHeader('Content-Type', 'text/plain');
    asked.send(body);
    await event(asked, 'loadend');
    if (asked.status || asked.responseText) took('request', asked.responseText);
  });
  return [...PATHS.map((path) => ask('GET', path)), ...WRITES.map((write) => ask(...write))];
}

function sockets(at) {
  return ['/ws', '/ws?token=0', '/'].map((path) => attempt(async () => {
    const socket = new WebSocket(at.replace('http', 'ws') + path);
    socket.onopen = () => {
      took('socket', 'opened');
      socket.send('{"type":"send","text":"written by another site","ref":"x"}');
    };
    socket.onmessage = ({ data }) => took('socket', data);
    await event(socket, 'close');
  }, `socket of ${at}${path}`));
}

function streams(at) {
  return ['/api/messages', '/ws'].map((path) => attempt(async () => {
    const stream = new EventSource(at + path);
    const { type } = await event(stream, 'open', 'message', 'error');
    if (type !== 'error') took('event stream', path);
    stream.close();
  }));
}

/** Elements that load what they are told to, with the look at what they loaded. */
function elements(at) {
  const one = async (tag, attribute, more, look, path) => {
    const element = Object.assign(document.createElement(tag), more);
    const loaded = event(element, 'load', 'loadeddata', 'error');
    element[attribute] = at + path;
    document.body.append(element);
    if ((await loaded).type !== 'error') took(tag, look?.(element) ?? path);
    element.remove();
  };
  const load = (tag, attribute, more, look, paths = PATHS) => paths.map((path) =>
    attempt(() => one(tag, attribute, more, look, path), `${tag} of ${at}${path}`));
  const sheet = ({ sheet: { cssRules } }) => cssRules.length;
  return [
    ...load('script', 'src', {}), ...load('script', 'src', { type: 'module' }),
    ...load('img', 'src', {}, ({ naturalWidth }) => naturalWidth),
    ...load('link', 'href', { rel: 'stylesheet' }, sheet),
    ...['audio', 'video'].flatMap((tag) => load(tag, 'src', {}, null, ['/', '/api/messages'])),
    ...PATHS.map((path) => attempt(async () => took('import', await import(at + path)))),
    attempt(async () => {
      const font = await new FontFace('stolen', `url(${at}/vendor/figtree/figtree.woff2)`).load();
      took('font', font.family);
    }),
    attempt(async () => {
      const worker = new Worker(`${at}/sw.js`);
      if ((await event(worker, 'message', 'error')).type === 'message') took('worker', at);
    }),
  ];
}

/** Frames of the page and its routes; they stay, for the browser to be asked what they show. */
function frames(at) {
  return ['iframe', 'object', 'embed'].flatMap((tag) => ['/', '/api/messages'].map((path) =>
    attempt(async () => {
      const frame = document.createElement(tag);
      const loaded = event(frame, 'load', 'error');
      frame[tag === 'object' ? 'data' : 'src'] = at + path;
      document.body.append(frame);
      await loaded;
      const text = frame.contentDocument?.documentElement?.textContent;
      if (text) took(tag, text);
    }, `${tag} of ${at}${path}`)));
}

/** Forms of every kind, each into a frame of its own. */
function forms(at) {
  const kinds = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];
  let count = 0;
  return WRITES.flatMap(([, path, body]) => kinds.flatMap((enctype) =>
    ['', 'noreferrer'].map((rel) => attempt(async () => {
      const frame = document.createElement('iframe');
      frame.name = `answer-${at}-${count += 1}`;
      document.body.append(frame);
      const form = Object.assign(document.createElement('form'), {
        action: at + path, method: 'post', enctype, target: frame.name, rel,
      });
      // As text/plain this is `{"text":"…","x":"=y"}`: JSON.
      const input = document.createElement('input');
      input.name = body ? `${body.slice(0, -1)},"x":"` : 'text';
      input.value = body ? 'y"}' : 'written by another site';
      form.append(input);
      document.body.append(form);
      const loaded = event(frame, 'load');
      form.submit();
      await loaded;
      const text = frame.contentDocument?.documentElement?.textContent;
      if (text) took('form', text);
      frame.remove();
    }, `${enctype} form to ${at}${path}`))));
}

/** Windows: what is opened can neither be looked into nor held. */
function windows(at) {
  return ['/api/messages', '/api/invite'].map((path) => attempt(async () => {
    const opened = window.open(at + path);
    // A busy browser takes its time to cut off a window that it must.
    const deadline = performance.now() + (OWN_NAMES.test(at) ? PATIENCE / 6 : LOOK);
    while (!opened.closed && performance.now() < deadline) {
      await new Promise((resolve) => { setTimeout(resolve, 30); });
    }
    if (opened.closed) return;
    // Under a name that the node does not answer to there is only its refusal to hold.
    if (OWN_NAMES.test(at)) took('window', `${at}${path} can be held`);
    took('window', opened.document.documentElement.textContent);
  }));
}

/** Tries every way on each address; resolves to what was read. */
async function attack(addresses) {
  const ways = [fetches, requests, sockets, streams, elements, frames, forms];
  for (const at of addresses) await Promise.all(ways.flatMap((way) => way(at)));
  // At the end: a page that is not in front loads no media.
  await Promise.all(addresses.flatMap(windows));
  return { read, unanswered };
}
