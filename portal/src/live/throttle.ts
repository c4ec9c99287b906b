/** Runs at most once in a time, and once more after the last call. */
export function throttle(run: () => void, everyMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let again = false;
  const tick = () => {
    timer = null;
    if (again) {
      again = false;
      start();
    }
  };
  const start = () => {
    run();
    timer = setTimeout(tick, everyMs);
  };
  return () => {
    if (timer === null) {
      start();
    } else {
      again = true;
    }
  };
}
