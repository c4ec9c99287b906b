import { describe, expect, it } from "vitest";
import type { Message, MessageStatus } from "~/api/types";
import { later, type MessagePages, merge } from "./merge";

function message(id: number, status: MessageStatus = "queued", body = "hello"): Message {
  return {
    id,
    direction: status === "received" ? "inbound" : "outbound",
    from: "+447700900001",
    to: "+447700900123",
    number_id: 8,
    body,
    status,
    segments: 1,
    encoding: "gsm7",
    price: { amount: "0.008", currency: "EUR" },
    carrier: "didfarm",
    created_at: "2026-04-03T10:15:30.000000Z",
  };
}

function pages(...lists: number[][]): MessagePages {
  return {
    pages: lists.map((ids, index) => ({
      messages: ids.map((id) => message(id)),
      next_cursor: index === lists.length - 1 ? null : "more",
    })),
    pageParams: lists.map(() => undefined),
  };
}

const ids = (list: MessagePages) => list.pages.map((page) => page.messages.map(({ id }) => id));
const news = (...messages: Message[]) => new Map(messages.map((each) => [each.id, each]));

describe("news in a list", () => {
  it("changes a single row and leaves the others as they are", () => {
    const list = pages([3, 2, 1]);
    const after = merge(list, {}, news(message(2, "delivered")));
    expect(after.pages[0]?.messages.map(({ status }) => status)).toEqual([
      "queued",
      "delivered",
      "queued",
    ]);
    expect(after.pages[0]?.messages[0]).toBe(list.pages[0]?.messages[0]);
  });

  it("sorts a new message in where it belongs", () => {
    expect(
      ids(merge(pages([9, 7], [5, 3]), {}, news(message(8), message(10), message(4)))),
    ).toEqual([
      [10, 9, 8, 7],
      [5, 4, 3],
    ]);
  });

  it("leaves what is older than everything loaded to its page", () => {
    const list = pages([9, 7]);
    list.pages[0] = { messages: list.pages[0]?.messages ?? [], next_cursor: "more" };
    expect(merge(list, {}, news(message(2)))).toBe(list);
  });

  it("shows only what the filters let through, and drops what no longer matches", () => {
    expect(ids(merge(pages([2, 1]), { q: "HELLO" }, news(message(3, "queued", "bye"))))).toEqual([
      [2, 1],
    ]);
    expect(ids(merge(pages([2, 1]), { status: "queued" }, news(message(2, "sent"))))).toEqual([
      [1],
    ]);
  });

  it("is the same object when there is nothing new", () => {
    const list = pages([2, 1]);
    expect(merge(list, { direction: "inbound" }, news(message(3)))).toBe(list);
  });
});

describe("the later state of a message", () => {
  it.each<[MessageStatus, MessageStatus, MessageStatus]>([
    ["queued", "sending", "sending"],
    ["sent", "queued", "sent"],
    ["sent", "sending", "sent"],
    ["sending", "queued", "sending"],
    ["delivered", "sent", "delivered"],
    ["sent", "delivered", "delivered"],
  ])("of %s and %s is %s", (known, news, expected) => {
    expect(later(message(1, known), message(1, news)).status).toBe(expected);
  });

  it("is queued again where no carrier took it", () => {
    const again = { ...message(1, "queued"), status_detail: "carrier_unavailable" };
    expect(later(message(1, "sending"), again)).toBe(again);
  });
});
