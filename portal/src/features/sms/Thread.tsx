import { Button, Textarea } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  type FormEvent,
  type KeyboardEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Message } from "~/api/types";
import { usePending } from "~/features/compose/outbox";
import { usePrice } from "~/features/compose/usePrice";
import { useSend } from "~/features/compose/useSend";
import { canSend, numbersQuery } from "~/features/numbers/queries";
import { useCurrency } from "~/features/wallet/useCurrency";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { MessageStatusMark } from "~/shared/Status";
import { CHARACTERS_MAX, measure } from "~/shared/segments/segments";
import { When } from "~/shared/When";
import css from "./Conversations.module.css";
import { messagesQuery } from "./queries";
import { standIn } from "./standIn";

interface Props {
  number: number;
  other: string;
}

/** One conversation, oldest above, with a field to answer. */
export function Thread({ number, other }: Props) {
  const { t } = useTranslation();
  const list = useInfiniteQuery(messagesQuery({ number_id: number, with: other }));
  const pending = usePending();
  const currency = useCurrency();
  const messages = useMemo(() => {
    const loaded = list.data?.pages.flatMap((page) => page.messages) ?? [];
    const waiting = pending
      .filter((each) => each.number_id === number && each.to === other)
      .map((each) => standIn(each, currency));
    return [...waiting, ...loaded].reverse();
  }, [list.data, pending, number, other, currency]);

  const box = useRef<HTMLDivElement>(null);
  const newest = messages.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new message is scrolled to
  useLayoutEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [newest]);

  return (
    <>
      <div
        className={css.messages}
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-label={t("sms.conversation.log")}
      >
        {list.isPending && <RowSkeleton rows={3} />}
        {list.isError && <FailureNote error={list.error} retry={() => void list.refetch()} />}
        {list.hasNextPage && (
          <Button
            className={css.earlier}
            size="compact-sm"
            variant="subtle"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {t("sms.conversation.earlier")}
          </Button>
        )}
        {messages.map((message) => (
          <Bubble key={message.id} message={message} />
        ))}
      </div>
      <Reply number={number} other={other} />
    </>
  );
}

function Bubble({ message }: { message: Message }) {
  const outbound = message.direction === "outbound";
  return (
    <div className={css.bubble} data-out={outbound || undefined}>
      <p dir="auto">{message.body}</p>
      <div className={css.meta}>
        <When at={message.created_at} />
        {outbound &&
          (message.id > 0 ? (
            <Link
              from="/sms"
              to="/sms"
              search={(old) => ({ ...old, message: message.id })}
              resetScroll={false}
              preload={false}
              className={css.status}
            >
              <MessageStatusMark status={message.status} />
            </Link>
          ) : (
            <MessageStatusMark status={message.status} />
          ))}
      </div>
    </div>
  );
}

function Reply({ number, other }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: numbers } = useQuery(numbersQuery);
  const own = numbers?.find(({ id }) => id === number);
  const [body, setBody] = useState("");
  const text = useMemo(() => measure(body), [body]);
  const able = own !== undefined && canSend(own);
  const price = usePrice(able ? number : undefined, other);
  const sending = useSend();
  const ready = able && body.trim() !== "" && text.characters <= CHARACTERS_MAX;

  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    if (!ready || own === undefined) {
      return;
    }
    setBody("");
    try {
      await sending.send({
        number_id: number,
        from: own.number,
        to: other,
        body,
        segments: text.parts.length,
        encoding: text.encoding,
        price: price.of(text.parts.length),
      });
    } catch {
      setBody(body);
    }
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void submit();
    }
  };
  if (numbers !== undefined && !able) {
    return <p className={css.hint}>{t("sms.conversation.cannot")}</p>;
  }
  const cost = price.of(text.parts.length);
  return (
    <form className={css.reply} onSubmit={(event) => void submit(event)}>
      {sending.error !== null && <FailureNote error={sending.error} />}
      <Textarea
        aria-label={t("compose.message")}
        placeholder={t("compose.message")}
        dir="auto"
        autosize
        minRows={1}
        maxRows={6}
        value={body}
        onChange={(event) => setBody(event.currentTarget.value)}
        onKeyDown={keys}
      />
      <div className={css.replyFoot}>
        <span className="dim num" data-over={text.characters > CHARACTERS_MAX || undefined}>
          {body !== "" && (
            <>
              <bdi dir="ltr">
                {format.number(text.characters)} / {format.number(CHARACTERS_MAX)}
              </bdi>
              {" · "}
              {t(`encoding.${text.encoding}`)}
              {" · "}
              {t("compose.segmentCount", {
                count: text.parts.length,
                n: format.number(text.parts.length),
              })}
              {cost !== null && ` · ${format.money(cost)}`}
            </>
          )}
        </span>
        <Button type="submit" size="xs" disabled={!ready}>
          {t("compose.send")}
        </Button>
      </div>
    </form>
  );
}
