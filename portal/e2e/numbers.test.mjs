import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startPortal } from "./lib/portal.mjs";

let portal;
before(async () => {
  portal = await startPortal();
});
after(() => portal.stop());

test("what a number and its SMS cost next, and when, until SMS is switched off", async () => {
  const wanted = await portal.call("GET", "/portal/numbers/available?country=GB&type=mobile");
  const [{ id }] = wanted.body.numbers;
  const order = await portal.call("POST", "/portal/orders", {
    items: [{ number_id: id, sms: true }],
  });
  assert.equal(order.status, 201, JSON.stringify(order.body));
  const { numbers } = (await portal.call("GET", "/portal/numbers")).body;
  const number = numbers.find((each) => each.id === id);
  const page = await portal.page();

  await page.goto(`${portal.url}/numbers`);
  const row = page.getByRole("row").filter({ has: page.locator(`a[href$="configure=${id}"]`) });
  const charged = number.sms_renews_at;
  await row.locator(`time[datetime="${charged}"]`).waitFor();

  await page.goto(`${portal.url}/numbers?configure=${id}`);
  const drawer = page.getByRole("dialog").first();
  const renewals = drawer.locator("section").filter({ hasText: "Renewals" });
  const prices = (await portal.call("GET", "/portal/coverage")).body.countries.find(
    ({ country }) => country === "GB",
  ).mobile;
  for (const price of [prices.number_price, prices.sms_price]) {
    const shown = new RegExp(`€${Number(price.amount).toFixed(2)}`);
    await renewals.getByText(shown).first().waitFor();
  }
  assert.equal(await renewals.locator("time").count(), 2);

  await drawer.getByRole("switch", { name: "SMS capability" }).click();
  await page.getByRole("button", { name: "Disable SMS" }).click();
  await renewals.getByText("Paid until").waitFor();
  assert.deepEqual(page.faults, []);
});
