import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faults } from "./lib/axe.mjs";
import { startPortal } from "./lib/portal.mjs";
import { furnish, screens, show } from "./lib/screens.mjs";

let portal;
let all;

before(async () => {
  portal = await startPortal();
  all = screens(await furnish(portal));
});
after(() => portal.stop());

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
