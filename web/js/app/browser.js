// What the notifier asks of a browser.

/** @import { Shell } from '../../../types/page' */

/** Colour of the count on the icon, and of its words. */
const BADGE = '#a73b15';
const ON_BADGE = '#ffffff';
/** Width and height of the icon that is drawn (px). */
const ICON_SIZE = 64;

/** @returns {Shell} */
export function browserShell() {
  /** @type {AudioContext | null} */
  let audio = null;
  return {
    possible: () => 'Notification' in window && window.isSecureContext,
    permission: () => window.Notification?.permission ?? 'denied',
    request: () => Notification.requestPermission(),
    show({ title, body, tag, onClick }) {
      const options = { body, tag, icon: '/icons/192.png', renotify: true };
      const shown = new Notification(title, options);
      shown.onclick = () => {
        window.focus();
        shown.close();
        onClick();
      };
    },
    badge,
    beep() {
      const to = audio ??= new AudioContext();
      [660, 880].forEach((frequency, index) => tone(to, frequency, index * 0.12));
    },
  };
}

/**
 * A soft tone of a tenth of a second.
 * @param {AudioContext} audio
 * @param {number} frequency
 * @param {number} after
 */
function tone(audio, frequency, after) {
  const start = audio.currentTime + after;
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(0.12, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.16);
  const wave = audio.createOscillator();
  wave.frequency.value = frequency;
  wave.connect(volume).connect(audio.destination);
  wave.start(start);
  wave.stop(start + 0.18);
}

let counted = 0;

/**
 * The count on the page's icon, and on the installed application's.
 * @param {number} count
 */
async function badge(count) {
  if (count === counted) return;
  counted = count;
  if (count > 0) navigator.setAppBadge?.(count).catch(() => {});
  else navigator.clearAppBadge?.().catch(() => {});
  /** @type {HTMLLinkElement | null} */
  const link = document.querySelector('link[rel=icon]');
  if (!link) return;
  if (count === 0) {
    link.href = '/icon.svg';
    return;
  }
  const picture = new Image(ICON_SIZE, ICON_SIZE);
  picture.src = '/icon.svg';
  await picture.decode();
  if (count !== counted) return;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = ICON_SIZE;
  const draw = canvas.getContext('2d');
  if (!draw) return;
  draw.drawImage(picture, 0, 0, ICON_SIZE, ICON_SIZE);
  draw.fillStyle = BADGE;
  draw.beginPath();
  draw.arc(44, 44, 20, 0, 2 * Math.PI);
  draw.fill();
  draw.fillStyle = ON_BADGE;
  draw.font = '700 26px sans-serif';
  draw.textAlign = 'center';
  const words = count > 9 ? '9+' : String(count);
  // No baseline has digits in the middle.
  const { actualBoundingBoxAscent, actualBoundingBoxDescent } = draw.measureText(words);
  draw.fillText(words, 44, 44 + (actualBoundingBoxAscent - actualBoundingBoxDescent) / 2);
  link.href = canvas.toDataURL('image/png');
}
