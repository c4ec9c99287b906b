import { describe, expect, it } from "vitest";
import type { Message } from "~/api/types";
import { parseSearch, stringifySearch } from "~/app/search";
import { isFiltered, matches, parseFilters, toQuery } from "./filters";

describe("filters in the URL", () => {
  it("are read back as they were written", () => {
    const filters = {
      number: 8,
      direction: "inbound",
      status: "received",
      since: "2026-11-01",
      until: "2026-11-25",
      q: "100% & more",
    } as const;
    expect(parseFilters(parseSearch(stringifySearch(filters)))).toEqual(filters);
  });

  it("forget what is no filter", () => {
    expect(
      parseFilters({ number: "x", direction: "up", status: "lost", since: "yesterday", q: "" }),
    ).toEqual({});
    expect(isFiltered({ q: undefined })).toBe(false);
  });

  it("cover whole days of the user's zone", () => {
    expect(toQuery({ since: "2026-11-01", until: "2026-11-01" }, "Europe/Amsterdam")).toEqual({
      since: "2026-10-31T23:00:00.000Z",
      until: "2026-11-01T23:00:00.000Z",
    });
  });
});

describe("a message that arrives live", () => {
  const message = {
    id: 1,
    number_id: 8,
    direction: "inbound",
    from: "+447700900123",
    to: "+447700900001",
    body: "Thanks, Ada",
    status: "received",
    created_at: "2026-11-25T10:00:00.000000Z",
  } as Message;

  it.each([
    [{}, true],
    [{ number_id: 8 }, true],
    [{ number_id: 9 }, false],
    [{ direction: "outbound" }, false],
    [{ status: "received" }, true],
    [{ q: "thanks" }, true],
    [{ q: "sorry" }, false],
    [{ with: "+447700900123" }, true],
    [{ with: "+447700900001" }, false],
    [{ since: "2026-11-25T10:00:00.000Z" }, true],
    [{ until: "2026-11-25T10:00:00.000Z" }, false],
  ] as const)("under %j is shown: %j", (query, shown) => {
    expect(matches(query, message)).toBe(shown);
  });
});
