// Draws the PNG icons in web/icons/ from the circles of web/icon.svg:
//
//   node tools/icons.mjs
//
// By arithmetic and node's own zlib: neither a browser nor a package is needed, and every machine
// draws the same.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { deflateSync, inflateSync } from 'node:zlib';

const WEB = new URL('../web/', import.meta.url);
/** What lies under an icon that must not be seen through: the page's panel. */
const GROUND = [0xfd, 0xf9, 0xf4];
/**
 * `part` is how much of the picture's width the drawing takes. A maskable icon may be cut down to
 * a circle of 80 % (W3C Web App Manifest, 3.1.3), so the drawing stays well inside.
 */
export const ICONS = [
  { name: '192.png', size: 192, part: 1 },
  { name: '512.png', size: 512, part: 1 },
  { name: 'maskable-512.png', size: 512, part: 0.74, ground: GROUND },
  { name: 'touch-180.png', size: 180, part: 0.8, ground: GROUND },
];

/** Circles of the logo and the width of its view box. */
export function logo() {
  const svg = readFileSync(new URL('icon.svg', WEB), 'utf8');
  const width = Number(/viewBox="0 0 (\d+) \d+"/.exec(svg)[1]);
  const circle = /<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)" fill="#(\w{6})"\/>/g;
  const circles = [...svg.matchAll(circle)].map(([, cx, cy, r, fill]) => ({
    cx: Number(cx), cy: Number(cy), r: Number(r),
    color: [0, 2, 4].map((at) => parseInt(fill.slice(at, at + 2), 16)),
  }));
  return { width, circles };
}

/** Red, green, blue and opacity of every pixel, row by row. */
export function draw({ size, part, ground }) {
  const { width, circles } = logo();
  const scale = (size * part) / width;
  const edge = (size * (1 - part)) / 2;
  const pixels = Buffer.alloc(size * size * 4);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      // The dots do not touch, so a pixel has one of them at most.
      let cover = 0;
      let color = ground ?? [0, 0, 0];
      for (const dot of circles) {
        const away = Math.hypot(
          x + 0.5 - edge - dot.cx * scale, y + 0.5 - edge - dot.cy * scale,
        );
        const here = Math.min(1, Math.max(0, dot.r * scale - away + 0.5));
        if (here > 0) [cover, color] = [here, dot.color];
      }
      const mix = (value, under) => Math.round(value * cover + under * (1 - cover));
      const shown = ground ? color.map((value, at) => mix(value, ground[at])) : color;
      pixels.set([...shown, ground ? 255 : Math.round(255 * cover)], (y * size + x) * 4);
    }
  }
  return pixels;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Filter 2 of PNG: each row as the difference from the one above. */
const UP = 2;

/** A PNG (RFC 2083) of eight bits a channel. */
export function png(pixels, size) {
  const row = size * 4;
  const lines = Buffer.alloc((row + 1) * size);
  for (let y = 0; y < size; y += 1) {
    lines[y * (row + 1)] = UP;
    for (let x = 0; x < row; x += 1) {
      const above = y === 0 ? 0 : pixels[(y - 1) * row + x];
      lines[y * (row + 1) + 1 + x] = pixels[y * row + x] - above;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const data = deflateSync(lines, { level: 9, memLevel: 9 });
  return Buffer.concat([
    SIGNATURE, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The pixels of a PNG that `png` made. */
export function pixelsOf(file) {
  const size = file.readUInt32BE(16);
  const row = size * 4;
  const lines = inflateSync(file.subarray(41, 41 + file.readUInt32BE(33)));
  const pixels = Buffer.alloc(row * size);
  for (let at = 0; at < pixels.length; at += 1) {
    const line = lines[Math.floor(at / row) * (row + 1) + 1 + (at % row)];
    pixels[at] = line + (at < row ? 0 : pixels[at - row]);
  }
  return { size, pixels };
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc(body), body.length + 4);
  return whole;
}

function crc(bytes) {
  let sum = 0xffff_ffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb8_8320 : 0);
  }
  return ~sum >>> 0;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(new URL('icons/', WEB), { recursive: true });
  for (const icon of ICONS) {
    const file = png(draw(icon), icon.size);
    writeFileSync(new URL(`icons/${icon.name}`, WEB), file);
    console.log(`web/icons/${icon.name}: ${file.length} bytes`);
  }
}
