import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { startPortal } from "./lib/portal.mjs";

let portal;
let receiver;
let status = 204;
const bodies = [];

before(async () => {
  portal = await startPortal();
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      bodies.push(JSON.parse(body));
      response.writeHead(status).end(status === 204 ? undefined : "<i>not today</i>");
    });
  });
  await new Promise((done) => receiver.listen(0, "127.0.0.1", done));
});
after(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await portal.stop();
});

const text = (body) =>
  portal.call(
    "POST",
    "/operator/simulator/inbound",
    { from: "+447700900456", to: portal.demo.numbers[0].number, body },
    portal.demo.operator.api_key,
  );

test("a webhook is made, tested, watched, disabled by its endpoint, mended and deleted", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/webhooks`);
  await page.getByText("No webhooks").waitFor();
  await page.getByRole("button", { name: "Create webhook" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("URL").fill("http://10.0.0.1/");
  await dialog.getByRole("button", { name: "Create webhook" }).click();
  await dialog.getByText(/private address/).waitFor();
  const url = `http://127.0.0.1:${receiver.address().port}/hook`;
  await dialog.getByLabel("URL").fill(url);
  await dialog.getByRole("button", { name: "Create webhook" }).click();
  await dialog.getByText(/^whsec_/).waitFor();
  await dialog.getByRole("button", { name: "I have stored it" }).click();

  await page
    .getByRole("row")
    .filter({ hasText: url })
    .getByRole("button", { name: "Details" })
    .click();
  const drawer = page.getByRole("dialog");
  await drawer.getByText("Nothing was pushed yet").waitFor();
  await drawer.getByRole("button", { name: "Send test" }).click();
  const list = drawer.getByRole("list", { name: "Deliveries" });
  const rows = list.locator("> li");
  await rows.first().getByText("delivered").waitFor();
  await rows.first().getByText("test", { exact: true }).waitFor();
  assert.equal(bodies.at(-1).event, "sms.received");

  status = 410;
  await text("Is it there?");
  await drawer.getByText(/It answered 410 Gone/).waitFor();
  await page.reload();
  await rows.first().getByText("failed").waitFor();
  await rows.first().locator("summary").click();
  await rows.first().getByText("The answer is 410: the endpoint is gone.").waitFor();
  await rows.first().getByText("<i>not today</i>").waitFor();

  status = 204;
  await drawer.getByRole("button", { name: "Enable" }).click();
  await rows.first().getByRole("button", { name: "Send again" }).click();
  await rows.first().getByText("delivered").waitFor();
  assert.equal(bodies.at(-1).data.body, "Is it there?");

  await drawer.getByRole("button", { name: "New secret" }).click();
  const asked = page.getByRole("dialog").filter({ hasText: "Make a new secret?" });
  await asked.getByRole("button", { name: "New secret" }).click();
  await page.getByText(/^whsec_/).waitFor();
  await page.getByRole("button", { name: "I have stored it" }).click();

  await drawer.getByRole("button", { name: "Delete" }).click();
  await page
    .getByRole("dialog")
    .filter({ hasText: "Delete this webhook?" })
    .getByRole("button", { name: "Delete" })
    .click();
  await page.getByText("No webhooks").waitFor();
  assert.deepEqual(page.faults, []);
});
