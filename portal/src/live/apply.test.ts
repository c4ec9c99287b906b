import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { applier } from "./apply";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const event = (name: string, data: unknown = {}) => ({ id: 1, name, data });
const balance = event("wallet.balance", { balance: { amount: "24.25", currency: "EUR" } });
const sms = (name: string) => event(name, { message: { id: 7, status: "sent" } });

/** Which queries each batch of events asks for again, at once and later. */
function refreshed(...batches: Parameters<ReturnType<typeof applier>>[0][]): string[][] {
  const cache = new QueryClient();
  const asked = vi.spyOn(cache, "invalidateQueries");
  const apply = applier(cache);
  return batches.map((batch) => {
    asked.mockClear();
    apply(batch);
    vi.runAllTimers();
    return asked.mock.calls.map(([filters]) => String(filters?.queryKey?.[0])).sort();
  });
}

const FIGURES = ["papers", "reports", "stats", "transactions"];

it("asks for the upcoming charges again when numbers change, or the balance without messages", () => {
  const order = [event("number.status"), balance, event("number.status")];
  expect(refreshed([event("number.status")], [balance], order)).toEqual([
    ["numbers", "upcoming"],
    [...FIGURES, "upcoming"],
    ["numbers", ...FIGURES, "upcoming"],
  ]);
});

it("does not ask for them with every message", () => {
  expect(
    refreshed([sms("sms.status")], [sms("sms.status"), balance], [balance, sms("sms.received")]),
  ).toEqual([FIGURES, FIGURES, FIGURES]);
});
