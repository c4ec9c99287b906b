import { Skeleton } from "@mantine/core";
import { useTranslation } from "~/i18n";
import css from "./RowSkeleton.module.css";

/** Stands in for rows while a list loads. */
export function RowSkeleton({ rows = 8 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("common.loading")}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <div key={index} className={css.row}>
          <Skeleton height={10} width={72} />
          <Skeleton height={10} width={`${34 + ((index * 17) % 30)}%`} />
          <Skeleton height={10} width={48} />
        </div>
      ))}
    </div>
  );
}
