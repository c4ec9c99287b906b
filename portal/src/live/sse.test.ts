import { describe, expect, it } from "vitest";
import { SseParser } from "./sse";

const stream =
  'event: ready\nid: 4\nretry: 2000\ndata: {}\n\n: keep-alive\n\nid: 5\nevent: sms.status\ndata: {"a":1}\n\n';

describe("an event stream", () => {
  it("is read the same however it is cut", () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const parser = new SseParser();
      const events = [];
      for (let at = 0; at < stream.length; at += size) {
        events.push(...parser.push(stream.slice(at, at + size)));
      }
      expect(events).toEqual([
        { id: "4", name: "ready", data: "{}" },
        { id: "5", name: "sms.status", data: '{"a":1}' },
      ]);
    }
  });

  it("may end its lines with CR LF, and have data of several lines", () => {
    expect(new SseParser().push("data: a\r\ndata: b\r\n\r\n")).toEqual([
      { id: null, name: "message", data: "a\nb" },
    ]);
  });

  it("says nothing before an event is complete", () => {
    expect(new SseParser().push("id: 9\ndata: x\n")).toEqual([]);
  });
});
