import { Button } from "@mantine/core";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import { sessionQuery } from "~/features/accounts/session";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { When } from "~/shared/When";
import { device } from "./device";
import { Section } from "./Section";
import css from "./Settings.module.css";

const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: async ({ signal }) =>
    (await take(api.GET("/portal/sessions", { params: { query: { limit: 200 } }, signal })))
      .sessions,
});

/** Where the account is signed in, and the end of it. */
export function Sessions() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const end = useMutation({
    mutationFn: (id: number) =>
      take(api.DELETE("/portal/sessions/{id}", { params: { path: { id } } })),
    onSuccess: (_answer, id) => {
      if (sessions.data?.some((session) => session.id === id && session.current)) {
        cache.setQueryData(sessionQuery.queryKey, null);
      }
    },
    onSettled: () => cache.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
  const endOthers = useMutation({
    mutationFn: () => take(api.DELETE("/portal/sessions")),
    onSettled: () => cache.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
  const error = end.error ?? endOthers.error;
  return (
    <Section title={t("settings.sessions")}>
      {sessions.isPending && <RowSkeleton rows={2} />}
      {sessions.isError && (
        <FailureNote error={sessions.error} retry={() => void sessions.refetch()} />
      )}
      <ul>
        {sessions.data?.map((session) => (
          <li key={session.id} className={css.session}>
            <div>
              <p title={session.user_agent ?? undefined}>
                {session.user_agent ? device(session.user_agent) : t("settings.unknownDevice")}
              </p>
              <p className="dim">
                {session.current ? (
                  t("settings.thisSession")
                ) : (
                  <>
                    {t("settings.lastUsed")} <When at={session.last_used_at} />
                  </>
                )}
              </p>
            </div>
            <Button
              size="xs"
              variant="default"
              loading={end.isPending && end.variables === session.id}
              onClick={() => end.mutate(session.id)}
            >
              {session.current ? t("accounts.signOut") : t("settings.revoke")}
            </Button>
          </li>
        ))}
      </ul>
      {error !== null && <FailureNote error={error} />}
      {(sessions.data?.length ?? 0) > 1 && (
        <Button variant="default" loading={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {t("settings.revokeOthers")}
        </Button>
      )}
    </Section>
  );
}
