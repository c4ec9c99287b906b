import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startPortal, until } from "./lib/portal.mjs";

let portal;

before(async () => {
  portal = await startPortal();
});
after(() => portal.stop());

test("from sign-up to a delivered message and its answer", async () => {
  const page = await portal.page({ signedIn: false });
  await page.goto(`${portal.url}/`);
  await page.getByRole("link", { name: "Sign up" }).click();
  // Both pages have fields of these names.
  await page.getByRole("heading", { name: "Create an account" }).waitFor();
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Sign up" }).click();

  await page.getByRole("heading", { name: "Getting started" }).waitFor();
  await page.getByRole("link", { name: "Verify now (demo)" }).click();
  await page.getByText("ada@example.com is verified.").waitFor();
  await page.goto(`${portal.url}/start`);
  await page.getByRole("link", { name: "Top up" }).click();
  await page.getByRole("button", { name: "Go to checkout" }).click();
  await page.waitForURL(/\/checkout\//);
  await page.getByRole("button").first().click();
  await page.waitForURL(/\/wallet\?topup=/);
  await page.getByText("€20.00 was added to your wallet.").waitFor();

  await page.getByRole("link", { name: "Getting started" }).click();
  await page.getByRole("main").getByRole("link", { name: "Order numbers" }).click();
  await page.getByRole("combobox", { name: "Country" }).click();
  await page.getByRole("option", { name: /United Kingdom/ }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("row").nth(1).getByRole("checkbox").first().check();
  assert.equal(
    await page.getByRole("row").nth(1).getByRole("checkbox", { name: /^SMS/ }).isChecked(),
    true,
    "SMS is ticked with the number",
  );
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: /^Pay / }).click();
  await page.getByText("Your number is ready").waitFor();

  await page.getByRole("button", { name: "Send a message" }).click();
  await page.getByRole("textbox", { name: "To", exact: true }).fill("+447700900123");
  await page.getByRole("textbox", { name: "Message" }).fill("Hello Ada");
  await page.getByText("€0.008").first().waitFor();
  await page.getByRole("button", { name: "Send SMS" }).click();

  const row = page.getByRole("listitem").filter({ hasText: "Hello Ada" });
  await row.getByText("delivered").waitFor();

  await page.getByRole("button", { name: "Virtual phone" }).click();
  const phone = page.getByRole("region", { name: "Virtual phone" });
  await phone.getByText("Hello Ada").waitFor();
  await phone.getByRole("textbox", { name: "Answer" }).fill("Got it, thanks");
  await phone.getByRole("button", { name: "Answer" }).click();
  const answer = page
    .getByRole("list", { name: "Messages" })
    .getByRole("listitem")
    .filter({ hasText: "Got it, thanks" });
  await answer.getByText("received").waitFor();
  assert.deepEqual(page.faults, []);
});

test("a message is shown at once and its status changes without a reload", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.getByRole("heading", { name: "SMS" }).waitFor();
  // Whatever the row says, as soon as it says it.
  await page.evaluate(() => {
    window.statuses = [];
    new MutationObserver(() => {
      for (const row of document.querySelectorAll("[data-state]")) {
        if (row.textContent.includes("Watch me")) {
          const status = row.dataset.state;
          if (window.statuses.at(-1) !== status) {
            window.statuses.push(status);
          }
        }
      }
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await page.keyboard.press("c");
  await page.getByRole("textbox", { name: "To", exact: true }).fill("+447700900123");
  await page.getByRole("textbox", { name: "Message" }).fill("Watch me");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("listitem").filter({ hasText: "Watch me" }).getByText("delivered").waitFor();
  const statuses = await page.evaluate(() => window.statuses);
  assert.equal(statuses[0], "queued");
  assert.equal(statuses.at(-1), "delivered");
  const order = ["queued", "sending", "sent", "delivered"];
  assert.deepEqual(
    statuses,
    order.filter((status) => statuses.includes(status)),
  );
  assert.equal(await page.getByRole("listitem").filter({ hasText: "Watch me" }).count(), 1);
  assert.deepEqual(page.faults, []);
});

test("an inbound message arrives within a second, and is only text", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.locator('[data-link="open"]').waitFor({ state: "attached" });
  const body = '<img src=x onerror="document.title=1"> hi';
  const to = portal.demo.numbers[0].number;
  const began = Date.now();
  await portal.call(
    "POST",
    "/operator/simulator/inbound",
    { from: "+447700900456", to, body },
    portal.demo.operator.api_key,
  );
  await page.getByRole("listitem").filter({ hasText: body }).waitFor();
  assert.ok(Date.now() - began < 1_500, `took ${Date.now() - began} ms`);
  assert.equal(await page.title(), "SMS · didfarm");
  assert.deepEqual(page.faults, []);
});

test("filters live in the URL", async () => {
  for (const body of ["apple one", "apple two", "pear"]) {
    await portal.call("POST", "/portal/sms/send", {
      from_number_id: portal.demo.numbers[0].id,
      to: "+447700900123",
      body,
    });
  }
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.getByRole("listitem").filter({ hasText: "pear" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("apple");
  await page.waitForURL(/q=apple/);
  await page.getByRole("listitem").filter({ hasText: "pear" }).waitFor({ state: "detached" });
  await page.getByText("Outbound", { exact: true }).first().click();
  await page.waitForURL(/direction=outbound/);
  await page.reload();
  await page.getByRole("listitem").filter({ hasText: "apple two" }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Search text" }).inputValue(), "apple");
  assert.equal(await page.getByRole("listitem").filter({ hasText: "pear" }).count(), 0);

  await page.getByRole("textbox", { name: "Search text" }).fill("no such text");
  await page.getByText("Nothing matches").waitFor();
  await page.getByRole("main").getByRole("button", { name: "Clear filters" }).last().click();
  await page.getByRole("listitem").filter({ hasText: "pear" }).waitFor();
  assert.equal(new URL(page.url()).search, "");
  assert.deepEqual(page.faults, []);
});

test("the counter follows the text, and the GSM spelling is one click away", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.getByRole("button", { name: "Compose" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "To", exact: true }).fill("07700 900123");
  await dialog.getByText("+447700900123").waitFor();
  await dialog.getByRole("textbox", { name: "Message" }).fill(`“Quoted” ${"x".repeat(65)}`);
  await dialog.getByText("Unicode", { exact: true }).waitFor();
  await dialog.getByText("€0.016", { exact: true }).waitFor();
  await dialog.getByText("€0.016 becomes €0.008").waitFor();
  await dialog.getByRole("button", { name: "Use GSM spelling" }).click();
  await dialog.getByText("GSM-7").waitFor();
  assert.match(
    await dialog.getByRole("textbox", { name: "Message" }).inputValue(),
    /^"Quoted" x+$/,
  );

  await dialog.getByRole("button", { name: "Copy as cURL" }).click();
  await dialog.getByText("Copied").waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(command, /^curl -X POST http.*\/api\/v1\/portal\/sms\/send/);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual(page.faults, []);
});

test("a conversation is answered, and its list follows", async () => {
  const number = portal.demo.numbers[0];
  const inbound = (from, body) =>
    portal.call(
      "POST",
      "/operator/simulator/inbound",
      { from, to: number.number, body },
      portal.demo.operator.api_key,
    );
  await inbound("+447700900321", "Are you open today?");
  const page = await portal.page();
  await page.goto(`${portal.url}/sms?view=conversations`);
  const list = page.getByRole("list", { name: "Conversations" });
  await list.getByRole("link").filter({ hasText: "Are you open today?" }).click();
  const thread = page.getByRole("log");
  await thread.getByText("Are you open today?").waitFor();
  await page.getByRole("textbox", { name: "Message" }).fill("Until six.");
  await page.getByText("10 / 1,600 · GSM-7 · 1 segment · €0.008").waitFor();
  await page.getByRole("button", { name: "Send SMS" }).click();
  await thread.getByText("delivered").waitFor();
  await list.getByRole("link").first().getByText("Until six.").waitFor();
  await inbound("+447700900322", "Another question");
  await list.getByRole("link").first().getByText("Another question").waitFor();
  assert.deepEqual(page.faults, []);
});

test("the transactions are saved as a file", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/wallet`);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export CSV" }).click(),
  ]);
  const lines = (await readFile(await download.path(), "utf8")).split("\r\n");
  assert.equal(lines[0], "id,created_at,kind,amount,balance_after,currency,reference,note");
  assert.match(lines.at(-2), /,credit,25\.00,25\.00,EUR,credit:\d+,/);
  assert.deepEqual(page.faults, []);
});

test("an API key made in the portal works", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/api-keys`);
  await page.getByRole("button", { name: "Create API key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Shop");
  await dialog.getByLabel("Access").selectOption("Reading only");
  await dialog.getByRole("button", { name: "Create API key" }).click();
  const secret = await dialog.locator("code").first().textContent();
  assert.match(secret, /^df_live_/);
  const answer = await portal.call("GET", "/portal/sms/numbers", undefined, secret);
  assert.equal(answer.status, 200);
  const refused = await portal.call("POST", "/portal/api-keys", { name: "Another" }, secret);
  assert.equal(refused.status, 403);
  await dialog.getByRole("button", { name: "I have stored it" }).click();
  await page.getByRole("row").filter({ hasText: "Shop" }).getByText("Reading only").waitFor();

  await page.getByRole("row").filter({ hasText: "Shop" }).getByRole("button").click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("row").filter({ hasText: "Shop" }).waitFor({ state: "detached" });
  assert.equal((await portal.call("GET", "/portal/wallet", undefined, secret)).status, 401);
  assert.deepEqual(page.faults, []);
});

test("wrong passwords, sign-out, and sessions that end elsewhere", async () => {
  const page = await portal.page({ signedIn: false });
  await page.goto(`${portal.url}/settings`);
  await page.waitForURL(/\/sign-in\?next=%2Fsettings/);
  const { email, password } = portal.demo.account;
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("certainly wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("E-mail or password is wrong.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/settings$/);

  const other = await portal.page();
  await other.goto(`${portal.url}/sms`);
  await other.getByRole("heading", { name: "SMS" }).waitFor();
  await page.getByRole("button", { name: "Revoke all others" }).click();
  await other.waitForURL(/\/sign-in/);

  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in/);
  assert.deepEqual(page.faults, []);
});

test("a forgotten password is set anew", async () => {
  const page = await portal.page({ signedIn: false });
  await page.request.post(`${portal.url}/api/v1/portal/signup`, {
    data: { email: "bob@example.com", password: "first password" },
    headers: { origin: portal.url },
  });
  await page.context().clearCookies();
  await page.goto(`${portal.url}/sign-in`);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  // Both pages have a field of this name.
  await page.getByRole("button", { name: "Send link" }).waitFor();
  await page.getByLabel("E-mail").fill("bob@example.com");
  await page.getByRole("button", { name: "Send link" }).click();
  await page.getByRole("link", { name: "Open the link" }).click();
  await page.getByLabel("New password").fill("second password");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.waitForURL(/\/sign-in/);
  await page.getByLabel("E-mail").fill("bob@example.com");
  await page.getByLabel("Password", { exact: true }).fill("second password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("No messages yet").waitFor();
  assert.deepEqual(page.faults, []);
});

test("language, theme and time zone are kept with the profile", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/settings`);
  await page.getByRole("combobox", { name: "Language" }).click();
  await page.getByRole("option", { name: "العربية" }).click();
  await until("the page turns", () => page.evaluate(() => document.documentElement.dir === "rtl"));
  await page.getByText("داكن").click();
  await until("the page is dark", () =>
    page.evaluate(() => document.documentElement.dataset.mantineColorScheme === "dark"),
  );
  await until("the profile has it", async () => {
    const session = await page.evaluate(async () => (await fetch("/api/v1/portal/session")).json());
    return session.session.language === "ar" && session.session.theme === "dark";
  });

  const other = await portal.page();
  await other.goto(`${portal.url}/sms`);
  await until("another browser turns too", () =>
    other.evaluate(
      () =>
        document.documentElement.dir === "rtl" &&
        document.documentElement.dataset.mantineColorScheme === "dark",
    ),
  );
  const box = await other.getByRole("navigation").boundingBox();
  assert.ok(box.x > 640, "the navigation is on the right");
  const phone = other.locator("[data-id] .ltr").first();
  await phone.waitFor();
  assert.equal(await phone.evaluate((node) => getComputedStyle(node).direction), "ltr");
  await other.evaluate(() =>
    fetch("/api/v1/portal/profile", {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ language: "en", theme: "light", time_zone: null }),
    }),
  );
  assert.deepEqual(page.faults, []);
});
