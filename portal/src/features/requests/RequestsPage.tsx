import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import type { LoggedRequest } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { SearchIcon } from "~/shared/icons";
import { MoreButton } from "~/shared/MoreButton";
import { Page } from "~/shared/Page";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { AnswerMark } from "~/shared/Status";
import table from "~/shared/Table.module.css";
import { When } from "~/shared/When";
import { KINDS, requestsQuery } from "./queries";
import { RequestDrawer } from "./RequestDrawer";
import css from "./Requests.module.css";

const route = getRouteApi("/inside/requests");

/** What programs asked for with the account's keys. */
export function RequestsPage() {
  const { t } = useTranslation();
  const { status, path, request: opened } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(requestsQuery({ status, path }));
  const requests = list.data?.pages.flatMap((page) => page.requests) ?? [];
  const filtered = status !== undefined || path !== undefined;
  const clear = () => void navigate({ search: {}, replace: true });
  return (
    <Page title={t("requests.title")} lead={t("requests.lead")}>
      <Filters />
      {list.isPending && <RowSkeleton rows={6} />}
      {list.isError && requests.length === 0 && (
        <div className={css.failure}>
          <FailureNote error={list.error} retry={() => void list.refetch()} />
        </div>
      )}
      {list.isSuccess && requests.length === 0 && (
        <Empty
          title={filtered ? t("requests.none.title") : t("requests.empty.title")}
          text={filtered ? undefined : t("requests.empty.text")}
          action={
            filtered ? (
              <Button variant="default" onClick={clear}>
                {t("sms.filters.clear")}
              </Button>
            ) : (
              <Button component={Link} to="/api-keys">
                {t("nav.apiKeys")}
              </Button>
            )
          }
        />
      )}
      {requests.length > 0 && (
        <RequestsTable
          requests={requests}
          onOpen={({ id }) => void navigate({ search: (old) => ({ ...old, request: id }) })}
        />
      )}
      <MoreButton list={list} className={table.more} />
      <RequestDrawer
        id={opened}
        onClose={() => void navigate({ search: (old) => ({ ...old, request: undefined }) })}
      />
    </Page>
  );
}

function Filters() {
  const { t } = useTranslation();
  const { status, path } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(path ?? "");
  const search = useDebouncedCallback(
    (text: string) =>
      void navigate({ search: (old) => ({ ...old, path: text || undefined }), replace: true }),
    300,
  );
  // "Clear" empties it from outside.
  const shown = path === undefined && !search.isPending() ? "" : typed;
  return (
    <search className={css.filters} aria-label={t("requests.filters")}>
      <TextInput
        size="xs"
        className={css.path}
        aria-label={t("requests.path")}
        placeholder={t("requests.path")}
        leftSection={<SearchIcon />}
        value={shown}
        dir="ltr"
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          search(event.currentTarget.value);
        }}
      />
      <SegmentedControl
        size="xs"
        aria-label={t("requests.status")}
        value={status ?? ""}
        onChange={(value) =>
          void navigate({
            search: (old) => ({ ...old, status: KINDS.find((kind) => kind === value) }),
            replace: true,
          })
        }
        data={[
          { value: "", label: t("requests.all") },
          ...KINDS.map((kind) => ({ value: kind, label: kind })),
        ]}
      />
    </search>
  );
}

interface TableProps {
  requests: readonly LoggedRequest[];
  onOpen: (request: LoggedRequest) => void;
}

function RequestsTable({ requests, onOpen }: TableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t("requests.status")}</th>
            <th scope="col">{t("requests.call")}</th>
            <th scope="col" className={table.wideOnly}>
              {t("requests.key")}
            </th>
            <th scope="col" className={`${table.end} ${table.wideOnly}`}>
              {t("requests.duration")}
            </th>
            <th scope="col">{t("requests.time")}</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request) => (
            <tr key={request.id}>
              <td>
                <AnswerMark status={request.status} />
              </td>
              <td>
                <button type="button" className={css.call} onClick={() => onOpen(request)}>
                  <bdi dir="ltr">
                    <b>{request.method}</b> {request.path.replace("/api/v1", "")}
                  </bdi>
                </button>
                {request.error_code != null && (
                  <code className={css.code}>{request.error_code}</code>
                )}
              </td>
              <td className={`${table.wideOnly} dim`}>{request.key.name}</td>
              <td className={`${table.end} ${table.wideOnly} num dim`}>
                <bdi dir="ltr">{`${format.number(request.duration_ms)} ms`}</bdi>
              </td>
              <td className="dim">
                <When at={request.at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
