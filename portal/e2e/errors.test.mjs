// The guide's troubleshooting table, provoked and seen.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startPortal } from "./lib/portal.mjs";

let portal;

before(async () => {
  portal = await startPortal();
});
after(() => portal.stop());

const operator = (method, path, body) =>
  portal.call(method, `/operator${path}`, body, portal.demo.operator.api_key);

/** Gives the demo customer one more number. */
async function give(number) {
  const answer = await operator("POST", "/numbers", {
    account_id: portal.demo.account.id,
    simulated: true,
    sms_enabled: false,
    ...number,
  });
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  return answer.body.number;
}

/** Tries to switch SMS on in the Configure drawer. */
async function enable(page, number) {
  await page.goto(`${portal.url}/numbers?configure=${number.id}`);
  const drawer = page.getByRole("dialog").first();
  await drawer.getByRole("switch", { name: "SMS capability" }).click();
  await page.getByRole("button", { name: "Enable SMS" }).click();
  return drawer;
}

test("SMS not available for this number type", async () => {
  const number = await give({
    number: "+33199000001",
    country: "FR",
    type: "toll_free",
    status: "active",
  });
  const page = await portal.page();
  const drawer = await enable(page, number);
  await drawer.getByText("SMS not available for this number type").waitFor();
  await drawer.getByRole("link", { name: "Order a mobile number" }).waitFor();
  assert.deepEqual(page.faults, []);
});

test("Number must be active to enable SMS", async () => {
  const number = await give({
    number: "+447700900777",
    country: "GB",
    type: "mobile",
    status: "pending_verification",
  });
  const page = await portal.page();
  const drawer = await enable(page, number);
  await drawer.getByText("Number must be active to enable SMS").waitFor();
  assert.deepEqual(page.faults, []);
});

test("a number's month is paid once, and SMS goes off and on again", async () => {
  const number = await give({
    number: "+447700900778",
    country: "GB",
    type: "mobile",
    status: "active",
  });
  const page = await portal.page();
  const drawer = await enable(page, number);
  await drawer.getByText(/paid until/).waitFor();
  await drawer.getByRole("switch", { name: "SMS capability" }).click();
  await page.getByRole("button", { name: "Disable SMS" }).click();
  await drawer.getByText(/paid until/).waitFor({ state: "detached" });
  await drawer.getByRole("switch", { name: "SMS capability" }).click();
  await page.getByText("This month is paid already.").waitFor();
  await page.getByRole("button", { name: "Enable SMS" }).click();
  await drawer.getByText(/paid until/).waitFor();
  assert.deepEqual(page.faults, []);
});

test("Failed to send SMS", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.getByRole("button", { name: "Compose" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "To", exact: true }).fill("hello there");
  await dialog.getByRole("textbox", { name: "Message" }).fill("refused");
  await dialog.getByRole("button", { name: "Send SMS" }).click();
  await dialog.getByText("This is no phone number.").waitFor();
  await dialog.getByRole("textbox", { name: "To", exact: true }).fill("+447700900903");
  await dialog.getByRole("button", { name: "Send SMS" }).click();
  const row = page.getByRole("listitem").filter({ hasText: "refused" });
  await row.getByText("failed").waitFor();
  await row.getByRole("link").click();
  await page.getByText(/^Failed to send SMS: the carrier does not know this number/).waitFor();
  assert.deepEqual(page.faults, []);
});

test("a text that is too long is not sent", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.getByRole("button", { name: "Compose" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "To", exact: true }).fill("+447700900123");
  await dialog.getByRole("textbox", { name: "Message" }).fill("x".repeat(1_601));
  await dialog.getByText("1,601 / 1,600").waitFor();
  await dialog.getByRole("button", { name: "Send SMS" }).click();
  await dialog.getByRole("textbox", { name: "Message" }).fill("x".repeat(1_600));
  await dialog.getByText("€0.088").waitFor();
  await dialog.getByRole("button", { name: "Send SMS" }).click();
  await page.getByRole("listitem").filter({ hasText: "xxxx" }).getByText("delivered").waitFor();
  assert.equal(await page.getByRole("listitem").filter({ hasText: "xxxx" }).count(), 1);
  assert.deepEqual(page.faults, []);
});

test("Insufficient wallet balance, with a way to top up", async () => {
  // An account of its own, without money.
  const page = await portal.page({ signedIn: false });
  const answer = await page.request.post(`${portal.url}/api/v1/portal/signup`, {
    data: { email: "poor@example.com", password: "correct horse battery" },
    headers: { origin: portal.url },
  });
  const { session } = await answer.json();
  const number = await give({
    number: "+447700900779",
    country: "GB",
    type: "mobile",
    status: "active",
    account_id: session.account_id,
  });
  const drawer = await enable(page, number);
  await drawer.getByText("Insufficient wallet balance").waitFor();
  await drawer.getByText(/req_/).waitFor();
  await drawer.getByRole("link", { name: "Top up" }).click();
  await page.getByRole("button", { name: "Go to checkout" }).waitFor();
  assert.deepEqual(page.faults, []);
});

test("a server that does not answer is said so, with a way to try again", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.getByRole("heading", { name: "SMS" }).waitFor();
  await page.route("**/portal/wallet/transactions*", (route) => route.abort());
  await page.getByRole("navigation").getByRole("link", { name: "Wallet" }).click();
  await page.getByText("The server does not answer").waitFor();
  await page.unroute("**/portal/wallet/transactions*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("row").nth(1).waitFor();
  assert.deepEqual(
    page.faults.filter((fault) => !/ERR_FAILED/.test(fault)),
    [],
  );
});

test("a message is sent and read with the keyboard alone", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.getByRole("heading", { name: "SMS" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("c");
  await page.locator("input[type=tel]:focus").waitFor();
  await page.keyboard.type("+447700900123");
  await page.keyboard.press("Tab");
  await page.keyboard.type("by keyboard");
  await page.keyboard.press("Control+Enter");
  const row = page.getByRole("listitem").filter({ hasText: "by keyboard" });
  await row.getByText("delivered").waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("j");
  await row.locator(":focus").waitFor();
  await page.keyboard.press("Enter");
  const detail = page.getByRole("region", { name: "Message" });
  await detail.getByText("by keyboard").waitFor();
  await page.keyboard.press("Escape");
  await detail.waitFor({ state: "detached" });
  assert.deepEqual(page.faults, []);
});
