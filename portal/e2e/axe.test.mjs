import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { startPortal } from "./lib/portal.mjs";
import { furnish, screens, show } from "./lib/screens.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let portal;
let all;

before(async () => {
  portal = await startPortal();
  all = screens(await furnish(portal));
});
after(() => portal.stop());

/** What axe finds, and whether the page is wider than its window. */
async function faults(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // A colour on its way to another one is neither.
    const transitions = document.getAnimations().filter((each) => each instanceof CSSTransition);
    await Promise.allSettled(transitions.map((transition) => transition.finished));
    const { violations } = await window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    const found = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > window.innerWidth) {
      found.push(`the page is ${scrollWidth} px wide in a window of ${window.innerWidth}`);
    }
    return found;
  });
}

for (const language of ["en", "ar"]) {
  for (const scheme of ["light", "dark"]) {
    // Each width meets both languages and both schemes; not every three of them.
    for (const width of [(language === "en") === (scheme === "light") ? 320 : 1280]) {
      test(`every screen is accessible: ${language}, ${scheme}, ${width} px`, async () => {
        const found = [];
        for (const signedIn of [false, true]) {
          const page = await portal.page({
            width,
            height: 800,
            scheme,
            language,
            still: true,
            signedIn,
          });
          for (const screen of all.filter((each) => (each.signedIn ?? true) === signedIn)) {
            await show(page, portal.url, screen);
            found.push(...(await faults(page)).map((fault) => `${screen.name}: ${fault}`));
          }
          found.push(...page.faults);
          await page.context().close();
        }
        assert.deepEqual(found, []);
      });
    }
  }
}
