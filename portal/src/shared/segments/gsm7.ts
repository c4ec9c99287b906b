/**
 * GSM 03.38: the basic table of 128 characters and its extension.
 * Source: 3GPP TS 23.038 §6.2.1 and §6.2.1.1, without national shift tables.
 */
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/** Each takes two septets: an escape and its own. */
const EXTENSION = "\f^{}\\[~]|€";

const septets = new Map<string, 1 | 2>([
  ...[...BASIC].map((character): [string, 1] => [character, 1]),
  ...[...EXTENSION].map((character): [string, 2] => [character, 2]),
]);

/** How many septets a character takes; undefined where it is in neither table. */
export function septetsOf(character: string): 1 | 2 | undefined {
  return septets.get(character);
}
