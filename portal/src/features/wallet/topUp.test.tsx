import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { beforeAll, expect, it } from "vitest";
import type { Wallet } from "~/api/types";
import { speak } from "~/i18n";
import { AutoRecharge } from "./AutoRecharge";
import { TopUp } from "./TopUp";

beforeAll(() => speak("en"));

const yen = (amount: string) => ({ amount, currency: "JPY" });

const wallet: Wallet = {
  balance: yen("0.00"),
  held: yen("0.00"),
  owed: yen("0.00"),
  spent_today: yen("0.00"),
  vat_rate: "10.00",
  card: { brand: "visa", last4: "4242", exp_month: 12, exp_year: 2099 },
  topup: { minimum: yen("100.00"), maximum: yen("1000000.00"), decimals: 0 },
};

function show(page: ReactNode) {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider>{page}</MantineProvider>
    </QueryClientProvider>,
  );
}

it("offers, limits and taxes a top-up as the wallet's currency is paid", async () => {
  show(<TopUp wallet={wallet} opened onClose={() => undefined} />);
  const amount: HTMLInputElement = await screen.findByRole("textbox", { name: "Amount" });
  expect([amount.value, amount.inputMode]).toEqual(["2000", "numeric"]);
  const offered = screen.getAllByRole("button", { name: /JP¥/ });
  expect(offered.map(({ textContent }) => textContent)).toEqual([
    "JP¥1,000",
    "JP¥2,000",
    "JP¥5,000",
    "JP¥10,000",
  ]);
  expect(offered.map((each) => each.getAttribute("aria-pressed"))).toEqual([
    "false",
    "true",
    "false",
    "false",
  ]);
  await userEvent.clear(amount);
  await userEvent.type(amount, "1235");
  expect(screen.getByText("VAT (10%)").nextSibling?.textContent).toBe("JP¥124");
  expect(screen.getByText("JP¥1,359")).toBeTruthy();
  await userEvent.type(amount, ".5");
  expect(screen.getByText("From JP¥100 to JP¥1,000,000, with 0 decimals at most.")).toBeTruthy();
});

it("proposes automatic top-ups that can be paid", async () => {
  show(<AutoRecharge wallet={wallet} onTopUp={() => undefined} />);
  const proposed: HTMLInputElement[] = await screen.findAllByRole("textbox");
  expect(proposed.map(({ value }) => value)).toEqual(["1000", "2000", "10000"]);
});
