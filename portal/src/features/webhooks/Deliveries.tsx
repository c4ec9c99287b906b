import { Button } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, idempotencyKey, take } from "~/api/client";
import type { Webhook, WebhookAttempt, WebhookDelivery } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { MoreButton } from "~/shared/MoreButton";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { DeliveryStatusMark } from "~/shared/Status";
import { When } from "~/shared/When";
import { deliveriesQuery } from "./queries";
import css from "./Webhooks.module.css";

const WEEK_MS = 7 * 86_400_000;

/** What was pushed to a webhook, newest first, with each attempt. */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const list = useInfiniteQuery(deliveriesQuery(webhook.id));
  const refresh = () => cache.invalidateQueries({ queryKey: deliveriesQuery(webhook.id).queryKey });
  const recover = useMutation({
    mutationFn: () =>
      take(
        api.POST("/portal/webhooks/{id}/recover", {
          params: { path: { id: webhook.id } },
          headers: { "Idempotency-Key": idempotencyKey() },
          // What was made before the webhook is not its own to recover: the server sees to it.
          body: { since: new Date(Date.now() - WEEK_MS).toISOString() },
        }),
      ),
    onSuccess: refresh,
  });
  const deliveries = list.data?.pages.flatMap((page) => page.deliveries) ?? [];
  return (
    <section>
      <h3 className={css.subtitle}>{t("webhooks.deliveries.title")}</h3>
      {list.isPending && <RowSkeleton rows={3} />}
      {list.isError && deliveries.length === 0 && (
        <FailureNote error={list.error} retry={() => void list.refetch()} />
      )}
      {list.isSuccess && deliveries.length === 0 && (
        <p className="dim">{t("webhooks.deliveries.empty")}</p>
      )}
      <ul className={css.deliveries} aria-label={t("webhooks.deliveries.title")}>
        {deliveries.map((delivery) => (
          <Delivery
            key={delivery.id}
            webhook={webhook}
            delivery={delivery}
            onResent={() => void refresh()}
          />
        ))}
      </ul>
      {recover.error !== null && <FailureNote error={recover.error} />}
      <div className={css.actions}>
        <MoreButton list={list} />
        {webhook.status === "enabled" && deliveries.some(({ status }) => status === "failed") && (
          <Button
            variant="default"
            size="xs"
            loading={recover.isPending}
            onClick={() => recover.mutate()}
          >
            {t("webhooks.deliveries.recover")}
          </Button>
        )}
      </div>
    </section>
  );
}

interface DeliveryProps {
  webhook: Webhook;
  delivery: WebhookDelivery;
  onResent: () => void;
}

export function Delivery({ webhook, delivery, onResent }: DeliveryProps) {
  const { t } = useTranslation();
  const resend = useMutation({
    mutationFn: () =>
      take(
        api.POST("/portal/webhooks/{id}/deliveries/{delivery_id}/resend", {
          params: { path: { id: webhook.id, delivery_id: delivery.id } },
          headers: { "Idempotency-Key": idempotencyKey() },
        }),
      ),
    onSuccess: onResent,
  });
  return (
    <li>
      <details>
        <summary>
          <span>
            <code>{delivery.event}</code>
            {delivery.test && <span className="dim"> {t("webhooks.deliveries.test")}</span>}
          </span>
          <DeliveryStatusMark status={delivery.status} />
          <When at={delivery.created_at} />
        </summary>
        <div className={css.delivery}>
          {delivery.attempts.map((attempt) => (
            <Attempt key={attempt.attempt} attempt={attempt} />
          ))}
          {delivery.next_attempt_at && (
            <p className="dim">
              {t("webhooks.deliveries.next")} <When at={delivery.next_attempt_at} style="exact" />
            </p>
          )}
          {resend.error !== null && <FailureNote error={resend.error} />}
          {delivery.status !== "pending" && webhook.status === "enabled" && (
            <div className={css.actions}>
              <Button
                size="xs"
                variant="default"
                loading={resend.isPending}
                onClick={() => resend.mutate()}
              >
                {t("webhooks.deliveries.resend")}
              </Button>
            </div>
          )}
        </div>
      </details>
    </li>
  );
}

/** One try: what was answered, how fast, and how it began. */
function Attempt({ attempt }: { attempt: WebhookAttempt }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={css.attempt}>
      <p>
        <When at={attempt.started_at} style="exact" />
        {" · "}
        <span className="num">
          {attempt.status_code == null ? t("webhooks.deliveries.silent") : attempt.status_code}
        </span>
        {" · "}
        <span className="num">
          {t("webhooks.deliveries.took", { ms: format.number(attempt.duration_ms) })}
        </span>
      </p>
      {attempt.error && <p dir="auto">{attempt.error}</p>}
      {attempt.response && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <pre dir="ltr" tabIndex={0}>
          {attempt.response}
        </pre>
      )}
    </div>
  );
}
