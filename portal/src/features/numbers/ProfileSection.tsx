import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, take } from "~/api/client";
import type { MyNumber } from "~/api/types";
import { ProfileSelect } from "~/features/messaging-profiles/ProfileSelect";
import { profilesQuery } from "~/features/messaging-profiles/queries";
import { WebhookHealthMark } from "~/features/messaging-profiles/WebhookHealthMark";
import { statsQuery } from "~/features/sms/queries";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import css from "./ConfigureDrawer.module.css";
import { Fact } from "./Fact";
import { canSend, numbersQuery } from "./queries";

/** Which messaging profile a number has, and how messages through it fare. */
export function ProfileSection({ number }: { number: MyNumber }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cache = useQueryClient();
  const stats = useQuery(statsQuery(number.id));
  const profiles = useQuery(profilesQuery);
  const assign = useMutation({
    mutationFn: (id: number | null) =>
      take(
        api.PATCH("/portal/numbers/{id}", {
          params: { path: { id: number.id } },
          body: { messaging_profile_id: id },
        }),
      ),
    onSuccess: async ({ number: changed }) => {
      cache.setQueryData(numbersQuery.queryKey, (numbers) =>
        numbers?.map((each) => (each.id === changed.id ? changed : each)),
      );
      await cache.invalidateQueries({ queryKey: profilesQuery.queryKey });
    },
  });
  const own = number.messaging_profile;
  const profile = profiles.data?.find(({ id }) => id === own?.id);
  const rate = stats.data?.delivery_rate_30d;
  return (
    <section className={css.section}>
      <ProfileSelect
        label={t("numbers.health.title")}
        none={t("numbers.health.noProfile")}
        chosen={own?.id ?? null}
        disabled={assign.isPending}
        onChange={assign.mutate}
      />
      {own == null && (
        <p className={css.warning} role="alert">
          {t("numbers.health.noProfileText")}
        </p>
      )}
      {assign.error !== null && <FailureNote error={assign.error} />}
      <dl className={css.facts}>
        <Fact name={t("numbers.health.outbound")}>
          {canSend(number) && own != null ? t("numbers.health.ready") : t("numbers.health.off")}
        </Fact>
        <Fact name={t("numbers.health.inbound")}>
          {number.status === "active" ? t("numbers.health.ready") : t("numbers.health.off")}
        </Fact>
        {profile && (
          <>
            <Fact name={t("nav.webhooks")}>
              <WebhookHealthMark profile={profile} />
            </Fact>
            <Fact name={t("profiles.optOuts")}>
              <span className="num">{format.number(profile.health.opt_outs)}</span>
            </Fact>
          </>
        )}
        <Fact name={t("sms.figures.rate")}>
          <span className="num">
            {rate === null || rate === undefined ? "–" : format.percent(rate)}
          </span>
        </Fact>
        <Fact name={t("sms.figures.month")}>
          <span className="num">{stats.data ? format.number(stats.data.this_month) : "–"}</span>
        </Fact>
      </dl>
      <div className={css.links}>
        {own != null && (
          <Link to="/messaging-profiles" search={{ profile: own.id }} className="link">
            {t("numbers.health.editProfile")}
          </Link>
        )}
        <Link to="/sms" search={{ number: number.id }} className="link">
          {t("numbers.health.messages")}
        </Link>
      </div>
    </section>
  );
}
