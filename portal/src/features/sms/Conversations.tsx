import { ActionIcon, Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Conversation } from "~/api/types";
import { openCompose } from "~/features/compose/open";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { BackIcon } from "~/shared/icons";
import { MoreButton } from "~/shared/MoreButton";
import { Phone } from "~/shared/Phone";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { When } from "~/shared/When";
import css from "./Conversations.module.css";
import { conversationsQuery } from "./queries";
import { Thread } from "./Thread";

const route = getRouteApi("/inside/sms");

/** The same messages by whom they were exchanged with. */
export default function Conversations() {
  const { t } = useTranslation();
  const { number, with: other, via } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(conversationsQuery(number));
  const conversations = list.data?.pages.flatMap((page) => page.conversations) ?? [];
  const open = other !== undefined && via !== undefined;
  const close = () =>
    void navigate({ search: (old) => ({ ...old, with: undefined, via: undefined }) });
  return (
    <div className={css.split} data-open={open || undefined}>
      <div className={css.list}>
        {list.isPending && <RowSkeleton rows={6} />}
        {list.isError && conversations.length === 0 && (
          <div className={css.failure}>
            <FailureNote error={list.error} retry={() => void list.refetch()} />
          </div>
        )}
        {list.isSuccess && conversations.length === 0 && (
          <Empty
            title={number === undefined ? t("sms.empty.title") : t("sms.none.title")}
            text={number === undefined ? t("sms.empty.text") : t("sms.none.text")}
            action={
              <Button onClick={() => openCompose({ from: number })}>{t("sms.empty.action")}</Button>
            }
          />
        )}
        <ul aria-label={t("sms.view.conversations")}>
          {conversations.map((conversation) => (
            <Row
              key={`${conversation.number_id} ${conversation.with}`}
              conversation={conversation}
              isOpen={conversation.with === other && conversation.number_id === via}
            />
          ))}
        </ul>
        <MoreButton list={list} className={css.more} />
      </div>
      <div className={css.thread}>
        {open ? (
          <>
            <header className={css.header}>
              <ActionIcon className={css.back} onClick={close} aria-label={t("common.back")}>
                <BackIcon />
              </ActionIcon>
              <h2>
                <Phone number={other} />
              </h2>
              <span className="dim">
                {t("sms.conversation.via")} <Own conversations={conversations} id={via} />
              </span>
            </header>
            <Thread key={`${via} ${other}`} number={via} other={other} />
          </>
        ) : (
          conversations.length > 0 && <p className={css.hint}>{t("sms.conversation.choose")}</p>
        )}
      </div>
    </div>
  );
}

function Own({ conversations, id }: { conversations: readonly Conversation[]; id: number }) {
  const known = conversations.find(({ number_id }) => number_id === id);
  return known === undefined ? null : <Phone number={ownNumber(known)} />;
}

/** Our side of a conversation. */
function ownNumber({ last_message: last }: Conversation): string {
  return last.direction === "outbound" ? last.from : last.to;
}

function Row({ conversation, isOpen }: { conversation: Conversation; isOpen: boolean }) {
  const { t } = useTranslation();
  const { last_message: last, with: other, number_id } = conversation;
  const failed = last.status === "failed";
  return (
    <li>
      <Link
        from="/sms"
        to="/sms"
        search={(old) => ({ ...old, with: other, via: number_id, message: undefined })}
        resetScroll={false}
        preload={false}
        className={css.row}
        data-open={isOpen || undefined}
        aria-current={isOpen || undefined}
      >
        <span className={css.who}>
          <Phone number={other} />
        </span>
        <span className={css.time}>
          <When at={last.created_at} />
        </span>
        <span className={css.text}>
          {last.direction === "outbound" && (
            <span data-failed={failed || undefined}>
              {`${failed ? t("status.failed") : t("sms.conversation.you")}:`}
            </span>
          )}
          <span className={css.body} dir="auto">
            {last.body}
          </span>
        </span>
        <span className={css.own}>
          <Phone number={ownNumber(conversation)} />
        </span>
      </Link>
    </li>
  );
}
