import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { useState } from "react";
import { beforeAll, describe, expect, it } from "vitest";
import { times } from "~/format/money";
import { speak } from "~/i18n";
import { measure } from "~/shared/segments/segments";
import { Counter } from "./Counter";
import { Offenders } from "./Offenders";

const price = { amount: "0.008", currency: "EUR" };

function Frame({ children }: { children: ReactNode }) {
  return (
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider>{children}</MantineProvider>
    </QueryClientProvider>
  );
}

/** The counter and the help under a text. */
function Under({ initial }: { initial: string }) {
  const [text, setText] = useState(initial);
  const measured = measure(text);
  const of = (segments: number) => times(price, segments);
  return (
    <Frame>
      <p data-testid="text">{text}</p>
      <Counter text={measured} price={of(measured.parts.length)} unit={price} />
      <Offenders text={text} price={of} onRespell={setText} />
    </Frame>
  );
}

beforeAll(() => speak("en"));

describe("under the text of a message", () => {
  it("stands what it comes to", () => {
    render(<Under initial={"x".repeat(161)} />);
    expect(screen.getByText("161 / 1,600")).toBeTruthy();
    expect(screen.getByText("GSM-7")).toBeTruthy();
    expect(screen.getByText("€0.016")).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("one click makes typographic text cheap", async () => {
    render(<Under initial={`It’s “quoted” ${"x".repeat(60)}`} />);
    expect(screen.getByText("Unicode")).toBeTruthy();
    expect(screen.getByText(/^3 characters make this message Unicode/)).toBeTruthy();
    expect(screen.getByText("€0.016 becomes €0.008")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Use GSM spelling" }));
    expect(screen.getByTestId("text").textContent).toMatch(/^It's "quoted" x+$/);
    expect(screen.getByText("GSM-7")).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("no spelling is offered for what has none", () => {
    render(<Under initial="😀" />);
    expect(screen.getByText(/^1 character makes this message Unicode/)).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
  });
});
