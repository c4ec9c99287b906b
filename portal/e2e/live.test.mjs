import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startPortal, until } from "./lib/portal.mjs";

/** How often the event stream is cut while messages flow. */
const CUTS = 50;
const MESSAGES = 60;

let portal;

before(async () => {
  portal = await startPortal();
});
after(() => portal.stop());

/** What the server has under a text, as id → status. */
async function stored(text) {
  const found = new Map();
  let cursor = "";
  while (cursor !== null) {
    const { body } = await portal.call("GET", `/portal/sms?limit=200&q=${text}${cursor}`);
    for (const message of body.messages) {
      found.set(message.id, message.status);
    }
    cursor = body.next_cursor ? `&cursor=${body.next_cursor}` : null;
  }
  return found;
}

/** What a page shows, as a list of [id, status]; the list is long enough to show all rows. */
function shown(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("[data-id]")].map((row) => [
      Number(row.dataset.id),
      row.dataset.state,
    ]),
  );
}

test("no row is lost or doubled however often the stream is cut", async () => {
  // High enough that no row is outside the window.
  const page = await portal.page({ height: 3_600 });
  await page.goto(`${portal.url}/sms?q=flow`);
  await page.locator('[data-link="open"]').waitFor({ state: "attached" });
  let cuts = 0;
  let sent = 0;
  const numbers = portal.demo.numbers.map(({ id }) => id);
  const cutting = (async () => {
    while (cuts < CUTS) {
      if (portal.cutStreams() > 0) {
        cuts += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  while (sent < MESSAGES) {
    const { status } = await portal.call("POST", "/portal/sms/send", {
      from_number_id: numbers[sent % numbers.length],
      to: "+447700900123",
      body: `flow ${sent}`,
    });
    if (status === 201) {
      sent += 1;
    } else {
      assert.equal(status, 429); // The account's rate: the next moment is soon enough.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  await cutting;
  assert.ok(cuts >= CUTS);
  await until("the page shows what the server has", async () => {
    const [server, rows] = [await stored("flow"), await shown(page)];
    return (
      server.size === MESSAGES &&
      rows.length === MESSAGES &&
      rows.every(([id, status]) => server.get(id) === status) &&
      [...server.values()].every((status) => status === "delivered")
    );
  });
  const ids = (await shown(page)).map(([id]) => id);
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => b - a),
  );
  assert.equal(new Set(ids).size, MESSAGES);
  assert.deepEqual(page.faults, []);
});

test("tabs share one stream, and the next one takes over when its tab closes", async () => {
  const first = await portal.page();
  await first.goto(`${portal.url}/sms`);
  await first.locator('[data-link="open"]').waitFor({ state: "attached" });
  const second = await first.context().newPage();
  let streams = 0;
  second.on("request", (request) => {
    streams += request.url().endsWith("/portal/events") ? 1 : 0;
  });
  await second.goto(`${portal.url}/sms`);
  await second.locator('[data-link="open"]').waitFor({ state: "attached" });
  const inbound = (body) =>
    portal.call(
      "POST",
      "/operator/simulator/inbound",
      { from: "+447700900456", to: portal.demo.numbers[0].number, body },
      portal.demo.operator.api_key,
    );
  await inbound("to both tabs");
  for (const page of [first, second]) {
    await page.getByRole("listitem").filter({ hasText: "to both tabs" }).waitFor();
  }
  assert.equal(streams, 0, "the second tab has no stream of its own");
  await first.close();
  await inbound("to the heir");
  await second.getByRole("listitem").filter({ hasText: "to the heir" }).waitFor();
  assert.equal(streams, 1);
});

test("a cut is shown, and what was missed comes when it is mended", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.locator('[data-link="open"]').waitFor({ state: "attached" });
  await page.route("**/portal/events", (route) => route.abort());
  portal.cutStreams();
  await page.getByText("Live updates are interrupted.").waitFor();
  await portal.call("POST", "/portal/sms/send", {
    from_number_id: portal.demo.numbers[0].id,
    to: "+447700900123",
    body: "meanwhile",
  });
  await page.unroute("**/portal/events");
  await page
    .getByRole("listitem")
    .filter({ hasText: "meanwhile" })
    .getByText("delivered")
    .waitFor();
  await page.getByText("Live updates are interrupted.").waitFor({ state: "detached" });
  assert.deepEqual(
    page.faults.filter((fault) => !/ERR_FAILED/.test(fault)),
    [],
  );
});

test("a thousand rows scroll, and only those in view exist", async () => {
  const bodies = Array.from({ length: 300 }, (_, index) => ({
    from_number_id: portal.demo.numbers[0].id,
    to: "+447700900123",
    body: `bulk ${index}`,
  }));
  assert.equal((await portal.call("POST", "/portal/sms/batch", { messages: bodies })).status, 201);
  const page = await portal.page();
  await page.goto(`${portal.url}/sms?q=bulk`);
  await page.getByRole("listitem").first().waitFor();
  await until("the oldest row is reached", async () => {
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    return page
      .getByRole("listitem")
      .filter({ hasText: /bulk 0(?!\d)/ })
      .isVisible();
  });
  assert.ok((await page.locator("[data-id]").count()) < 80);
  // Arrivals above do not move what is read.
  const row = page.getByRole("listitem").filter({ hasText: /bulk 3(?!\d)/ });
  const before = await row.boundingBox();
  const height = () =>
    page.evaluate(() => document.querySelector("ul[aria-label=Messages]").clientHeight);
  const short = await height();
  await portal.call(
    "POST",
    "/operator/simulator/inbound",
    { from: "+447700900456", to: portal.demo.numbers[0].number, body: "bulk news" },
    portal.demo.operator.api_key,
  );
  await until("the list grows", async () => (await height()) > short);
  const after = await row.boundingBox();
  assert.ok(Math.abs(after.y - before.y) < 2, `the row moved by ${after.y - before.y}`);
});
