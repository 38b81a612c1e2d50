// WebSocket by hand (RFC 6455, text frames, no extensions): both ends, for tests without packages.

import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const accept = (key) => createHash('sha1').update(key + MAGIC).digest('base64');

function encode(opcode, payload, masked) {
  const length = payload.length;
  const head = length < 126 ? Buffer.from([0x80 | opcode, length])
    : length < 65_536 ? Buffer.from([0x80 | opcode, 126, length >> 8, length & 255])
      : Buffer.concat([Buffer.from([0x80 | opcode, 127]), big(length)]);
  if (!masked) return Buffer.concat([head, payload]);
  head[1] |= 0x80;
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4])]);
}

function big(length) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

/** Calls `onFrame(opcode, payload)` for each whole frame. */
function decoder(onFrame) {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      if (held.length < 2) return;
      const short = held[1] & 127;
      const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
      const masked = held[1] & 128 ? 4 : 0;
      const start = 2 + extra + masked;
      if (held.length < start) return;
      const length = extra === 2 ? held.readUInt16BE(2)
        : extra === 8 ? Number(held.readBigUInt64BE(2)) : short;
      if (held.length < start + length) return;
      const mask = held.subarray(start - 4, start);
      const payload = Buffer.from(held.subarray(start, start + length));
      if (masked) payload.forEach((byte, i) => { payload[i] = byte ^ mask[i % 4]; });
      const opcode = held[0] & 15;
      held = held.subarray(start + length);
      onFrame(opcode, payload);
    }
  };
}

/** Accepts an upgrade; returns `{send(text), close()}` and tells `onText`, `onEnd`. */
export function serve(req, socket, { onText, onEnd }) {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept(req.headers['sec-websocket-key'])}\r\n\r\n`);
  socket.on('data', decoder((opcode, payload) => {
    if (opcode === 1) onText(payload.toString());
    if (opcode === 8) socket.end(encode(8, payload, false));
  }));
  socket.on('error', () => {});
  socket.on('close', onEnd);
  return {
    send: (text) => socket.writable && socket.write(encode(1, Buffer.from(text), false)),
    close: () => socket.destroy(),
  };
}

/** What of the browser's WebSocket the page uses. */
export class ClientSocket {
  constructor(url) {
    const key = randomBytes(16).toString('base64');
    const asked = request(url.replace(/^ws/, 'http'), {
      headers: {
        Connection: 'Upgrade', Upgrade: 'websocket',
        'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': '13',
      },
    });
    asked.on('upgrade', (answer, socket, head) => {
      this.socket = socket;
      const take = decoder((opcode, payload) => {
        if (opcode === 1) this.onmessage({ data: payload.toString() });
        if (opcode === 8) socket.end();
      });
      socket.on('data', take);
      socket.on('error', () => {});
      socket.on('close', () => this.onclose({}));
      this.onopen({});
      take(head);
    });
    asked.on('error', () => this.onclose({}));
    asked.end();
  }

  send(text) {
    this.socket.write(encode(1, Buffer.from(text), true));
  }

  close() {
    this.socket?.destroy();
  }
}
