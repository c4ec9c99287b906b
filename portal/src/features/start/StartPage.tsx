import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useSession } from "~/features/accounts/session";
import { openCompose } from "~/features/compose/open";
import { canSend, numbersQuery } from "~/features/numbers/queries";
import { messagesQuery } from "~/features/sms/queries";
import { walletQuery } from "~/features/wallet/queries";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { CheckIcon } from "~/shared/icons";
import { Page } from "~/shared/Page";
import { MessageStatusMark } from "~/shared/Status";
import css from "./Start.module.css";

/** From a new account to a delivered message in three steps. */
export function StartPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const session = useSession();
  const wallet = useQuery(walletQuery);
  const numbers = useQuery(numbersQuery);
  const outbound = useInfiniteQuery(messagesQuery({ direction: "outbound" }));
  const sent = outbound.data?.pages[0]?.messages[0];
  const balance = wallet.data?.balance;
  const paid = balance !== undefined && Number(balance.amount) > 0;
  const sender = numbers.data?.find(canSend);
  const done = [
    paid || sender !== undefined || sent !== undefined,
    sender !== undefined,
    sent?.status === "delivered",
  ];
  const current = done.indexOf(false);
  return (
    <Page
      title={t("start.title")}
      lead={t("start.lead")}
      actions={
        <Button variant="default" renderRoot={(props) => <Link to="/sms" {...props} />}>
          {current < 0 ? t("start.finish") : t("start.skip")}
        </Button>
      }
    >
      <ol className={css.steps}>
        <Step
          number={1}
          done={done[0] === true}
          current={current === 0}
          title={t("start.pay.title")}
          text={paid ? t("start.pay.done", { amount: format.money(balance) }) : t("start.pay.text")}
        >
          {session?.payments ? (
            <Button
              variant={current === 0 ? "filled" : "default"}
              renderRoot={(props) => <Link to="/wallet" search={{ add: true }} {...props} />}
            >
              {t("wallet.topUp")}
            </Button>
          ) : (
            <p className="dim">{t("start.pay.closed")}</p>
          )}
        </Step>
        <Step
          number={2}
          done={done[1] === true}
          current={current === 1}
          title={t("start.number.title")}
          text={t("start.number.text")}
        >
          <Button
            variant={current === 1 ? "filled" : "default"}
            renderRoot={(props) => <Link to="/order" {...props} />}
          >
            {t("numbers.order")}
          </Button>
        </Step>
        <Step
          number={3}
          done={done[2] === true}
          current={current === 2}
          title={t("start.send.title")}
          text={session?.demo ? t("start.send.demo") : t("start.send.text")}
        >
          <Button
            variant={current === 2 ? "filled" : "default"}
            disabled={sender === undefined}
            onClick={() =>
              openCompose(session?.demo ? { to: "+447700900123", body: t("start.send.hello") } : {})
            }
          >
            {t("compose.title")}
          </Button>
          {sent !== undefined && (
            <Link to="/sms" search={{ message: sent.id }} className={css.sent}>
              <MessageStatusMark status={sent.status} />
            </Link>
          )}
        </Step>
      </ol>
    </Page>
  );
}

interface StepProps {
  number: number;
  done: boolean;
  current: boolean;
  title: string;
  text: string;
  children: ReactNode;
}

function Step({ number, done, current, title, text, children }: StepProps) {
  const { t } = useTranslation();
  return (
    <li
      className={css.step}
      data-done={done || undefined}
      aria-current={current ? "step" : undefined}
    >
      <span className={css.mark}>
        {done ? <CheckIcon size={14} /> : number}
        {done && <span className="visually-hidden">{t("start.done")}</span>}
      </span>
      <div>
        <h2 className={css.title}>{title}</h2>
        <p className="dim">{text}</p>
        <div className={css.action}>{children}</div>
      </div>
    </li>
  );
}
