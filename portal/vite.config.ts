import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** The server that the development page talks to. */
const server = process.env.DIDFARM_URL ?? "http://127.0.0.1:8181";

export default defineConfig({
  plugins: [react()],
  resolve: { tsconfigPaths: true },
  server: {
    proxy: { "/api": server, "/docs": server },
  },
  build: {
    target: "es2022",
    // The Content-Security-Policy allows neither inline scripts nor data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    css: false,
  },
});
