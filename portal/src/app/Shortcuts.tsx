import { Modal } from "@mantine/core";
import { useTranslation } from "~/i18n";
import css from "./Shortcuts.module.css";

/** The list of keys. */
export default function Shortcuts({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const keys = [
    ["c", t("shortcuts.compose")],
    ["/", t("shortcuts.search")],
    ["j", t("shortcuts.next")],
    ["k", t("shortcuts.previous")],
    ["Enter", t("shortcuts.open")],
    ["Ctrl Enter", t("shortcuts.send")],
    ["Esc", t("shortcuts.close")],
    ["?", t("shortcuts.help")],
  ] as const;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("shortcuts.title")}
      size="sm"
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <dl className={css.list}>
        {keys.map(([key, meaning]) => (
          <div key={key} className={css.row}>
            <dt>
              {key.split(" ").map((each) => (
                <kbd key={each} className={css.key}>
                  {each}
                </kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
