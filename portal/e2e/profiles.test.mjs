import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startPortal, until } from "./lib/portal.mjs";

let portal;

before(async () => {
  portal = await startPortal();
});
after(() => portal.stop());

const numbers = async () => (await portal.call("GET", "/portal/numbers")).body.numbers;
const text = (number, body) =>
  portal.call(
    "POST",
    "/operator/simulator/inbound",
    { from: "+447700900456", to: number.number, body },
    portal.demo.operator.api_key,
  );
const send = (number) =>
  portal.call("POST", "/portal/sms/send", {
    from_number_id: number.id,
    to: "+447700900456",
    body: "Hello",
  });

test("a profile is made, given to a number, heeded, taken away with its warning, and deleted", async () => {
  const page = await portal.page();
  const [number] = portal.demo.numbers;
  await page.goto(`${portal.url}/numbers`);
  await page.getByRole("link", { name: "Messaging profiles" }).click();
  await page.getByText("For new numbers").waitFor();
  await page.getByRole("button", { name: "Create profile" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Customer care");
  await dialog.getByLabel("Own words that stop messages").fill("afmelden, yes");
  await dialog.getByRole("button", { name: "Create profile" }).click();
  await dialog.getByText("yes cannot both stop and start messages.").waitFor();
  await dialog.getByLabel("Own words that stop messages").fill("afmelden, weg");
  await dialog.getByRole("button", { name: "Create profile" }).click();
  const row = page.getByRole("row").filter({ hasText: "Customer care" });
  await row.waitFor();

  await page.goto(`${portal.url}/numbers?configure=${number.id}`);
  const drawer = page.getByRole("dialog");
  const select = drawer.getByLabel("Messaging profile", { exact: true });
  await select.selectOption({ label: "Customer care" });
  await until("the number has it", async () => {
    const found = (await numbers()).find(({ id }) => id === number.id);
    return found.messaging_profile?.name === "Customer care";
  });
  await text(number, "Weg!");
  assert.equal((await send(number)).body.error.code, "recipient_opted_out");
  await text(number, "start");
  assert.equal((await send(number)).status, 201);

  await select.selectOption({ label: "No messaging profile" });
  await drawer
    .getByRole("alert")
    .getByText(/sends nothing/)
    .waitFor();
  assert.equal((await send(number)).body.error.code, "no_messaging_profile");
  await select.selectOption({ label: "Default" });
  await drawer.getByRole("alert").waitFor({ state: "detached" });

  await page.goto(`${portal.url}/messaging-profiles`);
  await row.getByRole("button", { name: "Edit" }).click();
  await drawer.getByLabel("Name").fill("Care");
  await drawer.getByRole("button", { name: "Save" }).click();
  const renamed = page.getByRole("row").filter({ hasText: /^Care/ });
  await renamed.getByRole("button", { name: "Edit" }).click();
  await drawer.getByRole("button", { name: "Delete" }).click();
  await page
    .getByRole("dialog", { name: "Delete this messaging profile?" })
    .getByRole("button", { name: "Delete" })
    .click();
  await renamed.waitFor({ state: "detached" });
  assert.deepEqual(page.faults, []);
});
