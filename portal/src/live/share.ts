import { follow, type LinkState, type LiveEvent } from "./stream";

type Broadcast =
  | { type: "event"; event: LiveEvent }
  | { type: "state"; state: LinkState; lastId: number | null }
  | { type: "hello" }
  | { type: "ended" };

interface Ear {
  event(event: LiveEvent): void;
  state(state: LinkState): void;
  /** What was loaded before may miss something: load it again. */
  stale(): void;
  ended(): void;
}

/** After a longer cut everything is loaded again rather than replayed. */
const REPLAY_MAX_MS = 10 * 60_000;

/**
 * One event stream for all tabs of an account: the tab that holds the lock reads
 * it and tells the others. When it closes, the next goes on where it stopped.
 */
export function listen(account: number, ear: Ear): () => void {
  const stop = new AbortController();
  const name = `didfarm.live.${account}`;
  let lastId: number | null = null;
  let state: LinkState = "connecting";
  let cutSince: number | null = null;

  const hear = (event: LiveEvent) => {
    const first = lastId === null;
    if (lastId !== null && event.id <= lastId) {
      return;
    }
    lastId = event.id;
    if (first) {
      ear.stale();
    }
    if (event.name !== "ready") {
      ear.event(event);
    }
  };
  const turn = (next: LinkState) => {
    if (next === state) {
      return;
    }
    state = next;
    if (next === "cut") {
      cutSince ??= Date.now();
    } else if (next === "open") {
      cutSince = null;
    }
    ear.state(next);
  };
  const since = () => {
    if (cutSince !== null && Date.now() - cutSince > REPLAY_MAX_MS) {
      lastId = null;
    }
    return lastId;
  };

  const { channel, lock } = facilities(name);
  const tell = (message: Broadcast) => channel?.postMessage(message);
  const lead = () =>
    follow(
      since,
      {
        event(event) {
          hear(event);
          tell({ type: "event", event });
        },
        state(next) {
          turn(next);
          tell({ type: "state", state: next, lastId });
        },
        ended() {
          ear.ended();
          tell({ type: "ended" });
        },
      },
      stop.signal,
    );

  let leading = false;
  channel?.addEventListener("message", ({ data }: MessageEvent<Broadcast>) => {
    switch (data.type) {
      case "event":
        return hear(data.event);
      case "state":
        if (lastId === null && data.lastId !== null) {
          lastId = data.lastId;
          ear.stale();
        }
        return turn(data.state);
      case "hello":
        return leading ? tell({ type: "state", state, lastId }) : undefined;
      case "ended":
        return ear.ended();
    }
  });

  if (lock === null) {
    lead();
  } else {
    tell({ type: "hello" });
    lock(stop.signal, () => {
      leading = true;
      lead();
    });
  }
  return () => {
    stop.abort();
    channel?.close();
  };
}

/** Web Locks exist on https and localhost only; elsewhere each tab has its own stream. */
function facilities(name: string) {
  if (!("locks" in navigator) || !("BroadcastChannel" in window)) {
    return { channel: null, lock: null };
  }
  const lock = (stop: AbortSignal, held: () => void) => {
    navigator.locks
      .request(name, { signal: stop }, () => {
        held();
        return new Promise<void>((resolve) =>
          stop.addEventListener("abort", () => resolve(), { once: true }),
        );
      })
      .catch(() => undefined); // Stopped before the lock was free.
  };
  return { channel: new BroadcastChannel(name), lock };
}
