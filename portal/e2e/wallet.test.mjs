import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startPortal } from "./lib/portal.mjs";

let portal;
before(async () => {
  portal = await startPortal();
});
after(() => portal.stop());

test("a top-up with VAT, a card that is kept, and the limits of a wallet", async () => {
  const { account, operator } = portal.demo;
  const path = `/operator/accounts/${account.id}`;
  assert.equal(
    (await portal.call("PATCH", path, { vat_rate: "21.00" }, operator.api_key)).status,
    200,
  );
  const page = await portal.page();

  // Paying in: what is credited, and what is paid.
  await page.goto(`${portal.url}/wallet?add=1`);
  const dialog = page.getByRole("dialog");
  await dialog.getByText("VAT (21%)").waitFor();
  await dialog.getByText("€24.20").waitFor();
  await dialog.getByRole("textbox").fill("10,00");
  await dialog.getByText("€12.10").waitFor();
  await dialog.getByLabel("Keep this card").check();
  await dialog.getByRole("button", { name: "Go to checkout" }).click();
  await page.waitForURL(/\/checkout\//);
  await page.getByRole("heading", { name: "Pay EUR 12.10" }).waitFor();
  await page.getByRole("button").first().click();
  await page.getByText("€10.00 was added to your wallet.").waitFor();

  // Topping up by itself, seen as it happens.
  await page.getByText("Settings", { exact: true }).last().click();
  await page.getByText("•••• 4242").waitFor();
  await page.getByLabel("When the balance is below", { exact: true }).fill("40");
  await page.getByLabel("Top up with (net)").fill("0.50");
  await page.getByRole("switch").check({ force: true });
  const form = page.locator("form", { hasText: "Top up automatically" });
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByText("amount is 1.00 to 10000.00").waitFor();
  await page.getByLabel("Top up with (net)").fill("20");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("Saved.").waitFor();
  await page.getByText("€55.00").first().waitFor();

  // A cap that is reached says so where somebody sends.
  const cap = page.locator("form", { hasText: "Messages of a day cost at most" });
  await cap.getByRole("textbox").fill("x");
  await cap.getByText("Write an amount like 10.00.").waitFor();
  await cap.getByRole("textbox").fill("0.001");
  await cap.getByRole("button", { name: "Save" }).click();
  await cap.getByText("Saved.").waitFor();
  await page.getByText("Spent today: €0.00.").waitFor();
  await page.goto(`${portal.url}/sms`);
  await page.getByRole("button", { name: "Compose" }).first().click();
  await dialog.locator("textarea").fill("hello");
  await dialog.locator("input[type=tel]").fill("+447700900123");
  await dialog.getByRole("button", { name: "Send SMS" }).click();
  await page.getByText("The daily spend cap is reached").first().waitFor();

  // Lifted, and a notice chosen instead.
  await page.goto(`${portal.url}/wallet?view=settings`);
  await cap.getByRole("textbox").fill("");
  await cap.getByRole("button", { name: "Save" }).click();
  await cap.getByText("Saved.").waitFor();
  const low = page.locator("form", { hasText: "Tell me when the balance is below" });
  await low.getByRole("textbox").fill("8.00");
  await low.getByRole("button", { name: "Save" }).click();
  await low.getByText("Saved.").waitFor();
  const { wallet } = (await portal.call("GET", "/portal/wallet")).body;
  assert.deepEqual([wallet.daily_spend_cap, wallet.low_balance_below.amount], [null, "8.00"]);

  // The card is forgotten, and nothing is charged by itself.
  await page.getByRole("button", { name: "Forget this card" }).click();
  await page.getByText("No card is saved.").waitFor();
  assert.deepEqual(page.faults, []);
});
