// How long a message takes from its commit to the screen, while a hundred a second come by.
//   npm run speed [-- SECONDS]
import { startPortal } from "./lib/portal.mjs";

const SECONDS = Number(process.argv[2] ?? 10);
const PER_SECOND = 100;

const portal = await startPortal();
try {
  const { account, operator, numbers } = portal.demo;
  const limits = { rate_limit: 1000 };
  await portal.call("PATCH", `/operator/accounts/${account.id}`, limits, operator.api_key);
  await portal.call(
    "POST",
    `/operator/accounts/${account.id}/credits`,
    { amount: "100.00", note: "to be sent" },
    operator.api_key,
  );
  const page = await portal.page({ width: 1280, height: 900 });
  await page.goto(`${portal.url}/sms`);
  await page.locator("h1").first().waitFor();
  await page.evaluate(() => {
    window.seen = {};
    const look = () => {
      for (const row of document.querySelectorAll("[data-id]")) {
        window.seen[row.dataset.id] ??= performance.timeOrigin + performance.now();
      }
    };
    // After layout, so that what counts is about to be painted.
    new MutationObserver(() => requestAnimationFrame(look)).observe(document.body, {
      childList: true,
      subtree: true,
    });
  });
  const sent = new Map();
  const sending = [];
  const began = performance.now();
  for (let count = 0; count < SECONDS * PER_SECOND; count += 1) {
    const due = began + (count * 1000) / PER_SECOND;
    if (due > performance.now()) {
      await new Promise((done) => setTimeout(done, due - performance.now()));
    }
    const body = { from_number_id: numbers[0].id, to: "+447700900905", body: `No. ${count}` };
    sending.push(
      portal.call("POST", "/portal/sms/send", body).then((answer) => {
        if (answer.status === 201) {
          sent.set(answer.body.message.id, Date.parse(answer.body.message.created_at));
        }
      }),
    );
  }
  await Promise.all(sending);
  await page.waitForTimeout(1000);
  const seen = await page.evaluate(() => window.seen);
  // `created_at` is read before the commit: what is measured is a little more than what is meant.
  const took = [...sent]
    .filter(([id]) => seen[id] !== undefined)
    .map(([id, at]) => seen[id] - at)
    .sort((a, b) => a - b);
  const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))].toFixed(0);
  console.log(
    `${sent.size} sent at ${PER_SECOND}/s, ${took.length} seen in the list while they passed`,
  );
  console.log(`from commit to screen: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`);
  await page.context().close();
} finally {
  await portal.stop();
}
