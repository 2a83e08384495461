/** The page's script: it fetches the page's parts and exchanges those that have changed. */
export const SCRIPT = `'use strict';
const PERIOD = 3000;
const lost = document.getElementById('lost');
const isSelected = (element) => {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && element.contains(selection.anchorNode);
};
const exchange = (old, next) => {
  if (old.innerHTML === next.innerHTML || isSelected(old)) return;
  const open = [...old.querySelectorAll('details')].map((details) => details.open);
  const focused = [...old.querySelectorAll('summary')].indexOf(document.activeElement);
  [...next.querySelectorAll('details')].forEach((details, index) => { details.open = open[index] === true; });
  old.replaceChildren(...next.childNodes);
  if (focused >= 0) old.querySelectorAll('summary')[focused]?.focus({ preventScroll: true });
};
const refresh = async () => {
  const response = await fetch('parts', { cache: 'no-store', signal: AbortSignal.timeout(PERIOD) });
  if (!response.ok) throw new Error(String(response.status));
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  for (const next of fresh.querySelectorAll('[data-part]')) {
    const old = document.querySelector('[data-part="' + next.dataset.part + '"]');
    if (old !== null) exchange(old, next);
  }
};
const turn = async () => {
  if (!document.hidden) {
    try {
      await refresh();
      document.body.classList.remove('stale');
      lost.textContent = '';
    } catch {
      document.body.classList.add('stale');
      if (lost.textContent === '') lost.textContent = 'The daemon does not answer.';
    }
  }
  setTimeout(turn, PERIOD);
};
setTimeout(turn, PERIOD);
`;
