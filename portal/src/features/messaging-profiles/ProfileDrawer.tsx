import { Button, Drawer, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, idempotencyKey, take } from "~/api/client";
import type { MessagingProfile, NewMessagingProfile } from "~/api/types";
import { numbersQuery } from "~/features/numbers/queries";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { ProfileForm } from "./ProfileForm";
import css from "./Profiles.module.css";
import { profilesQuery } from "./queries";

/** Makes a messaging profile. */
export function CreateProfile({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const create = useMutation({
    mutationFn: (body: NewMessagingProfile & { name: string }) =>
      take(
        api.POST("/portal/messaging-profiles", {
          // What was corrected is another request.
          headers: { "Idempotency-Key": idempotencyKey() },
          body,
        }),
      ),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: profilesQuery.queryKey });
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("profiles.create")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <ProfileForm
        action={t("profiles.create")}
        isPending={create.isPending}
        error={create.error}
        onSubmit={create.mutate}
      />
    </Modal>
  );
}

interface Props {
  profile: MessagingProfile | undefined;
  onClose: () => void;
}

/** The settings of one messaging profile. */
export function ProfileDrawer({ profile, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={profile !== undefined}
      onClose={onClose}
      size={440}
      title={t("profiles.one")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {profile && <Change key={profile.id} profile={profile} onClose={onClose} />}
    </Drawer>
  );
}

function Change({ profile, onClose }: { profile: MessagingProfile; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [asking, setAsking] = useState(false);
  const params = { path: { id: profile.id } };
  const save = useMutation({
    mutationFn: (body: NewMessagingProfile) =>
      take(api.PATCH("/portal/messaging-profiles/{id}", { params, body })),
    onSuccess: async () => {
      await Promise.all([
        cache.invalidateQueries({ queryKey: profilesQuery.queryKey }),
        // They bear its name.
        cache.invalidateQueries({ queryKey: numbersQuery.queryKey }),
      ]);
      onClose();
    },
  });
  const remove = useMutation({
    mutationFn: () => take(api.DELETE("/portal/messaging-profiles/{id}", { params })),
    onSuccess: async () => {
      onClose();
      await cache.invalidateQueries({ queryKey: profilesQuery.queryKey });
    },
  });
  return (
    <>
      <ProfileForm
        profile={profile}
        action={t("profiles.save")}
        isPending={save.isPending}
        error={save.error}
        onSubmit={save.mutate}
        aside={
          !profile.default && (
            <Button variant="default" onClick={() => setAsking(true)}>
              {t("profiles.delete.action")}
            </Button>
          )
        }
      />
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={t("profiles.delete.title")}
        size="sm"
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <div className={css.form}>
          <p>{t("profiles.delete.text")}</p>
          {remove.error !== null && <FailureNote error={remove.error} />}
          <div className={css.actions}>
            <Button variant="default" data-autofocus onClick={() => setAsking(false)}>
              {t("common.cancel")}
            </Button>
            <Button color="red.8" loading={remove.isPending} onClick={() => remove.mutate()}>
              {t("profiles.delete.action")}
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}
