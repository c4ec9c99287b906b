import { expect, test } from "vitest";
import { fileAddress, isFiltered, parseFilters, toQuery } from "./filters";

test("a URL's filters are read, and what is none is forgotten", () => {
  const filters = parseFilters({ kind: "sms", number: "7", since: "2026-04-03", q: "a&b" });
  expect(isFiltered(filters)).toBe(true);
  expect(isFiltered(parseFilters({ kind: "gift", number: "-1", until: "april", q: "" }))).toBe(
    false,
  );
  expect(toQuery(filters, "UTC")).toEqual({
    kind: "sms",
    number_id: 7,
    since: "2026-04-03T00:00:00.000Z",
    until: undefined,
    q: "a&b",
  });
});

test("the last day is part of what is listed, and the file has the list's filters", () => {
  const query = toQuery(parseFilters({ until: "2026-04-03", q: "a&b" }), "UTC");
  expect(fileAddress(query)).toBe(
    "/api/v1/portal/wallet/transactions.csv?until=2026-04-04T00%3A00%3A00.000Z&q=a%26b",
  );
  expect(fileAddress({})).toBe("/api/v1/portal/wallet/transactions.csv");
});
