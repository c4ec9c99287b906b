// Every screen of the portal, and how to get there.
import { until } from "./portal.mjs";

/** Fills the account with what the screens show. */
export async function furnish(portal) {
  const [first, second, third] = portal.demo.numbers;
  const texts = [
    "Your order #1234 has shipped!",
    "“Quoted” — it’s here…",
    "طلبك في الطريق إليك",
    `Your appointment is tomorrow at 10:00. ${"Please bring the form. ".repeat(8)}`,
  ];
  const to = ["+447700900123", "+447700900902", "+447700900903", "+447700900905"];
  const messages = texts.flatMap((body, index) =>
    [first, second, third].map(({ id }) => ({ from_number_id: id, to: to[index], body })),
  );
  await portal.call("POST", "/portal/sms/batch", { messages });
  for (const body of ["Thanks, got the tracking!", '<img src=x onerror="alert(1)">']) {
    await portal.call(
      "POST",
      "/operator/simulator/inbound",
      { from: to[0], to: first.number, body },
      portal.demo.operator.api_key,
    );
  }
  await portal.call("POST", "/portal/messaging-profiles", {
    name: "Customer care",
    opt_out_words: { stop: ["AFMELDEN"], start: ["AANMELDEN"] },
    sender_fallback: true,
  });
  const { webhook } = (
    await portal.call("POST", "/portal/webhooks", {
      url: "http://127.0.0.1:9/hooks/sms",
      events: ["sms.received", "sms.failed"],
    })
  ).body;
  await portal.call("POST", `/portal/webhooks/${webhook.id}/test`, {});
  const topup = await payIn(portal);
  await buy(portal);
  await portal.call("POST", "/portal/sms/send", { ...messages[0], to: "12" });
  return until("the messages have ended", async () => {
    const { body } = await portal.call("GET", "/portal/sms?limit=200");
    const open = body.messages.filter(({ status }) => /queued|sending/.test(status));
    const ended = open.length === 0 && body.messages.length >= messages.length + 2;
    if (ended) {
      await portal.call("PATCH", `/portal/numbers/${third.id}`, { messaging_profile_id: null });
    }
    return ended && { messages: body.messages, numbers: portal.demo.numbers, webhook, topup };
  });
}

/** Numbers that renew. */
async function buy(portal) {
  const query = "country=GB&type=mobile&sms=true";
  const { numbers } = (await portal.call("GET", `/portal/numbers/available?${query}`)).body;
  const items = numbers.slice(0, 3).map(({ id }, index) => ({ number_id: id, sms: index < 2 }));
  await portal.call("POST", "/portal/orders", { items });
}

/** Tax on what is paid in, a card that is kept and charged by itself, and limits. */
async function payIn(portal) {
  const { id } = portal.demo.account;
  const key = portal.demo.operator.api_key;
  await portal.call("PATCH", `/operator/accounts/${id}`, { vat_rate: "21.00" }, key);
  const begun = await portal.call("POST", "/portal/wallet/topups", {
    amount: "20.00",
    save_card: true,
  });
  const { topup, checkout_url: url } = begun.body;
  const { pathname } = new URL(url);
  await fetch(portal.url + pathname, { method: "POST", redirect: "manual" });
  await portal.call("PATCH", "/portal/wallet", {
    daily_spend_cap: "10.00",
    low_balance_below: "8.00",
    auto_recharge: { enabled: true, below: "10.00", amount: "20.00", daily_limit: "100.00" },
  });
  return topup;
}

/** `open` comes to the screen, `arrange` brings it into the state of interest. */
export function screens({ messages, numbers, webhook, topup }) {
  const failed = messages.find(({ status }) => status === "failed");
  const long = messages.find(({ segments }) => segments > 1);
  const thread = `with=%2B447700900123&via=${numbers[0].id}`;
  return [
    { name: "sign-in", path: "/sign-in", signedIn: false },
    { name: "sign-up", path: "/sign-up", signedIn: false },
    { name: "reset", path: "/reset", signedIn: false },
    { name: "reset-new", path: "/reset?token=x", signedIn: false },
    { name: "verify", path: "/verify?token=x", signedIn: false },
    { name: "missing", path: "/no-such-page", signedIn: false },
    { name: "start", path: "/start" },
    { name: "sms", path: "/sms" },
    { name: "sms-empty", path: "/sms?q=nothing" },
    { name: "message-failed", path: `/sms?message=${failed.id}` },
    { name: "message-long", path: `/sms?message=${long.id}` },
    { name: "conversations", path: "/sms?view=conversations" },
    { name: "conversation", path: `/sms?view=conversations&${thread}` },
    {
      name: "compose",
      path: "/sms",
      async arrange(page) {
        await page.keyboard.press("c");
        await page.getByRole("dialog").locator("textarea").fill("It’s “quoted” – see?");
        await page.getByRole("dialog").locator("input[type=tel]").fill("+447700900123");
      },
    },
    {
      name: "phone",
      path: "/sms",
      async arrange(page) {
        await page.locator("button[aria-pressed]").first().click();
        await page.getByRole("log").waitFor();
      },
    },
    {
      name: "shortcuts",
      path: "/sms",
      async arrange(page) {
        await page.keyboard.press("?");
        await page.getByRole("dialog").waitFor();
      },
    },
    { name: "numbers", path: "/numbers" },
    { name: "configure", path: `/numbers?configure=${numbers[0].id}` },
    { name: "messaging-profiles", path: "/messaging-profiles" },
    {
      name: "messaging-profile",
      path: "/messaging-profiles",
      async arrange(page) {
        await page.locator("td button").last().click();
        await page.getByRole("dialog").waitFor();
      },
    },
    {
      name: "configure-no-profile",
      path: `/numbers?configure=${numbers[2].id}`,
      arrange: (page) => page.getByRole("alert").waitFor(),
    },
    { name: "order", path: "/order?country=GB&type=mobile" },
    {
      name: "order-numbers",
      path: "/order?country=GB&type=mobile",
      async arrange(page) {
        await page.locator("form button[type=submit]").click();
        await page.getByRole("row").nth(1).getByRole("checkbox").first().check();
      },
    },
    {
      name: "order-review",
      path: "/order?country=GB&type=mobile",
      async arrange(page) {
        await page.locator("form button[type=submit]").click();
        await page.getByRole("row").nth(1).getByRole("checkbox").first().check();
        await page.locator("main button").last().click();
        await page.getByRole("row").nth(1).waitFor();
      },
    },
    { name: "wallet", path: "/wallet" },
    {
      name: "wallet-short",
      path: "/wallet",
      async arrange(page) {
        const address = "**/portal/wallet/upcoming";
        await page.route(address, async (route) => {
          const response = await route.fetch();
          const json = await response.json();
          const [owed, next] = json.upcoming.charges;
          Object.assign(owed, { due_at: "2026-04-03T10:15:30.000000Z", owed: true });
          json.upcoming.covered_until = next.due_at;
          await route.fulfill({ response, json });
        });
        await page.reload();
        await page.getByRole("alert").waitFor();
        await page.unrouteAll({ behavior: "wait" });
      },
    },
    { name: "wallet-papers", path: "/wallet?view=papers" },
    { name: "wallet-settings", path: "/wallet?view=settings" },
    { name: "wallet-paid", path: `/wallet?topup=${topup.id}` },
    {
      name: "top-up",
      path: "/wallet?add=1",
      arrange: (page) => page.getByRole("dialog").waitFor(),
    },
    { name: "reports", path: "/reports" },
    { name: "reports-status", path: "/reports?period=custom&group=status" },
    { name: "reports-empty", path: "/reports?period=last" },
    { name: "api-keys", path: "/api-keys" },
    { name: "requests", path: "/requests" },
    {
      name: "request",
      path: "/requests?path=send",
      async arrange(page) {
        await page.locator("td button").first().click();
        await page.locator("dl").waitFor();
      },
    },
    { name: "webhooks", path: "/webhooks" },
    {
      name: "webhook",
      path: `/webhooks?webhook=${webhook.id}`,
      async arrange(page) {
        await page.locator("details summary").first().click();
      },
    },
    {
      name: "webhook-new",
      path: "/webhooks",
      async arrange(page) {
        await page.locator("header button").last().click();
        await page.getByRole("dialog").waitFor();
      },
    },
    { name: "settings", path: "/settings" },
  ];
}

/** Brings a page to a screen, at rest. */
export async function show(page, base, screen) {
  await page.goto(base + screen.path);
  await page.locator("h1").first().waitFor();
  await screen.arrange?.(page);
  await until("the screen is at rest", () =>
    page.evaluate(async () => {
      await document.fonts.ready;
      const loading = document.querySelector(".mantine-Skeleton-root, [role=status][aria-label]");
      const moving = document
        .getAnimations()
        .some(
          ({ playState, effect }) =>
            playState === "running" && effect.getTiming().iterations !== Number.POSITIVE_INFINITY,
        );
      return loading === null && !moving;
    }),
  );
}
