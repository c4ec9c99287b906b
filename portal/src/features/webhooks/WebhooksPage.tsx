import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { Webhook } from "~/api/types";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { PlusIcon } from "~/shared/icons";
import { Page } from "~/shared/Page";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { WebhookStatusMark } from "~/shared/Status";
import table from "~/shared/Table.module.css";
import { When } from "~/shared/When";
import { CreateModal } from "./CreateModal";
import { webhooksQuery } from "./queries";
import { WebhookDrawer } from "./WebhookDrawer";
import css from "./Webhooks.module.css";

const route = getRouteApi("/inside/webhooks");

export function WebhooksPage() {
  const { t } = useTranslation();
  const [creating, setCreating] = useState(false);
  const webhooks = useQuery(webhooksQuery);
  const { webhook: opened } = route.useSearch();
  const navigate = route.useNavigate();
  const create = (
    <Button leftSection={<PlusIcon />} onClick={() => setCreating(true)}>
      {t("webhooks.create")}
    </Button>
  );
  return (
    <Page title={t("nav.webhooks")} lead={t("webhooks.lead")} actions={create}>
      {webhooks.isPending && <RowSkeleton rows={3} />}
      {webhooks.isError && (
        <div className={css.failure}>
          <FailureNote error={webhooks.error} retry={() => void webhooks.refetch()} />
        </div>
      )}
      {webhooks.data?.length === 0 && (
        <Empty title={t("webhooks.empty.title")} text={t("webhooks.empty.text")} action={create} />
      )}
      {webhooks.data !== undefined && webhooks.data.length > 0 && (
        <WebhooksTable
          webhooks={webhooks.data}
          onOpen={({ id }) => void navigate({ search: { webhook: id } })}
        />
      )}
      {creating && <CreateModal onClose={() => setCreating(false)} />}
      <WebhookDrawer
        webhook={webhooks.data?.find(({ id }) => id === opened)}
        onClose={() => void navigate({ search: {} })}
      />
    </Page>
  );
}

interface TableProps {
  webhooks: readonly Webhook[];
  onOpen: (webhook: Webhook) => void;
}

function WebhooksTable({ webhooks, onOpen }: TableProps) {
  const { t } = useTranslation();
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t("webhooks.url")}</th>
            <th scope="col">{t("webhooks.state")}</th>
            <th scope="col" className={table.wideOnly}>
              {t("webhooks.events")}
            </th>
            <th scope="col" className={table.wideOnly}>
              {t("webhooks.made")}
            </th>
            <th scope="col">
              <span className="visually-hidden">{t("webhooks.open")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {webhooks.map((webhook) => (
            <tr key={webhook.id}>
              <td className={css.url}>
                <bdi dir="ltr">{webhook.url}</bdi>
              </td>
              <td>
                <WebhookStatusMark webhook={webhook} />
              </td>
              <td className={table.wideOnly}>
                <span className={css.events}>
                  {webhook.events.map((event) => (
                    <code key={event}>{event}</code>
                  ))}
                </span>
              </td>
              <td className={table.wideOnly}>
                <When at={webhook.created_at} />
              </td>
              <td className={table.end}>
                <Button size="xs" variant="default" onClick={() => onOpen(webhook)}>
                  {t("webhooks.open")}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
