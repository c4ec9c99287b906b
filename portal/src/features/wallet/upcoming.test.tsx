import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, expect, it, vi } from "vitest";
import type { Charge, UpcomingCharges } from "~/api/types";
import { speak } from "~/i18n";
import { upcomingQuery } from "./queries";
import { Upcoming } from "./Upcoming";

beforeAll(() => speak("en"));

const money = (amount: string) => ({ amount, currency: "EUR" });

function charge(day: number, kind: Charge["kind"] = "number", owed = false): Charge {
  const due_at = `2026-05-${String(day).padStart(2, "0")}T10:15:30.000000Z`;
  const amount = money(kind === "number" ? "1.00" : "0.75");
  return { number_id: 42, number: "+447700900001", kind, due_at, amount, owed };
}

function upcoming(charges: Charge[], rest: Partial<UpcomingCharges> = {}): UpcomingCharges {
  return {
    charges,
    count: charges.length,
    total: money("5.25"),
    balance: money("5.00"),
    covered_until: null,
    until: "2026-06-01T10:15:30.000000Z",
    ...rest,
  };
}

async function show(data: UpcomingCharges, onTopUp?: () => void) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: 60_000 } } });
  client.setQueryData(upcomingQuery.queryKey, data);
  const router = createRouter({
    routeTree: createRootRoute({ component: () => <Upcoming onTopUp={onTopUp} /> }),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  render(
    <QueryClientProvider client={client}>
      <MantineProvider>
        <RouterProvider router={router as never} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  await screen.findByRole("heading", { name: "Upcoming charges" });
}

const row = (text: RegExp) => screen.getByRole("row", { name: text });

it("says so where nothing renews", async () => {
  await show(upcoming([]));
  expect(screen.getByText("Nothing renews in the next 31 days.")).toBeTruthy();
  expect(screen.queryByRole("table")).toBeNull();
});

it("shows what is charged and when, the first lines before all", async () => {
  const days = [3, 4, 5, 6, 7, 8];
  await show(upcoming([charge(3, "sms_addon"), ...days.map((day) => charge(day))]));
  expect(row(/3 May 2026 \+44 7700 900001.*SMS add-on, a month €0\.75/)).toBeTruthy();
  expect(row(/Total, the next 31 days.*€5\.25/)).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
  const link = screen.getAllByRole("link")[0];
  expect(link?.getAttribute("href")).toContain("configure=42");
  expect(screen.getAllByRole("row")).toHaveLength(4 + 2);
  await userEvent.click(screen.getByRole("button", { name: "Show all 7" }));
  expect(screen.getAllByRole("row")).toHaveLength(7 + 2);
});

it("warns of the day on which the balance runs out, with the way to top up", async () => {
  const onTopUp = vi.fn();
  const charges = [charge(3), charge(4)];
  await show(upcoming(charges, { count: 3, covered_until: charges[1]?.due_at ?? "" }), onTopUp);
  const alert = screen.getByRole("alert");
  expect(alert.textContent).toContain("Your balance runs out on 4 May 2026");
  expect(alert.textContent).toContain("seven days");
  await userEvent.click(screen.getByRole("button", { name: "Top up" }));
  expect(onTopUp).toHaveBeenCalledOnce();
  expect(screen.getByText("1 more is not listed, and is in the total.")).toBeTruthy();
});

it("says what is owed already, and who gives credit where nobody takes payments", async () => {
  const owed = charge(3, "sms_addon", true);
  await show(upcoming([owed, charge(8)], { covered_until: owed.due_at }));
  expect(screen.getByRole("alert").textContent).toContain("What was due on 3 May 2026 is not paid");
  expect(screen.getByRole("alert").textContent).toContain("Ask your operator for credit");
  expect(screen.queryByRole("button")).toBeNull();
  expect(row(/Payment owed/)).toBeTruthy();
});
