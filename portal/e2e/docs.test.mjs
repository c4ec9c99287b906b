// The documents that the program serves, in a browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faults } from "./lib/axe.mjs";
import { startPortal } from "./lib/portal.mjs";

let portal;

before(async () => {
  portal = await startPortal();
});
after(() => portal.stop());

const PAGES = [
  "",
  "/quickstart",
  "/webhooks",
  "/errors",
  "/errors/rate_limited",
  "/migrate/twilio",
  "/values",
];

for (const [scheme, width] of [
  ["light", 320],
  ["dark", 1280],
]) {
  test(`the guides are accessible: ${scheme}, ${width} px`, async () => {
    const page = await portal.page({ width, scheme, still: true, signedIn: false });
    const found = [];
    for (const path of PAGES) {
      await page.goto(`${portal.url}/docs${path}`);
      found.push(...(await faults(page)).map((fault) => `${path}: ${fault}`));
    }
    assert.deepEqual([...found, ...page.faults], []);
    await page.context().close();
  });
}

test("the list of pages is reached by keyboard: at once in wide windows, unfolded in narrow ones", async () => {
  for (const [width, keys] of [
    [1280, ["Tab"]],
    [320, ["Tab", "Enter", "Tab"]],
  ]) {
    const page = await portal.page({ width, still: true, signedIn: false });
    await page.goto(`${portal.url}/docs/errors`);
    await page.getByRole("link", { name: "Portal" }).focus();
    for (const key of keys) {
      await page.keyboard.press(key);
    }
    const reached = await page.evaluate(() => document.activeElement.getAttribute("href"));
    assert.equal(reached, "/docs", `at ${width} px`);
    await page.context().close();
  }
});

test("the reference shows every call, and tries one with a test key", async () => {
  const { body } = await portal.call("POST", "/portal/api-keys", { name: "Docs", mode: "test" });
  const page = await portal.page({ width: 1280, signedIn: false });
  await page.goto(`${portal.url}/docs/api`);
  await page.locator("input[placeholder=Token]:visible").first().fill(body.api_key.secret);
  await page.goto(`${portal.url}/docs/api#tag/wallet/GET/portal/wallet`);
  await page.getByRole("button", { name: /^Test Request.*\(get \/portal\/wallet\)/is }).click();
  const answer = page.waitForResponse((each) => each.url().endsWith("/api/v1/portal/wallet"));
  await page
    .getByRole("button", { name: /^Send get request to/i })
    .or(page.getByRole("button", { name: /^Send\s+Send get/i }))
    .first()
    .click();
  assert.equal((await answer).status(), 200);
  // Nothing was asked for elsewhere.
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
