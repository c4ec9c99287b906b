import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeAll, expect, it } from "vitest";
import type { Charge, MyNumber, UpcomingCharges } from "~/api/types";
import { profilesQuery } from "~/features/messaging-profiles/queries";
import { coverageQuery } from "~/features/orders/queries";
import { upcomingQuery } from "~/features/wallet/queries";
import { speak } from "~/i18n";
import { ConfigureDrawer } from "./ConfigureDrawer";
import { Renewals } from "./Renewals";

beforeAll(() => speak("en"));

const owing: MyNumber = {
  id: 1,
  number: "+447700900001",
  country: "GB",
  type: "mobile",
  status: "active",
  sms_enabled: false,
  sms_available: true,
  sms_lapsed: true,
  sms_owed: { amount: "0.75", currency: "EUR" },
  grace_until: "2026-05-10T10:15:30.000000Z",
  owed: { amount: "1.25", currency: "EUR" },
  simulated: true,
  created_at: "2026-04-03T10:15:30.000000Z",
};

const MAY = "2026-05-10T10:15:30.000000Z";

/** Paid, and neither the number nor its SMS is offered any more. */
const kept: MyNumber = {
  id: 2,
  number: "+447700900002",
  country: "GB",
  type: "mobile",
  status: "active",
  sms_enabled: true,
  sms_available: false,
  sms_lapsed: false,
  sms_renews_at: MAY,
  sms_paid_until: MAY,
  renews_at: MAY,
  paid_until: MAY,
  simulated: true,
  created_at: "2026-04-03T10:15:30.000000Z",
};

const euros = (amount: string) => ({ amount, currency: "EUR" });

function charge(number_id: number, kind: Charge["kind"], amount: string): Charge {
  return { number_id, number: "", kind, due_at: MAY, amount: euros(amount), owed: false };
}

function upcoming(charges: Charge[]): UpcomingCharges {
  const { length: count } = charges;
  return { charges, count, total: euros("0.00"), balance: euros("0.00"), until: MAY };
}

/** Answers what stands beside each name. */
async function show(page: ReactNode, charges: Charge[] = []) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: 60_000 } } });
  client.setQueryData(coverageQuery.queryKey, []);
  client.setQueryData(upcomingQuery.queryKey, upcoming(charges));
  client.setQueryData(profilesQuery.queryKey, []);
  const router = createRouter({
    routeTree: createRootRoute({ component: () => page }),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  render(
    <QueryClientProvider client={client}>
      <MantineProvider>
        <RouterProvider router={router as never} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  return (await screen.findAllByRole("definition")).map(({ textContent }) => textContent);
}

it("says what is owed, until when there is time, and where to pay", async () => {
  const [own, sms] = await show(<Renewals number={owing} />);
  expect(own).toMatch(/^€1\.25 owed · off from .*10/);
  expect(sms).toBe("€0.75 owed · off until it is paid");
  const link = screen.getByRole("link", { name: "Top up" });
  expect(link.getAttribute("href")).toContain("/wallet");
});

it("shows what the next charges take of what is no longer offered", async () => {
  const charges = [
    charge(1, "number", "9.00"),
    charge(2, "number", "1.20"),
    charge(2, "sms_addon", "0.80"),
    charge(2, "number", "1.30"),
  ];
  const [own, sms] = await show(<Renewals number={kept} />, charges);
  expect(own).toMatch(/^€1\.20 · 10 May/);
  expect(sms).toMatch(/^€0\.80 · 10 May/);
});

it("shows no price where the next charges are not known", async () => {
  const [own, sms] = await show(<Renewals number={kept} />, [charge(1, "number", "9.00")]);
  expect(own).toMatch(/^10 May/);
  expect(sms).toMatch(/^10 May/);
});

it("shows the price of the offer where there is one", async () => {
  const offered = { ...kept, sms_available: true, sms_price: euros("0.75") };
  const [, sms] = await show(<Renewals number={offered} />, [charge(2, "sms_addon", "0.80")]);
  expect(sms).toMatch(/^€0\.75 · 10 May/);
});

it("shows in the drawer what SMS goes on costing", async () => {
  await show(<ConfigureDrawer number={kept} onClose={() => undefined} />, [
    charge(2, "sms_addon", "0.80"),
  ]);
  expect(screen.getByText(/^€0\.80 per month/)).toBeTruthy();
});
