import { ActionIcon, Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { MessageDetail } from "~/api/types";
import { openCompose } from "~/features/compose/open";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { CopyButton } from "~/shared/CopyButton";
import { FailureNote } from "~/shared/FailureNote";
import { CloseIcon } from "~/shared/icons";
import { Phone } from "~/shared/Phone";
import { MessageStatusMark, messageTone } from "~/shared/Status";
import { When } from "~/shared/When";
import css from "./MessageDetail.module.css";
import { messageQuery } from "./queries";

interface Props {
  id: number;
  onClose: () => void;
}

/** Everything about one message. */
export function MessageDetailPanel({ id, onClose }: Props) {
  const { t } = useTranslation();
  const message = useQuery(messageQuery(id));
  return (
    <section className={css.panel} aria-label={t("sms.detail.title")}>
      <header className={css.header}>
        <h2 className={css.title}>
          {t("sms.detail.title")} <span className="num dim ltr">{id}</span>
        </h2>
        <ActionIcon onClick={onClose} aria-label={t("common.close")}>
          <CloseIcon />
        </ActionIcon>
      </header>
      {message.isPending && (
        <div className={css.body}>
          <Skeleton height={14} width="60%" />
          <Skeleton height={60} />
          <Skeleton height={120} />
        </div>
      )}
      {message.isError && (
        <div className={css.body}>
          <FailureNote error={message.error} retry={() => void message.refetch()} />
        </div>
      )}
      {message.isSuccess && <Detail message={message.data} />}
    </section>
  );
}

function Detail({ message }: { message: MessageDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const outbound = message.direction === "outbound";
  return (
    <div className={css.body}>
      <div className={css.top}>
        <MessageStatusMark status={message.status} />
        <When at={message.created_at} style="exact" />
      </div>
      <p className={css.text} dir="auto">
        {message.body}
      </p>
      {message.error && (
        <div className={css.failure}>
          <p>{t("sms.detail.failed")}</p>
          <p>
            {t(`cure.${message.error.code as "expired"}`, { defaultValue: message.error.message })}
          </p>
          <p className={css.small}>
            <code>{message.error.code}</code> ·{" "}
            {message.error.permanent ? t("sms.detail.permanent") : t("sms.detail.passing")}
          </p>
        </div>
      )}
      {message.test && <p className={css.note}>{t("sms.detail.test")}</p>}
      {message.receipt_overdue && <p className={css.note}>{t("sms.detail.overdue")}</p>}
      <dl className={css.facts}>
        <Fact name={t("sms.detail.from")}>
          <Phone number={message.from} />
        </Fact>
        <Fact name={t("sms.detail.to")}>
          <Phone number={message.to} />
        </Fact>
        <Fact name={t("compose.encoding")}>{t(`encoding.${message.encoding}`)}</Fact>
        <Fact name={t("compose.segments")}>
          <span className="num">{format.number(message.segments)}</span>
        </Fact>
        <Fact name={t("compose.price")}>
          <span className="num">
            {outbound ? format.money(message.price) : t("sms.detail.free")}
          </span>
        </Fact>
      </dl>
      <Timeline message={message} />
      {message.parts.length > 1 && (
        <>
          <h3 className={css.subtitle}>{t("sms.detail.parts")}</h3>
          <ol className={css.parts}>
            {message.parts.map(({ part, status }) => (
              <li key={part}>
                <span className="num">{format.number(part)}</span>
                <MessageStatusMark status={status === "waiting" ? "queued" : status} />
              </li>
            ))}
          </ol>
        </>
      )}
      <div className={css.actions}>
        <Button
          size="xs"
          variant="default"
          onClick={() =>
            openCompose({ from: message.number_id, to: outbound ? message.to : message.from })
          }
        >
          {outbound ? t("sms.detail.again") : t("sms.detail.reply")}
        </Button>
      </div>
      <Json message={message} />
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Each status, when it came, and how long after the one before. */
function Timeline({ message }: { message: MessageDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <h3 className={css.subtitle}>{t("sms.detail.timeline")}</h3>
      <ol className={css.timeline}>
        {message.events.map((event, index) => {
          const before = message.events[index - 1];
          return (
            <li key={`${event.status} ${event.at}`} data-tone={messageTone(event.status)}>
              <span className={css.step}>{t(`status.${event.status}`)}</span>
              <span className="dim">
                <When at={event.at} style="time" />
              </span>
              <span className={css.offset}>
                {before !== undefined && <bdi>{format.offset(before.at, event.at)}</bdi>}
              </span>
              {event.detail && event.detail !== message.error?.message && (
                <span className={css.detail}>{event.detail}</span>
              )}
            </li>
          );
        })}
      </ol>
    </>
  );
}

function Json({ message }: { message: MessageDetail }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const text = JSON.stringify(message, null, 2);
  return (
    <div className={css.json}>
      <div className={css.jsonHead}>
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? t("sms.detail.hideJson") : t("sms.detail.showJson")}
        </Button>
        {open && (
          <CopyButton text={text} label={t("common.copy")} size="compact-xs" variant="subtle" />
        )}
      </div>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <pre tabIndex={0}>{text}</pre>
      )}
    </div>
  );
}
