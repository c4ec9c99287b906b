import { Button, Drawer, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import {
  type FormEvent,
  type KeyboardEvent,
  useDeferredValue,
  useMemo,
  useRef,
  useState,
} from "react";
import { ApiFailure } from "~/api/client";
import { canSend, numbersQuery } from "~/features/numbers/queries";
import { useFormat } from "~/format/useFormat";
import type { Translate } from "~/i18n";
import { useTranslation } from "~/i18n";
import { CopyButton } from "~/shared/CopyButton";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { type Explained, explain } from "~/shared/failures";
import { formatPhone } from "~/shared/Phone";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { CHARACTERS_MAX, measure } from "~/shared/segments/segments";
import css from "./Compose.module.css";
import { Counter } from "./Counter";
import { curl } from "./curl";
import { destination } from "./destination";
import { MarkedTextarea } from "./MarkedTextarea";
import { Offenders } from "./Offenders";
import { closeCompose, type Draft } from "./open";
import { bestFirst } from "./senders";
import { usePrice } from "./usePrice";
import { useSend } from "./useSend";

/** Writes and sends one message. */
export default function ComposeDrawer({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const numbers = useQuery(numbersQuery);
  const senders = numbers.data?.filter(canSend) ?? [];
  return (
    <Drawer
      opened
      onClose={closeCompose}
      title={t("compose.title")}
      size={500}
      classNames={{ title: css.title }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {numbers.isPending && <RowSkeleton rows={4} />}
      {numbers.isError && (
        <FailureNote error={numbers.error} retry={() => void numbers.refetch()} />
      )}
      {numbers.isSuccess &&
        (senders.length > 0 ? (
          <ComposeForm draft={draft} />
        ) : (
          <Empty
            title={t("compose.noSender.title")}
            text={t("compose.noSender.text")}
            action={
              <Button
                renderRoot={(props) => (
                  <Link
                    to={numbers.data.length > 0 ? "/numbers" : "/order"}
                    onClick={closeCompose}
                    {...props}
                  />
                )}
              >
                {numbers.data.length > 0 ? t("compose.noSender.enable") : t("numbers.order")}
              </Button>
            }
          />
        ))}
    </Drawer>
  );
}

function ComposeForm({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { data: numbers = [] } = useQuery(numbersQuery);
  const [chosen, setChosen] = useState<number | null>(draft.from ?? null);
  const [typed, setTyped] = useState(draft.to ?? "");
  const [body, setBody] = useState(draft.body ?? "");
  const [tried, setTried] = useState(false);
  const message = useRef<HTMLTextAreaElement>(null);
  const sending = useSend();

  const candidates = numbers.filter(canSend);
  const picked = candidates.find(({ id }) => id === chosen);
  const home = picked ?? bestFirst(candidates, undefined)[0];
  const to = destination(typed, home?.country);
  const senders = bestFirst(candidates, to?.country);
  const from = picked ?? senders[0];

  // A long text is measured after the key is shown, not before.
  const settledBody = useDeferredValue(body);
  const text = useMemo(() => measure(settledBody), [settledBody]);
  const price = usePrice(from?.id, to?.e164);

  const tooLong = text.characters > CHARACTERS_MAX;
  const ready = from !== undefined && to !== null && body.trim() !== "" && !tooLong;

  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    setTried(true);
    if (!ready || sending.isPending) {
      return;
    }
    try {
      await sending.send({
        number_id: from.id,
        from: from.number,
        to: to.e164,
        body,
        segments: text.parts.length,
        encoding: text.encoding,
        price: price.of(text.parts.length),
      });
    } catch {
      return; // Shown below; the text is still there.
    }
    closeCompose();
    if (path !== "/sms" && path !== "/start") {
      await navigate({ to: "/sms" });
    }
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void submit();
    }
  };

  const refusal = sending.error ?? price.error;
  const toRefused = refusal instanceof ApiFailure && refusal.param === "to";
  return (
    <form className={css.form} onSubmit={(event) => void submit(event)} onKeyDown={keys} noValidate>
      <Select
        label={t("compose.from")}
        value={from === undefined ? null : String(from.id)}
        onChange={(value) => setChosen(Number(value))}
        data={senders.map(({ id, number }) => ({ value: String(id), label: formatPhone(number) }))}
        renderOption={({ option }) => {
          const number = senders.find(({ id }) => String(id) === option.value);
          return (
            <span className={css.sender}>
              <span className="num ltr">{option.label}</span>
              {number && (
                <span className="dim">
                  {format.country(number.country)} · {t(`numbers.type.${number.type}`)}
                </span>
              )}
            </span>
          );
        }}
        classNames={{ input: "num" }}
        searchable={senders.length > 8}
        comboboxProps={{ withinPortal: true }}
      />
      <TextInput
        label={t("compose.to")}
        placeholder="+447700900123"
        type="tel"
        inputMode="tel"
        dir="ltr"
        autoComplete="off"
        data-autofocus
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          sending.reset();
        }}
        onBlur={() => to !== null && setTyped(formatPhone(to.e164))}
        classNames={{ input: "num" }}
        description={
          to !== null && (
            <>
              <span className="num ltr">{to.e164}</span>
              {to.country !== undefined && ` · ${format.country(to.country)}`}
            </>
          )
        }
        error={toRefused ? said(explain(refusal, t)) : mistake(typed, to !== null, tried, t)}
      />
      <div>
        <MarkedTextarea
          ref={message}
          label={t("compose.message")}
          value={body}
          onChange={setBody}
          error={tried && body.trim() === "" ? t("compose.emptyBody") : undefined}
          tooLong={tooLong}
        />
        <Counter text={text} price={price.of(text.parts.length)} unit={price.of(1)} />
        <Offenders
          text={settledBody}
          price={price.of}
          onRespell={(respelled) => {
            setBody(respelled);
            message.current?.focus();
          }}
        />
      </div>
      {refusal !== null && !toRefused && <FailureNote error={refusal} />}
      <div className={css.actions}>
        <Button type="submit" loading={sending.isPending}>
          {t("compose.send")}
        </Button>
        <CopyButton
          size="sm"
          label={t("compose.copyCurl")}
          text={curl(window.location.origin, from?.id ?? 0, to?.e164 ?? typed, body)}
        />
      </div>
    </form>
  );
}

function said({ title, cure }: Explained): string {
  return cure === null ? title : `${title} ${cure}`;
}

/** What is wrong with the number typed; nothing while it is still being typed. */
function mistake(typed: string, valid: boolean, tried: boolean, t: Translate): string | undefined {
  if (typed === "") {
    return tried ? t("compose.noTo") : undefined;
  }
  return !valid && (tried || typed.length > 6) ? t("compose.invalidTo") : undefined;
}
