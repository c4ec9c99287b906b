import { Button, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, idempotencyKey, take } from "~/api/client";
import type { ApiKey } from "~/api/types";
import { useTranslation } from "~/i18n";
import { CopyButton } from "~/shared/CopyButton";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { PlusIcon } from "~/shared/icons";
import { MoreButton } from "~/shared/MoreButton";
import { Page } from "~/shared/Page";
import { RowSkeleton } from "~/shared/RowSkeleton";
import table from "~/shared/Table.module.css";
import { When } from "~/shared/When";
import css from "./ApiKeys.module.css";
import { apiKeysQuery } from "./queries";
import { trial } from "./trial";

export function ApiKeysPage() {
  const { t } = useTranslation();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const list = useInfiniteQuery(apiKeysQuery);
  const keys = list.data?.pages.flatMap((page) => page.api_keys) ?? [];
  const create = (
    <Button leftSection={<PlusIcon />} onClick={() => setCreating(true)}>
      {t("apiKeys.create")}
    </Button>
  );
  return (
    <Page
      title={t("nav.apiKeys")}
      lead={t("apiKeys.lead")}
      actions={
        <>
          <Button variant="default" component="a" href="/docs" target="_blank">
            {t("apiKeys.docs")}
          </Button>
          <Button variant="default" component={Link} to="/requests">
            {t("requests.title")}
          </Button>
          {create}
        </>
      }
    >
      {list.isPending && <RowSkeleton rows={4} />}
      {list.isError && keys.length === 0 && (
        <div className={css.failure}>
          <FailureNote error={list.error} retry={() => void list.refetch()} />
        </div>
      )}
      {list.isSuccess && keys.length === 0 && (
        <Empty title={t("apiKeys.empty.title")} text={t("apiKeys.empty.text")} action={create} />
      )}
      {keys.length > 0 && <KeysTable keys={keys} onRevoke={setRevoking} />}
      <MoreButton list={list} className={table.more} />
      {creating && <CreateModal onClose={() => setCreating(false)} />}
      {revoking !== null && <RevokeModal apiKey={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

interface TableProps {
  keys: readonly ApiKey[];
  onRevoke: (key: ApiKey) => void;
}

function KeysTable({ keys, onRevoke }: TableProps) {
  const { t } = useTranslation();
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t("apiKeys.columns.name")}</th>
            <th scope="col">{t("apiKeys.columns.prefix")}</th>
            <th scope="col" className={table.wideOnly}>
              {t("apiKeys.columns.used")}
            </th>
            <th scope="col" className={table.wideOnly}>
              {t("apiKeys.columns.created")}
            </th>
            <th scope="col">
              <span className="visually-hidden">{t("apiKeys.revoke.action")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <td className={css.name}>
                {key.name}
                <Limits of={key} />
              </td>
              <td>
                <code>{`${key.prefix}…`}</code>
              </td>
              <td className={table.wideOnly}>
                {key.last_used_at ? <When at={key.last_used_at} /> : t("apiKeys.never")}
              </td>
              <td className={table.wideOnly}>
                <When at={key.created_at} />
              </td>
              <td className={table.end}>
                <Button size="xs" variant="default" onClick={() => onRevoke(key)}>
                  {t("apiKeys.revoke.action")}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What a key may not do, and when it ends. */
function Limits({ of: { mode, scopes, expires_at: ends } }: { of: ApiKey }) {
  const { t } = useTranslation();
  const known = ACCESS.filter((scope) => scope !== "admin" && scopes.includes(scope));
  const limited = !scopes.includes("admin");
  // A test key of both scopes is what "test" says.
  const words =
    mode === "test" && known.length > 1 ? [] : known.map((scope) => t(`apiKeys.access.${scope}`));
  if (mode === "test") words.unshift(t("apiKeys.access.test"));
  return (
    (limited || ends) && (
      <small className={css.limits}>
        {limited && words.join(" · ")}
        {limited && ends && " · "}
        {ends && (
          <>
            {t("apiKeys.ends")} <When at={ends} />
          </>
        )}
      </small>
    )
  );
}

/** What a new key may do, most first. */
const ACCESS = ["admin", "send", "read"] as const;

/** What it may be chosen for. */
const CHOICES = [...ACCESS, "test"] as const;

/** Asks for a name, then shows the secret this once. */
function CreateModal({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [name, setName] = useState("");
  const [access, setAccess] = useState<(typeof CHOICES)[number]>(CHOICES[0]);
  const [key] = useState(idempotencyKey);
  const create = useMutation({
    mutationFn: () =>
      take(
        api.POST("/portal/api-keys", {
          headers: { "Idempotency-Key": key },
          body: {
            name: name.trim(),
            ...(access === "test" ? { mode: "test" } : { scopes: [access] }),
          },
        }),
      ),
    onSuccess: () => cache.invalidateQueries({ queryKey: apiKeysQuery.queryKey }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const secret = create.data?.api_key.secret;
  const refused = fieldError(create.error, "name");
  return (
    <Modal
      opened
      onClose={onClose}
      title={secret ? t("apiKeys.created.title") : t("apiKeys.create")}
      size={secret ? "lg" : "sm"}
      closeOnClickOutside={!secret}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {secret ? (
        <div className={css.form}>
          <p>{t("apiKeys.created.text")}</p>
          <div className={css.secret}>
            <code>{secret}</code>
            <CopyButton text={secret} label={t("common.copy")} />
          </div>
          {access !== "send" && (
            <>
              <p>{t("apiKeys.created.try")}</p>
              <div className={css.command}>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
                <pre tabIndex={0}>{trial(window.location.origin, secret)}</pre>
                <CopyButton
                  text={trial(window.location.origin, secret)}
                  label={t("compose.copyCurl")}
                />
              </div>
            </>
          )}
          <Button onClick={onClose}>{t("apiKeys.created.done")}</Button>
        </div>
      ) : (
        <form className={css.form} onSubmit={submit}>
          <TextInput
            label={t("apiKeys.columns.name")}
            placeholder={t("apiKeys.example")}
            required
            withAsterisk={false}
            maxLength={100}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={refused}
          />
          <NativeSelect
            label={t("apiKeys.access.label")}
            value={access}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setAccess(CHOICES.find((choice) => choice === value) ?? CHOICES[0]);
            }}
            data={CHOICES.map((choice) => ({
              value: choice,
              label: t(`apiKeys.access.${choice}`),
            }))}
            description={access === "test" ? t("apiKeys.access.testHint") : undefined}
          />
          {create.error !== null && !refused && <FailureNote error={create.error} />}
          <Button type="submit" loading={create.isPending}>
            {t("apiKeys.create")}
          </Button>
        </form>
      )}
    </Modal>
  );
}

function RevokeModal({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const revoke = useMutation({
    mutationFn: () =>
      take(api.DELETE("/portal/api-keys/{id}", { params: { path: { id: apiKey.id } } })),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("apiKeys.revoke.title", { name: apiKey.name })}
      size="sm"
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <div className={css.form}>
        <p>{t("apiKeys.revoke.text")}</p>
        {revoke.error !== null && <FailureNote error={revoke.error} />}
        <div className={css.actions}>
          <Button variant="default" data-autofocus onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button color="red.8" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            {t("apiKeys.revoke.action")}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
