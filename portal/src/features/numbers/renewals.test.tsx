import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import { beforeAll, expect, it } from "vitest";
import type { MyNumber } from "~/api/types";
import { coverageQuery } from "~/features/orders/queries";
import { speak } from "~/i18n";
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

it("says what is owed, until when there is time, and where to pay", async () => {
  const client = new QueryClient();
  client.setQueryData(coverageQuery.queryKey, []);
  const router = createRouter({
    routeTree: createRootRoute({ component: () => <Renewals number={owing} /> }),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  const [own, sms] = await screen.findAllByRole("definition");
  expect(own?.textContent).toMatch(/^€1\.25 owed · off from .*10/);
  expect(sms?.textContent).toBe("€0.75 owed · off until it is paid");
  const link = screen.getByRole("link", { name: "Top up" });
  expect(link.getAttribute("href")).toContain("/wallet");
});
