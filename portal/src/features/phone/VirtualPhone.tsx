import { ActionIcon, Button, Select, Textarea, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { api, idempotencyKey, take } from "~/api/client";
import { destination } from "~/features/compose/destination";
import { numbersQuery } from "~/features/numbers/queries";
import { messagesQuery } from "~/features/sms/queries";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { CloseIcon } from "~/shared/icons";
import { formatPhone, Phone } from "~/shared/Phone";
import { When } from "~/shared/When";
import css from "./VirtualPhone.module.css";

/** The handset's number until a message went somewhere; reserved for fiction. */
const HANDSET = "+447700900123";

/** A handset on which messages to a simulated destination arrive, and which can answer. */
export default function VirtualPhone({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { data: all = [] } = useQuery(numbersQuery);
  const numbers = all.filter(({ simulated, status }) => simulated && status === "active");
  const [picked, setPicked] = useState<number | null>(null);
  const latest = useInfiniteQuery(messagesQuery({ direction: "outbound" }));
  const last = latest.data?.pages[0]?.messages[0];
  const number = numbers.find(({ id }) => id === (picked ?? last?.number_id)) ?? numbers[0];
  const [typed, setTyped] = useState<string | null>(null);
  const handset =
    typed === null ? (last?.to ?? HANDSET) : (destination(typed, undefined)?.e164 ?? null);

  return (
    <section className={css.panel} aria-label={t("phone.title")}>
      <header className={css.header}>
        <h2 className={css.title}>{t("phone.title")}</h2>
        <ActionIcon onClick={onClose} aria-label={t("common.close")}>
          <CloseIcon />
        </ActionIcon>
      </header>
      {number === undefined ? (
        <Empty title={t("phone.none.title")} text={t("phone.none.text")} />
      ) : (
        <>
          <p className={css.lead}>{t("phone.lead")}</p>
          <div className={css.ends}>
            <TextInput
              label={t("phone.handset")}
              type="tel"
              dir="ltr"
              size="xs"
              value={typed ?? formatPhone(last?.to ?? HANDSET)}
              onChange={(event) => setTyped(event.currentTarget.value)}
              error={handset === null ? t("compose.invalidTo") : undefined}
              classNames={{ input: "num" }}
            />
            <Select
              label={t("phone.with")}
              size="xs"
              value={String(number.id)}
              onChange={(value) => setPicked(Number(value))}
              data={numbers.map((each) => ({
                value: String(each.id),
                label: formatPhone(each.number),
              }))}
              classNames={{ input: "num" }}
            />
          </div>
          {handset !== null && (
            <Screen
              key={`${handset} ${number.id}`}
              handset={handset}
              number={number.id}
              own={number.number}
            />
          )}
        </>
      )}
    </section>
  );
}

interface ScreenProps {
  handset: string;
  number: number;
  own: string;
}

/** What the handset shows: the other side of the same conversation. */
function Screen({ handset, number, own }: ScreenProps) {
  const { t } = useTranslation();
  const list = useInfiniteQuery(messagesQuery({ number_id: number, with: handset }));
  const messages = useMemo(
    () =>
      (list.data?.pages.flatMap((page) => page.messages) ?? [])
        // What has not been delivered is not on the handset.
        .filter(({ direction, status }) => direction === "inbound" || status === "delivered")
        .reverse(),
    [list.data],
  );
  const box = useRef<HTMLDivElement>(null);
  const newest = messages.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new message is scrolled to
  useLayoutEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [newest]);
  return (
    <div className={css.handset}>
      <div className={css.speaker} aria-hidden="true" />
      <p className={css.peer}>
        <Phone number={own} />
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <div className={css.screen} ref={box} tabIndex={0} role="log" aria-label={t("phone.screen")}>
        {messages.length === 0 && <p className={css.blank}>{t("phone.blank")}</p>}
        {messages.map((message) => (
          <div
            key={message.id}
            className={css.bubble}
            data-mine={message.direction === "inbound" || undefined}
          >
            <p dir="auto">{message.body}</p>
            <span className={css.time}>
              <When at={message.delivered_at ?? message.created_at} />
            </span>
          </div>
        ))}
      </div>
      <Answer handset={handset} number={number} />
    </div>
  );
}

function Answer({ handset, number }: { handset: string; number: number }) {
  const { t } = useTranslation();
  const [body, setBody] = useState("");
  const answer = useMutation({
    mutationFn: (text: string) =>
      take(
        api.POST("/portal/simulator/inbound", {
          headers: { "Idempotency-Key": idempotencyKey() },
          body: { from: handset, to_number_id: number, body: text },
        }),
      ),
    onError: (_error, text) => setBody(text),
  });
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (body.trim() !== "") {
      answer.mutate(body);
      setBody("");
    }
  };
  return (
    <form className={css.answer} onSubmit={submit}>
      {answer.error !== null && <FailureNote error={answer.error} />}
      <Textarea
        aria-label={t("phone.answer")}
        placeholder={t("phone.answer")}
        dir="auto"
        autosize
        minRows={1}
        maxRows={4}
        value={body}
        onChange={(event) => setBody(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            submit();
          }
        }}
      />
      <Button type="submit" size="xs" loading={answer.isPending}>
        {t("phone.send")}
      </Button>
    </form>
  );
}
