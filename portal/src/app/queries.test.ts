import { InfiniteQueryObserver, infiniteQueryOptions } from "@tanstack/react-query";
import { expect, test } from "vitest";
import type { Message } from "~/api/types";
import type { MessagePage } from "~/features/sms/merge";
import { applyMessages } from "~/live/apply";
import { queryClient } from "./queries";

const message = (id: number, status: Message["status"]) => ({ id, status }) as Message;

test("what changes while another page is on its way stays changed", async () => {
  let answer: (page: MessagePage) => void = () => undefined;
  const observer = new InfiniteQueryObserver(
    queryClient,
    infiniteQueryOptions({
      queryKey: ["messages", {}],
      queryFn: ({ pageParam }) =>
        pageParam === undefined
          ? { messages: [message(9, "sending")], next_cursor: "more" }
          : new Promise<MessagePage>((resolve) => {
              answer = resolve;
            }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page: MessagePage) => page.next_cursor ?? undefined,
    }),
  );
  const stop = observer.subscribe(() => undefined);
  await observer.refetch();
  const next = observer.fetchNextPage();
  applyMessages(queryClient, new Map([[9, message(9, "delivered")]]));
  answer({ messages: [message(8, "sent")], next_cursor: null });
  await next;
  stop();
  const pages = observer.getCurrentResult().data?.pages ?? [];
  expect(pages.flatMap((page) => page.messages.map(({ id, status }) => [id, status]))).toEqual([
    [9, "delivered"],
    [8, "sent"],
  ]);
});
