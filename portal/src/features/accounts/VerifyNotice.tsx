import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "~/api/client";
import { useTranslation } from "~/i18n";
import { explain } from "~/shared/failures";
import { demoLink, localPath, rememberDemoLink } from "./demoLink";
import { useSession } from "./session";
import css from "./VerifyNotice.module.css";

/** Asks to confirm the address until that is done. */
export function VerifyNotice() {
  const { t } = useTranslation();
  const session = useSession();
  const [link, setLink] = useState(demoLink);
  const resend = useMutation({
    mutationFn: () => take(api.POST("/portal/email/verify/resend")),
    onSuccess: ({ demo_link }) => {
      rememberDemoLink(demo_link);
      setLink(demoLink());
    },
  });
  if (session === null || session.verified) {
    return null;
  }
  return (
    <div className={css.notice} role="status">
      <span className={css.text}>{t("accounts.verify.notice", { email: session.email })}</span>
      {link !== null ? (
        <a href={localPath(link)} className="link">
          {t("accounts.verify.demoLink")}
        </a>
      ) : (
        <Button
          size="compact-xs"
          variant="default"
          loading={resend.isPending}
          disabled={resend.isSuccess}
          onClick={() => resend.mutate()}
        >
          {resend.isSuccess ? t("accounts.verify.sent") : t("accounts.verify.resend")}
        </Button>
      )}
      {resend.error !== null && <span>{explain(resend.error, t).title}</span>}
    </div>
  );
}
