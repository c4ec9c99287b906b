import { describe, expect, it } from "vitest";
import type { MessagingProfile } from "~/api/types";
import { webhookHealth, wordsOf } from "./health";

const profile = (enabled: number, failing: number, disabled: number): MessagingProfile => ({
  id: 3,
  name: "Default",
  default: true,
  opt_out_words: { standard: true, stop: [], start: [] },
  sender_fallback: false,
  health: { numbers: 1, webhooks: { enabled, failing, disabled }, opt_outs: 0 },
  created_at: "2026-04-03T10:00:00.000000Z",
});

describe("a profile's webhooks", () => {
  it.each([
    [0, 0, 0, "none"],
    [2, 0, 0, "healthy"],
    [2, 0, 1, "healthy"],
    [2, 1, 1, "failing"],
    [0, 0, 1, "disabled"],
  ] as const)("enabled %i, failing %i, disabled %i are %s", (enabled, failing, disabled, word) => {
    expect(webhookHealth(profile(enabled, failing, disabled))).toBe(word);
  });
});

describe("words", () => {
  it("are read with commas or on lines of their own, in any script", () => {
    expect(wordsOf(" AFMELDEN, stop it\n, إيقاف، توقف ,")).toEqual([
      "AFMELDEN",
      "stop it",
      "إيقاف",
      "توقف",
    ]);
    expect(wordsOf("  ")).toEqual([]);
  });
});
