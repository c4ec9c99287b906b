// Keeps a picture of every screen in e2e/screens/, to be looked at.
//   npm run screens [-- NAME…]       all of them, or those whose names begin so
import { mkdir } from "node:fs/promises";
import { startPortal } from "./lib/portal.mjs";
import { furnish, screens, show } from "./lib/screens.mjs";

const folder = new URL("./screens/", import.meta.url).pathname;
await mkdir(folder, { recursive: true });

const LOOKS = [
  { width: 1440, height: 900, scheme: "light", language: "en" },
  { width: 1440, height: 900, scheme: "dark", language: "en" },
  { width: 1440, height: 900, scheme: "light", language: "ar" },
  { width: 768, height: 1024, scheme: "light", language: "nl" },
  { width: 320, height: 720, scheme: "light", language: "en" },
  { width: 320, height: 720, scheme: "dark", language: "ar" },
];

const portal = await startPortal();
try {
  const wanted = process.argv.slice(2);
  const all = screens(await furnish(portal)).filter(
    ({ name }) => wanted.length === 0 || wanted.some((start) => name.startsWith(start)),
  );
  for (const look of LOOKS) {
    for (const signedIn of [false, true]) {
      const page = await portal.page({ ...look, still: true, signedIn });
      for (const screen of all.filter((each) => (each.signedIn ?? true) === signedIn)) {
        await show(page, portal.url, screen);
        const name = `${screen.name}-${look.width}-${look.scheme}-${look.language}.png`;
        await page.screenshot({ path: folder + name });
      }
      await page.context().close();
    }
  }
  console.log(`${all.length} screens in ${LOOKS.length} looks are in ${folder}`);
} finally {
  await portal.stop();
}
