import { Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { LoggedRequest } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { CopyButton } from "~/shared/CopyButton";
import { FailureNote } from "~/shared/FailureNote";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { AnswerMark } from "~/shared/Status";
import { When } from "~/shared/When";
import { requestQuery } from "./queries";
import css from "./Requests.module.css";

interface Props {
  id: number | undefined;
  onClose: () => void;
}

/** One request: what was asked for, and what came of it. */
export function RequestDrawer({ id, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      size={520}
      title={t("requests.one")}
      classNames={{ title: css.title }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {id !== undefined && <Loaded key={id} id={id} />}
    </Drawer>
  );
}

function Loaded({ id }: { id: number }) {
  const request = useQuery(requestQuery(id));
  if (request.isError) {
    return <FailureNote error={request.error} retry={() => void request.refetch()} />;
  }
  return request.data ? <Details request={request.data} /> : <RowSkeleton rows={5} />;
}

function Details({ request }: { request: LoggedRequest }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={css.details}>
      <p className={css.what}>
        <bdi dir="ltr">
          <b>{request.method}</b> {request.path}
          {request.query != null && `?${request.query}`}
        </bdi>
      </p>
      <dl className={css.facts}>
        <Fact name={t("requests.status")}>
          <AnswerMark status={request.status} />
        </Fact>
        {request.error_code != null && (
          <Fact name={t("requests.error")}>
            <a href={`/docs/errors/${request.error_code}`} target="_blank" rel="noreferrer">
              <code>{request.error_code}</code>
            </a>
          </Fact>
        )}
        <Fact name={t("requests.time")}>
          <When at={request.at} />
        </Fact>
        <Fact name={t("requests.duration")}>
          <span className="num">
            <bdi dir="ltr">{`${format.number(request.duration_ms)} ms`}</bdi>
          </span>
        </Fact>
        <Fact name={t("requests.key")}>
          {request.key.name} <code>{`${request.key.prefix}…`}</code>
        </Fact>
        <Fact name={t("common.requestId")}>
          <span className={css.id}>
            <code>{request.request_id}</code>
            <CopyButton text={request.request_id} label={t("common.copy")} />
          </span>
        </Fact>
      </dl>
      {request.body != null && (
        <section>
          <h3 className={css.subtitle}>{t("requests.body")}</h3>
          <p className="dim">{t("requests.masked")}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
          <pre className={css.body} tabIndex={0} dir="ltr">
            {typeof request.body === "string"
              ? request.body
              : JSON.stringify(request.body, null, 2)}
          </pre>
        </section>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
