// Money as the API writes it: a decimal string and its currency.

import assert from 'node:assert/strict';

/** Price of a segment, in millionths of a euro. */
export const SEGMENT = 8_000n;

/** Millionths, exactly; fails on anything but a plain decimal in euros. */
export function micros({ amount, currency }) {
  assert.equal(currency, 'EUR');
  assert.equal(typeof amount, 'string', 'an amount is a string');
  const parts = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(amount);
  assert.ok(parts, `${amount} is a decimal with at most six places`);
  const [, sign, whole, fraction = ''] = parts;
  const value = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return sign === '-' ? -value : value;
}
