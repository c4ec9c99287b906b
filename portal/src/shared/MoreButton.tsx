import { Button } from "@mantine/core";
import { useTranslation } from "~/i18n";

interface Props {
  /** A list that is read page by page. */
  list: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => Promise<unknown>;
  };
  /** Of what stands around the button. */
  className?: string | undefined;
}

/** "Show more", where a list goes on. */
export function MoreButton({ list, className }: Props) {
  const { t } = useTranslation();
  if (!list.hasNextPage) {
    return null;
  }
  const button = (
    <Button
      variant="default"
      size="xs"
      loading={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      {t("common.more")}
    </Button>
  );
  return className === undefined ? button : <div className={className}>{button}</div>;
}
