import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { type ReactNode, useState } from "react";
import { beforeAll, describe, expect, it } from "vitest";
import type { Webhook, WebhookDelivery } from "~/api/types";
import { speak } from "~/i18n";
import { WebhookStatusMark } from "~/shared/Status";
import { Delivery } from "./Deliveries";
import { EventChoice } from "./EventChoice";
import type { EventName } from "./queries";

function Frame({ children }: { children: ReactNode }) {
  return (
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider>{children}</MantineProvider>
    </QueryClientProvider>
  );
}

const webhook: Webhook = {
  id: 1,
  url: "https://example.com/hook",
  description: "",
  events: ["sms.received"],
  messaging_profile_id: null,
  status: "enabled",
  disabled_reason: null,
  failing_since: null,
  created_at: "2026-04-03T10:00:00.000000Z",
};

const failed: WebhookDelivery = {
  id: 2,
  event: "sms.received",
  seq: 7,
  test: false,
  status: "failed",
  attempts: [
    {
      attempt: 1,
      started_at: "2026-04-03T10:00:00.000000Z",
      duration_ms: 15_000,
      status_code: null,
      error: "No answer within 15 seconds.",
      response: null,
    },
    {
      attempt: 2,
      started_at: "2026-04-03T10:00:05.000000Z",
      duration_ms: 12,
      status_code: 500,
      error: "The answer is 500, not 2xx.",
      response: "<b>broken</b>",
    },
  ],
  next_attempt_at: null,
  created_at: "2026-04-03T10:00:00.000000Z",
  finished_at: "2026-04-03T10:00:05.000000Z",
};

function Choice() {
  const [chosen, setChosen] = useState<EventName[]>(["sms.received"]);
  return (
    <Frame>
      <EventChoice chosen={chosen} onChange={setChosen} />
      <p data-testid="chosen">{chosen.join(" ")}</p>
    </Frame>
  );
}

beforeAll(() => speak("en"));

describe("the choice of events", () => {
  it("keeps the API's order, whatever is clicked first", async () => {
    render(<Choice />);
    await userEvent.click(screen.getByRole("checkbox", { name: /sms\.failed/ }));
    await userEvent.click(screen.getByRole("checkbox", { name: /sms\.sent/ }));
    expect(screen.getByTestId("chosen").textContent).toBe("sms.received sms.sent sms.failed");
    await userEvent.click(screen.getByRole("checkbox", { name: /sms\.received/ }));
    expect(screen.getByTestId("chosen").textContent).toBe("sms.sent sms.failed");
  });
});

describe("a delivery", () => {
  const shown = (delivery: WebhookDelivery, of: Webhook = webhook) =>
    render(
      <Frame>
        <ul>
          <Delivery webhook={of} delivery={delivery} onResent={() => undefined} />
        </ul>
      </Frame>,
    );

  it("that failed shows each attempt, its answer as text, and can be sent again", () => {
    shown(failed);
    expect(screen.getByText("No answer within 15 seconds.")).toBeTruthy();
    expect(screen.getByText("no answer")).toBeTruthy();
    expect(screen.getByText("15,000 ms")).toBeTruthy();
    expect(screen.getByText("<b>broken</b>")).toBeTruthy();
    expect(screen.getByText("Send again")).toBeTruthy();
  });

  it("that is pending tells when it is tried next, and needs no button", () => {
    shown({ ...failed, status: "pending", next_attempt_at: "2026-04-03T10:05:00.000000Z" });
    expect(screen.getByText(/Next attempt:/)).toBeTruthy();
    expect(screen.queryByText("Send again")).toBeNull();
  });

  it("of a disabled webhook waits for it to be enabled", () => {
    shown(failed, { ...webhook, status: "disabled" });
    expect(screen.queryByText("Send again")).toBeNull();
  });
});

describe("a webhook's state", () => {
  it.each([
    [webhook, "enabled"],
    [{ ...webhook, failing_since: "2026-04-03T10:00:00.000000Z" }, "failing"],
    [{ ...webhook, status: "disabled" as const }, "disabled"],
  ])("is said in a word", (each, word) => {
    render(
      <Frame>
        <WebhookStatusMark webhook={each} />
      </Frame>,
    );
    expect(screen.getByText(word)).toBeTruthy();
  });
});
