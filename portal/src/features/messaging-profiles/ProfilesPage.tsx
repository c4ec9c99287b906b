import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { MessagingProfile } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { PlusIcon } from "~/shared/icons";
import { Page } from "~/shared/Page";
import { RowSkeleton } from "~/shared/RowSkeleton";
import table from "~/shared/Table.module.css";
import { CreateProfile, ProfileDrawer } from "./ProfileDrawer";
import css from "./Profiles.module.css";
import { profilesQuery } from "./queries";
import { WebhookHealthMark } from "./WebhookHealthMark";

const route = getRouteApi("/inside/messaging-profiles");

export function ProfilesPage() {
  const { t } = useTranslation();
  const [creating, setCreating] = useState(false);
  const profiles = useQuery(profilesQuery);
  const { profile: opened } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page
      title={t("profiles.title")}
      lead={t("profiles.lead")}
      actions={
        <Button leftSection={<PlusIcon />} onClick={() => setCreating(true)}>
          {t("profiles.create")}
        </Button>
      }
    >
      {profiles.isPending && <RowSkeleton rows={2} />}
      {profiles.isError && (
        <div className={css.failure}>
          <FailureNote error={profiles.error} retry={() => void profiles.refetch()} />
        </div>
      )}
      {profiles.data !== undefined && (
        <ProfilesTable
          profiles={profiles.data}
          onOpen={({ id }) => void navigate({ search: { profile: id } })}
        />
      )}
      {creating && <CreateProfile onClose={() => setCreating(false)} />}
      <ProfileDrawer
        profile={profiles.data?.find(({ id }) => id === opened)}
        onClose={() => void navigate({ search: {} })}
      />
    </Page>
  );
}

interface TableProps {
  profiles: readonly MessagingProfile[];
  onOpen: (profile: MessagingProfile) => void;
}

function ProfilesTable({ profiles, onOpen }: TableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t("profiles.name")}</th>
            <th scope="col">{t("nav.numbers")}</th>
            <th scope="col">{t("nav.webhooks")}</th>
            <th scope="col" className={table.wideOnly}>
              {t("profiles.optOuts")}
            </th>
            <th scope="col" className={table.wideOnly}>
              {t("profiles.fallbackShort")}
            </th>
            <th scope="col">
              <span className="visually-hidden">{t("profiles.edit")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {profiles.map((profile) => (
            <tr key={profile.id}>
              <td>
                <bdi className={css.name}>{profile.name}</bdi>
                {profile.default && <div className="dim">{t("profiles.default")}</div>}
              </td>
              <td className="num">{format.number(profile.health.numbers)}</td>
              <td>
                <WebhookHealthMark profile={profile} />
              </td>
              <td className={`num ${table.wideOnly}`}>{format.number(profile.health.opt_outs)}</td>
              <td className={table.wideOnly}>
                {profile.sender_fallback ? t("profiles.on") : t("profiles.off")}
              </td>
              <td className={table.end}>
                <Button size="xs" variant="default" onClick={() => onOpen(profile)}>
                  {t("profiles.edit")}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
