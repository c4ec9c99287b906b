import { queryOptions } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import type { MyNumber } from "~/api/types";

/** All numbers of the account. */
export const numbersQuery = queryOptions({
  queryKey: ["numbers"],
  queryFn: async ({ signal }): Promise<MyNumber[]> => {
    const numbers: MyNumber[] = [];
    let cursor: string | undefined;
    do {
      const page = await take(
        api.GET("/portal/numbers", { params: { query: { limit: 200, cursor } }, signal }),
      );
      numbers.push(...page.numbers);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return numbers;
  },
});

/** Whether messages can be sent from a number now. */
export function canSend(number: MyNumber): boolean {
  return number.sms_enabled && number.status === "active";
}
