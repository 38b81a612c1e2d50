// What the budgets' measurements need inside the page. Evaluated before the page's own scripts.

(() => {
  /** Bytes of a frame, as the node fills it. */
  const FRAME_BYTES = 60 * 1024;
  /** One message in so many comes late, by so many places. */
  const LATE_EVERY = 20;
  const LATE_BY = 400;
  const AUTHORS = ['a1', 'b2', 'c3', 'd4', 'e5'].map((byte) => byte.repeat(32));
  const WORDS =
    'the drum comes at six and whoever likes brings something to eat or a chair'.split(' ');

  const bench = { tasks: [] };
  window.bench = bench;

  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      bench.socket = this;
    }
  };
  new PerformanceObserver((list) => bench.tasks.push(...list.getEntries()))
    .observe({ type: 'longtask' });

  /** A task of its own. */
  const turn = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  });
  const frame = () => new Promise(requestAnimationFrame);
  /** When what is in the document now has been painted. */
  const painted = () => frame().then(turn).then(() => performance.now());
  /** Waits until `find()` finds something. */
  const found = (find) => new Promise((done) => {
    const look = () => {
      if (!find()) return;
      observer.disconnect();
      done(find());
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { childList: true, subtree: true, characterData: true });
    look();
  });

  const $ = (selector) => document.querySelector(selector);
  const rowOf = (id) => $(`#rows [data-id="${id}"]`);

  bench.first = found(() => $('#rows [data-id]')).then(painted);

  /** A message of somebody, as the node tells it; `arrival` is put in when it comes. */
  function message(lamport, author = AUTHORS[lamport % AUTHORS.length]) {
    const word = (_, i) => WORDS[(lamport * 7 + i) % WORDS.length];
    const said = Array.from({ length: 4 + (lamport % 23) }, word);
    const at = Date.now();
    return {
      id: `${author}:${lamport}`, author, name: `Somebody ${author[0]}`, seq: lamport, lamport, at,
      kind: 'text', text: `${lamport} ${said.join(' ')}`, arrived_at: at, of: 2, state: 'kept',
      final: false,
    };
  }

  /** Hands messages to the page as its socket would, a frame in a task of its own. */
  async function deliver(messages) {
    let frames = [];
    let bytes = Infinity;
    for (const one of messages) {
      one.arrival = ++bench.arrival;
      const text = JSON.stringify(one);
      if (bytes + text.length > FRAME_BYTES) {
        frames.push([]);
        bytes = 0;
      }
      frames.at(-1).push(text);
      bytes += text.length;
    }
    frames = frames.map((texts) => `{"type":"messages","messages":[${texts.join()}]}`);
    await turn();
    bench.tasks = [];
    const began = performance.now();
    for (const data of frames) {
      bench.socket.dispatchEvent(new MessageEvent('message', { data }));
      await turn();
    }
    return began;
  }

  /** Delivers `count` messages, one in twenty late; gives the time until the last is painted. */
  bench.burst = async (count) => {
    const order = [];
    for (let n = 0; n < count; n += 1) {
      const late = n % LATE_EVERY === 0 && n + LATE_BY < count;
      order.push([late ? n + LATE_BY + 0.5 : n, message(++bench.lamport)]);
    }
    const messages = order.sort((a, b) => a[0] - b[0]).map(([, one]) => one);
    const last = message(++bench.lamport);
    const began = await deliver([...messages, last]);
    await found(() => rowOf(last.id));
    const ms = (await painted()) - began;
    await frame();
    await turn();
    return { ms, longest: Math.max(0, ...bench.tasks.map((task) => task.duration)) };
  };

  /** How far the first visible row moves when something is put in above it (px). */
  bench.drift = async () => {
    const log = $('#log');
    const base = bench.lamport;
    await bench.burst(120);
    log.scrollTop -= 1_500;
    await frame();
    await frame();
    const { top: edge } = log.getBoundingClientRect();
    const read = [...log.querySelectorAll('[data-id]')].find(
      (row) => row.getBoundingClientRect().bottom > edge);
    const { top } = read.getBoundingClientRect();
    const late = message(base + 90, 'f6'.repeat(32));
    await deliver([late]);
    await found(() => rowOf(late.id));
    await painted();
    if (rowOf(late.id).getBoundingClientRect().bottom > edge) throw new Error('it is not above');
    return Math.abs(read.getBoundingClientRect().top - top);
  };

  /** Scrolls up as fast as rows come, so many times; gives the greatest number of rows. */
  bench.up = async (steps) => {
    const first = () => $('#rows [data-id]').dataset.id;
    let most = 0;
    for (let step = 0; step < steps; step += 1) {
      const before = first();
      $('#log').scrollTop = Math.min($('#log').scrollTop - 1, 300);
      await found(() => first() !== before);
      most = Math.max(most, $('#rows').childElementCount);
    }
    return most;
  };

  /** From the next key pressed until the text that it sends has been painted (ms). */
  bench.own = (text) => {
    $('#composer').focus();
    document.execCommand('insertText', false, text);
    bench.sent = new Promise((done) => {
      addEventListener('keydown', (event) => {
        found(() => $('#rows').lastElementChild.textContent.includes(text)).then(painted)
          .then((at) => done(at - event.timeStamp));
      }, { capture: true, once: true });
    });
  };
})();
