import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** The server that the development page talks to. */
const server = process.env.DIDFARM_URL ?? "http://127.0.0.1:8181";

/** What the page before sign-in needs: loaded as one file, which compresses better than twenty. */
function firstRoute(): RegExp {
  const packages = [
    "(react|react-dom|scheduler|use-sync-external-store|openapi-fetch)",
    "@tanstack/(query-core|react-query|history|router-core|react-router|store|react-store)",
  ];
  const sources = [
    "main",
    "api/client",
    "app/(router|pages|queries|search|scheme)",
    "i18n/(index|translate)",
    "features/accounts/(session|SignIn|Frame|Field|LanguageMenu)",
    "features/sms/filters",
    "format/times",
    "shared/(preferences|failures|FailureNote|icons|PlainButton|Spinner|Wordmark|useTitle)",
  ];
  return new RegExp(`node_modules/(${packages.join("|")})/|/src/(${sources.join("|")})\\.tsx?$`);
}

export default defineConfig({
  plugins: [react()],
  resolve: { tsconfigPaths: true },
  server: {
    proxy: { "^/(api|docs|checkout)/": server },
  },
  build: {
    target: "es2022",
    // The Content-Security-Policy allows neither inline scripts nor data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: "base",
              test: firstRoute(),
            },
          ],
        },
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    css: false,
  },
});
