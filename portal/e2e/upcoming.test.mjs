import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faults } from "./lib/axe.mjs";
import { startPortal } from "./lib/portal.mjs";

let portal;
before(async () => {
  portal = await startPortal();
});
after(() => portal.stop());

const upcoming = async () => (await portal.call("GET", "/portal/wallet/upcoming")).body.upcoming;

test("what is going to be charged, the day on which the money runs out, and the way to go on", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/wallet`);
  const section = page.getByRole("region", { name: "Upcoming charges" });
  await section.getByText("Nothing renews in the next 31 days.").waitFor();

  // Of €25.00, €14.00 is spent now, and the same again next month. It is seen as it happens.
  const wanted = await portal.call(
    "GET",
    "/portal/numbers/available?country=GB&type=mobile&sms=true",
  );
  const items = wanted.body.numbers.slice(0, 8).map(({ id }) => ({ number_id: id, sms: true }));
  const order = await portal.call("POST", "/portal/orders", { items });
  assert.equal(order.status, 201, JSON.stringify(order.body));
  await section.getByRole("row", { name: /Total, the next 31 days.*€14\.00/ }).waitFor();
  const { charges, count, covered_until: until } = await upcoming();
  assert.equal(count, 16);
  await section.locator(`time[datetime="${charges[0].due_at}"]`).first().waitFor();
  const alert = section.getByRole("alert");
  const day = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeZone: "Europe/Amsterdam",
  }).format(new Date(until));
  await alert.getByText(`Your balance runs out on ${day}`).waitFor();
  await section.getByRole("button", { name: "Show all 16" }).click();
  assert.equal(await section.getByRole("row").count(), 16 + 2);
  assert.deepEqual(await faults(page), []);

  // Paying in ends the warning; in Dutch, on a phone.
  await alert.getByRole("button", { name: "Top up" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("0,50");
  await dialog.getByText("From €1.00 to €10,000.00, with 2 decimals at most.").waitFor();
  await dialog.getByRole("textbox").fill("10,00");
  await dialog.getByRole("button", { name: "Go to checkout" }).click();
  await page.waitForURL(/\/checkout\//);
  await page.getByRole("button").first().click();
  await page.getByText("€10.00 was added to your wallet.").waitFor();
  await section.getByRole("row", { name: /€14\.00/ }).waitFor();
  assert.equal(await alert.count(), 0);
  const phone = await portal.page({ width: 320, height: 720, language: "nl", still: true });
  await phone.goto(`${portal.url}/wallet`);
  const kosten = phone.getByRole("region", { name: "Komende kosten" });
  await kosten.getByText("Nummer, een maand").first().waitFor();
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(wide, 320);
  assert.deepEqual(await faults(phone), []);

  // A number leads to its settings, and what is switched off there is not charged.
  await section.getByRole("link").last().click();
  await page.getByRole("switch", { name: "SMS capability" }).click();
  await page.getByRole("button", { name: "Disable SMS" }).click();
  await page.getByText("Paid until").waitFor();
  assert.equal((await upcoming()).count, 15);
  assert.deepEqual([...page.faults, ...phone.faults], []);
});
