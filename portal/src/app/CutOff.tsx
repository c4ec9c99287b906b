import { useEffect, useState } from "react";
import { useTranslation } from "~/i18n";
import type { LinkState } from "~/live/stream";
import css from "./CutOff.module.css";

/** A short cut is mended before anybody needs to know. */
const PATIENCE_MS = 1_500;

/** Says that what is shown may be out of date. */
export function CutOff({ link }: { link: LinkState }) {
  const { t } = useTranslation();
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (link !== "cut") {
      setVisible(false);
      return undefined;
    }
    const timer = setTimeout(() => setVisible(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [link]);
  return (
    <div role="status" className={css.region} data-link={link}>
      {visible && <p className={css.strip}>{t("shell.cut")}</p>}
    </div>
  );
}
