import type { MyNumber, NumberType } from "~/api/types";

const RANK: Record<NumberType, number> = { mobile: 0, local: 1, toll_free: 2 };

/** The numbers to send from, best first: of the recipient's country, then mobile before local. */
export function bestFirst(numbers: readonly MyNumber[], country: string | undefined): MyNumber[] {
  const score = (number: MyNumber) => (number.country === country ? 0 : 10) + RANK[number.type];
  return numbers.toSorted((a, b) => score(a) - score(b) || a.id - b.id);
}
