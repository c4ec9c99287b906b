// A real server with demo data, the portal in front of it, and a browser.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { launch } from "./browser.mjs";
import { startSite } from "./site.mjs";

const binary =
  process.env.DIDFARM_BIN ?? new URL("../../../target/debug/didfarm", import.meta.url).pathname;

/** Starts everything; stop it with `stop()`. */
export async function startPortal() {
  const folder = await mkdtemp(path.join(os.tmpdir(), "didfarm-portal-"));
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  let carries = false;
  const site = await startSite(() => base, { carriesPortal: () => carries });
  const server = spawn(
    binary,
    [
      "serve",
      "--demo",
      "--listen",
      `127.0.0.1:${port}`,
      "--data-dir",
      folder,
      "--public-url",
      site.url,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  server.stdout.on("data", (chunk) => {
    log += chunk;
  });
  server.stderr.on("data", (chunk) => {
    log += chunk;
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  await until("the server listens", async () => {
    if (server.exitCode !== null) {
      throw new Error(`the server ended:\n${log}`);
    }
    return (await fetch(`${base}/readyz`).catch(() => null))?.ok;
  });
  carries = (await (await fetch(`${base}/`)).text()).includes('<div id="root">');
  const demo = JSON.parse(await readFile(path.join(folder, "demo.json"), "utf8"));
  const browser = await launch();

  return {
    url: site.url,
    demo,
    browser,
    cutStreams: site.cutStreams,

    /** A call with a key, the customer's unless another is given. */
    async call(method, where, body, key = demo.account.api_key) {
      const answer = await fetch(`${base}/api/v1${where}`, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      return { status: answer.status, body: await answer.json() };
    },

    /** A page of its own browser profile that must not leave the site, nor complain. */
    async page({
      width = 1280,
      height = 800,
      scheme = "light",
      language,
      still = false,
      signedIn = true,
    } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: scheme,
        reducedMotion: still ? "reduce" : "no-preference",
        locale: "en-GB",
        timezoneId: "Europe/Amsterdam",
        permissions: ["clipboard-read", "clipboard-write"],
      });
      if (language !== undefined) {
        await context.addInitScript((chosen) => {
          localStorage.setItem("didfarm.preferences", JSON.stringify({ language: chosen }));
        }, language);
      }
      if (signedIn) {
        const { email, password } = demo.account;
        const answer = await context.request.post(`${site.url}/api/v1/portal/session`, {
          data: { email, password },
          headers: { origin: site.url },
        });
        if (!answer.ok()) {
          throw new Error(`sign-in answered ${answer.status()}: ${await answer.text()}`);
        }
      }
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      page.faults = [];
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(site.url) && !url.startsWith("data:") && !url.startsWith("blob:")) {
          page.faults.push(`a request left the site: ${url}`);
        }
      });
      page.on("pageerror", (error) => page.faults.push(String(error)));
      page.on("console", (message) => {
        // Refusals are what some tests are about; the browser logs each.
        if (message.type() === "error" && !/Failed to load resource/.test(message.text())) {
          page.faults.push(message.text());
        }
      });
      return page;
    },

    async stop() {
      await browser.close();
      await site.stop();
      server.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Asks again until the answer is truthy, and gives it; fails after the deadline. */
export async function until(what, ask, deadlineMs = 60_000) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer) {
      return answer;
    }
    if (Date.now() > end) {
      throw new Error(`not within ${deadlineMs} ms: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
