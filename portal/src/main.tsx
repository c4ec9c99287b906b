import "./app/styles";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./app/queries";
import { router } from "./app/router";
import { applyScheme } from "./app/scheme";
import { speak } from "./i18n";
import { preferredLanguage } from "./shared/preferences";

applyScheme();
await speak(preferredLanguage());

const root = document.getElementById("root");
if (root === null) {
  throw new Error("index.html has no #root");
}
// Mantine begins with the Shell: the pages before sign-in do without.
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
