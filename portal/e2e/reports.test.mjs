import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startPortal, until } from "./lib/portal.mjs";

let portal;
before(async () => {
  portal = await startPortal();
  const [first, second] = portal.demo.numbers;
  const messages = [
    { from_number_id: first.id, to: "+447700900123", body: "hello" },
    { from_number_id: second.id, to: "+31612345678", body: "x".repeat(161) },
    // The simulator lets this one fail.
    { from_number_id: first.id, to: "+447700900902", body: "hello" },
  ];
  await portal.call("POST", "/portal/sms/batch", { messages });
  const inbound = { from: "+447700900123", to: first.number, body: "thanks" };
  await portal.call("POST", "/operator/simulator/inbound", inbound, portal.demo.operator.api_key);
  await until("every message has ended", async () => {
    const { totals } = (await portal.call("GET", "/portal/reports")).body;
    return totals.messages === 4 && totals.pending === 0;
  });
});
after(() => portal.stop());

/** A file's lines, each cell by its column; none of these has a comma in it. */
async function file(path, key) {
  const answer = await fetch(`${portal.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8");
  const [heading, ...lines] = (await answer.text()).trimEnd().split("\r\n");
  const columns = heading.split(",");
  return lines.map((line) =>
    Object.fromEntries(line.split(",").map((cell, index) => [columns[index], cell])),
  );
}

/** A line of a list as a file has it. */
function asCells(row) {
  const cell = (name) => {
    const value = row[name];
    if (value === null || value === undefined) {
      return "";
    }
    return name === "number" ? `'${value}` : String(value.amount ?? value);
  };
  const currency = { currency: row.spent?.currency, cost_currency: row.cost?.currency };
  return (name) => currency[name] ?? cell(name);
}

test("a file says what the list says, and both what the transactions do", async () => {
  const { account, operator } = portal.demo;
  for (const [path, key] of [
    ["/portal/reports", account.api_key],
    ["/portal/reports?group=number,country", account.api_key],
    ["/portal/reports?group=day,status", account.api_key],
    ["/operator/reports?group=account,carrier,number", operator.api_key],
  ]) {
    const { rows } = (await portal.call("GET", path, undefined, key)).body;
    const lines = await file(path.replace("reports", "reports.csv"), key);
    assert.equal(lines.length, rows.length);
    assert.ok(rows.length > 0, path);
    for (const [index, line] of lines.entries()) {
      const cell = asCells(rows[index]);
      for (const [name, value] of Object.entries(line)) {
        assert.equal(value, cell(name), `${path}: ${name}`);
      }
    }
  }
  const { totals } = (await portal.call("GET", "/portal/reports")).body;
  const { transactions } = (await portal.call("GET", "/portal/wallet/transactions")).body;
  const micros = (money) => Math.round(Number(money.amount) * 1e6);
  const charged = transactions
    .filter(({ kind }) => /^sms(_refund)?$/.test(kind))
    .reduce((sum, { amount }) => sum - micros(amount), 0);
  assert.equal(micros(totals.spent), charged);
});

test("a margin is given where each cost is known", async () => {
  const key = portal.demo.operator.api_key;
  const { carriers } = (await portal.call("GET", "/operator/carriers", undefined, key)).body;
  const path = `/operator/carriers/${carriers[0].id}/costs`;
  const cost = { prefix: "+49", cost: "0.003" };
  assert.equal((await portal.call("PATCH", path, cost, key)).status, 200);
  await portal.call("POST", "/portal/sms/send", {
    from_number_id: portal.demo.numbers[0].id,
    to: "+4915112345678",
    body: "x".repeat(161),
  });
  const of = (country) =>
    until("it was sent", async () => {
      const query = `/operator/reports?group=carrier&country=${country}`;
      const { rows } = (await portal.call("GET", query, undefined, key)).body;
      return rows.find(({ spent, pending }) => spent.amount !== "0.00" && pending === 0);
    });
  const known = await of("DE");
  assert.deepEqual(
    [known.spent.amount, known.cost.amount, known.uncosted_segments, known.margin.amount],
    ["0.016", "0.006", 0, "0.01"],
  );
  const unknown = await of("NL");
  assert.deepEqual([unknown.uncosted_segments, unknown.margin], [2, null]);
});

test("a query that cannot be used says why", async () => {
  for (const [query, about] of [
    ["group=carrier", "group"],
    ["group=", "group"],
    ["from=yesterday", "from"],
    ["to=2026-02-30", "to"],
    ["from=2026-02-02&to=2026-02-01", "from"],
    ["from=2025-01-01&to=2026-02-05", "from"],
    ["country=nl", "country"],
    ["number_id=x", "number_id"],
  ]) {
    const { status, body } = await portal.call("GET", `/portal/reports?${query}`);
    assert.deepEqual([status, body.error.param], [400, about], query);
  }
  const whole = await portal.call("GET", "/portal/reports?from=2025-01-01&to=2026-02-04");
  assert.equal(whole.status, 200, "400 days");
  assert.equal((await portal.call("GET", "/operator/reports")).status, 403);
});

test("a report is read, narrowed, grouped and downloaded by keyboard and mouse", async () => {
  const page = await portal.page();
  await page.goto(`${portal.url}/sms`);
  await page.getByRole("link", { name: "Reports" }).click();
  const totals = page.locator("tfoot tr");
  await totals.getByText("€0.048").waitFor();
  await page.getByText(/Messages by day/).waitFor();

  await page.getByRole("radio", { name: "Day" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("cell", { name: "United Kingdom" }).waitFor();
  assert.match(page.url(), /group=country/);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  const failed = page.getByRole("row").filter({ hasText: "failed" });
  await failed.getByText("1", { exact: true }).waitFor();

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export CSV" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "report.csv");

  await page.getByRole("combobox", { name: "Period" }).click();
  await page.getByRole("option", { name: "Last month" }).click();
  await page.getByText("No messages in this period").waitFor();
  await page.getByRole("combobox", { name: "Period" }).click();
  await page.getByRole("option", { name: "Own period" }).click();
  await page.getByLabel("To day").fill("2000-01-01");
  await page.getByText(/from is after/).waitFor();
  assert.deepEqual(page.faults, []);
});
