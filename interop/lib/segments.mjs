// What the contract says of segments, written a second time to compare with.

const EXTENSION = new Set('\f^{}\\[~]|€');

/** Parts of a text, by the cost of each character, the room alone and the room per part. */
function divide(text, cost, alone, each) {
  const costs = [...text].map(cost);
  const total = costs.reduce((sum, one) => sum + one, 0);
  if (total <= alone) return 1;
  let parts = 1;
  let used = 0;
  for (const one of costs) {
    // A character of two units is never split over two parts.
    if (used + one > each) {
      parts += 1;
      used = 0;
    }
    used += one;
  }
  return parts;
}

export function gsm7Segments(text) {
  return divide(text, (character) => (EXTENSION.has(character) ? 2 : 1), 160, 153);
}

export function ucs2Segments(text) {
  return divide(text, (character) => character.length, 70, 67);
}
