import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Message } from "~/api/types";
import { isBusy } from "~/app/shortcuts";
import { openCompose } from "~/features/compose/open";
import { usePending } from "~/features/compose/outbox";
import { useCurrency } from "~/features/wallet/useCurrency";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { type Filters, isFiltered, matches, toQuery } from "./filters";
import css from "./MessageLog.module.css";
import { MessageRow } from "./MessageRow";
import { messagesQuery } from "./queries";
import { standIn } from "./standIn";

const route = getRouteApi("/inside/sms");

interface Props {
  filters: Filters;
  /** The message whose detail is open. */
  open: number | undefined;
  /** Beside an open panel there is room for less. */
  narrow: boolean;
}

/** All messages under the filters, newest first; only the rows in view exist. */
export function MessageLog({ filters, open, narrow }: Props) {
  const { t } = useTranslation();
  const { timeZone } = useFormat();
  const query = useMemo(() => toQuery(filters, timeZone), [filters, timeZone]);
  // Under new filters the old rows stay until the new ones are there.
  const messages = useInfiniteQuery({
    ...messagesQuery(query),
    placeholderData: keepPreviousData,
  });
  const pending = usePending();
  const currency = useCurrency();
  const rows = useMemo(() => {
    const loaded = messages.data?.pages.flatMap((page) => page.messages) ?? [];
    const waiting = pending
      .map((each) => standIn(each, currency))
      .filter((message) => matches(query, message));
    return [...waiting, ...loaded];
  }, [messages.data, pending, query, currency]);

  const outdated = messages.isPlaceholderData;
  if (messages.isPending || (outdated && rows.length === 0)) {
    return <RowSkeleton />;
  }
  if (messages.isError && rows.length === 0) {
    return (
      <div className={css.failure}>
        <FailureNote error={messages.error} retry={() => void messages.refetch()} />
      </div>
    );
  }
  if (rows.length === 0) {
    return isFiltered(filters) ? <NothingFound /> : <NothingYet />;
  }
  return (
    <div className={css.log} aria-busy={outdated} data-outdated={outdated || undefined}>
      <div className={css.head} aria-hidden="true" data-narrow={narrow || undefined}>
        <span>{t("sms.columns.status")}</span>
        <span>{t("sms.columns.who")}</span>
        <span>{t("sms.columns.text")}</span>
        <span className={css.number}>{t("sms.columns.number")}</span>
        <span className={css.cost}>{t("sms.columns.cost")}</span>
        <span className={css.time}>{t("sms.columns.time")}</span>
      </div>
      <Rows
        rows={rows}
        open={open}
        narrow={narrow}
        hasMore={messages.hasNextPage && !messages.isFetchNextPageError}
        isLoading={messages.isFetching}
        isLoadingMore={messages.isFetchingNextPage}
        loadMore={messages.fetchNextPage}
      />
      {messages.isFetchNextPageError && (
        <div className={css.failure}>
          <FailureNote error={messages.error} retry={() => void messages.fetchNextPage()} />
        </div>
      )}
    </div>
  );
}

interface RowsProps {
  rows: readonly Message[];
  open: number | undefined;
  narrow: boolean;
  hasMore: boolean;
  isLoading: boolean;
  isLoadingMore: boolean;
  loadMore: () => unknown;
}

function Rows({ rows, open, narrow, hasMore, isLoading, isLoadingMore, loadMore }: RowsProps) {
  const { t } = useTranslation();
  const list = useRef<HTMLUListElement>(null);
  const small = useMediaQuery("(max-width: 40em)", undefined, { getInitialValueInEffect: false });
  const height = small ? 66 : 44;
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    // Measured after each render: what stands above may grow and shrink.
    const box = list.current?.getBoundingClientRect();
    if (box !== undefined) {
      setTop(Math.round(box.top + window.scrollY));
    }
  });
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height, other places
  useLayoutEffect(() => virtual.measure(), [height]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    // While the list is loaded again, a page more would cancel that.
    if (hasMore && !isLoading && last >= rows.length - 15) {
      loadMore();
    }
  }, [hasMore, isLoading, last, rows.length, loadMore]);

  useSteadyScroll(rows, height, top);
  const [cursor, moveTo] = useCursor(rows, open, list, virtual.scrollToIndex);
  return (
    <>
      <ul
        ref={list}
        className={css.rows}
        style={{ height: virtual.getTotalSize() }}
        aria-label={t("sms.list")}
      >
        {items.map(({ index, start, key }) => {
          const message = rows[index];
          return (
            message && (
              <MessageRow
                key={key}
                message={message}
                offset={start - top}
                height={height}
                small={small === true}
                narrow={narrow}
                isOpen={message.id === open}
                isCursor={message.id === cursor}
                onFocus={moveTo}
              />
            )
          );
        })}
      </ul>
      <p className={css.end} role="status">
        {isLoadingMore ? t("common.loading") : !hasMore && rows.length > 20 && t("sms.end")}
      </p>
    </>
  );
}

/** Keeps what is read where it is when rows arrive above it. */
function useSteadyScroll(rows: readonly Message[], height: number, top: number): void {
  const first = useRef(rows[0]?.id);
  useLayoutEffect(() => {
    const arrived = rows.findIndex(({ id }) => id === first.current);
    if (arrived > 0 && window.scrollY > top) {
      window.scrollBy(0, arrived * height);
    }
    first.current = rows[0]?.id;
  }, [rows, height, top]);
}

/** `j` and `k` move over the rows; an open detail follows. */
function useCursor(
  rows: readonly Message[],
  open: number | undefined,
  list: React.RefObject<HTMLUListElement | null>,
  scrollTo: (index: number) => void,
) {
  const navigate = route.useNavigate();
  const [cursor, setCursor] = useState<number | undefined>(open);
  const moveTo = useCallback((id: number) => setCursor(id), []);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isBusy(event) || (event.key !== "j" && event.key !== "k")) {
        return;
      }
      event.preventDefault();
      const at = rows.findIndex(({ id }) => id === (open ?? cursor));
      const step = event.key === "j" ? 1 : -1;
      const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1);
      const message = rows[next];
      if (message === undefined) {
        return;
      }
      setCursor(message.id);
      scrollTo(next);
      requestAnimationFrame(() =>
        list.current
          ?.querySelector<HTMLElement>(`[data-id="${message.id}"]`)
          ?.focus({ preventScroll: true }),
      );
      if (open !== undefined) {
        void navigate({ search: (old) => ({ ...old, message: message.id }), replace: true });
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [rows, cursor, open, navigate, list, scrollTo]);
  return [cursor, moveTo] as const;
}

function NothingYet() {
  const { t } = useTranslation();
  return (
    <Empty
      title={t("sms.empty.title")}
      text={t("sms.empty.text")}
      action={<Button onClick={() => openCompose()}>{t("sms.empty.action")}</Button>}
    />
  );
}

function NothingFound() {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  return (
    <Empty
      title={t("sms.none.title")}
      text={t("sms.none.text")}
      action={
        <Button
          variant="default"
          onClick={() => void navigate({ search: ({ view }) => ({ view }) })}
        >
          {t("sms.filters.clear")}
        </Button>
      }
    />
  );
}
