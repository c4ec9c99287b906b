import { lazy, Suspense } from "react";
import { useDraft } from "./open";

const ComposeDrawer = lazy(() => import("./ComposeDrawer"));

/** Compose, loaded when it is first wanted. */
export function Compose() {
  const draft = useDraft();
  return draft === null ? null : (
    <Suspense>
      <ComposeDrawer draft={draft} />
    </Suspense>
  );
}
