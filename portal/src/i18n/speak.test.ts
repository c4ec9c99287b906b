import { renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { speak, useTranslation } from ".";

const { dutch } = vi.hoisted(() => {
  let arrive: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  return { dutch: { arrive, arrived } };
});

/** Dutch is on its way until it arrives. */
vi.mock("./locales/nl.json", async (importOriginal) => {
  await dutch.arrived;
  return await importOriginal();
});

it("ends in the language that was asked for last, whichever texts come first", async () => {
  const slow = speak("nl");
  await speak("ar");
  dutch.arrive();
  await slow;
  const { result } = renderHook(useTranslation);
  expect(result.current.language).toBe("ar");
  expect(result.current.t("nav.wallet")).toBe("المحفظة");
  expect(document.documentElement.lang).toBe("ar");
  expect(document.documentElement.dir).toBe("rtl");
});
