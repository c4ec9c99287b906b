/** One event of a Server-Sent Events stream. */
export interface SseEvent {
  id: string | null;
  name: string;
  data: string;
}

/**
 * Cuts a stream into events, whatever its chunks.
 * Source: HTML Living Standard §9.2.6; only `event`, `id` and `data` matter here.
 */
export class SseParser {
  #rest = "";
  #id: string | null = null;
  #name = "";
  #data: string[] = [];

  push(chunk: string): SseEvent[] {
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    const events: SseEvent[] = [];
    for (const line of lines) {
      if (line === "") {
        const event = this.#end();
        if (event !== null) {
          events.push(event);
        }
      } else {
        this.#field(line);
      }
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) {
      return; // A comment keeps the connection alive.
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") {
      this.#name = value;
    } else if (field === "data") {
      this.#data.push(value);
    } else if (field === "id" && !value.includes("\0")) {
      this.#id = value;
    }
  }

  #end(): SseEvent | null {
    const event = { id: this.#id, name: this.#name || "message", data: this.#data.join("\n") };
    const hasData = this.#data.length > 0;
    this.#name = "";
    this.#data = [];
    return hasData ? event : null;
  }
}
