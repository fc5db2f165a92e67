/** What the browser runs: numbers beside the pointer and under the arrow keys. Pages work without it. */
export const SCRIPT = `'use strict';
const tip = document.createElement('div');
tip.className = 'tip';
tip.hidden = true;
document.body.append(tip);
let shown = null;

// The browser's own tooltips would come late and lie above ours.
const texts = new WeakMap();
for (const place of document.querySelectorAll('.hit, [title]')) {
  const title = place.querySelector('title');
  texts.set(place, (title?.textContent ?? place.getAttribute('title') ?? '').trim());
  if (title) title.remove();
  else if (place.hasAttribute('title')) {
    place.setAttribute('aria-description', place.getAttribute('title'));
    place.removeAttribute('title');
  }
}

function show(place) {
  if (shown === place) return;
  shown?.classList.remove('at');
  shown = place;
  tip.hidden = place === null;
  if (place === null) return;
  place.classList.add('at');
  const lines = texts.get(place).split('\\n').map((line) => line.split('\\t'));
  tip.replaceChildren(...lines.map(([name, value], index) => {
    const line = document.createElement('p');
    if (index === 0 && lines.length > 1) line.className = 'first';
    const label = document.createElement('span');
    label.textContent = name;
    line.append(label);
    if (value !== undefined) {
      const number = document.createElement('b');
      number.textContent = value;
      line.append(number);
    }
    return line;
  }));
}

function move(x, y) {
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.max(8, Math.min(x + 14, document.documentElement.clientWidth - width - 8));
  const top = y + 18 + height > window.innerHeight ? y - height - 12 : y + 18;
  tip.style.setProperty('left', left + window.scrollX + 'px');
  tip.style.setProperty('top', top + window.scrollY + 'px');
}

function beside(place) {
  show(place);
  const box = place.getBoundingClientRect();
  move(box.left + box.width / 2, Math.min(box.bottom, box.top + 60));
}

document.addEventListener('pointermove', (event) => {
  const place = event.target.closest?.('.hit, .explained') ?? null;
  show(place !== null && texts.has(place) ? place : null);
  if (shown !== null) move(event.clientX, event.clientY);
});
document.addEventListener('pointerleave', () => show(null));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') show(null);
});
for (const word of document.querySelectorAll('.explained')) {
  word.addEventListener('focus', () => beside(word));
  word.addEventListener('blur', () => show(null));
}
for (const chart of document.querySelectorAll('.chart')) {
  const places = [...chart.querySelectorAll('.hit')];
  if (places.length === 0) continue;
  chart.tabIndex = 0;
  chart.setAttribute('role', 'group');
  chart.setAttribute('aria-label', 'chart: arrow keys show its numbers');
  let at = places.length;
  chart.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -places.length, End: places.length }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    at = Math.max(0, Math.min(places.length - 1, at + step));
    beside(places[at]);
  });
  chart.addEventListener('blur', () => show(null));
}
`;
