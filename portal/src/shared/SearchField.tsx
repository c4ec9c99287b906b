import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { SEARCH_ID } from "~/app/shortcuts";
import { useTranslation } from "~/i18n";
import { SearchIcon } from "~/shared/icons";

interface Props {
  className: string | undefined;
  label: string;
  value: string;
  onChange: (text: string) => void;
}

/** Searches while one types, without a query for every key. */
export function SearchField({ className, label, value, onChange }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(value);
  const later = useDebouncedCallback(onChange, 250);
  useEffect(() => setTyped(value), [value]);
  return (
    <TextInput
      id={SEARCH_ID}
      className={className}
      size="xs"
      aria-label={label}
      placeholder={label}
      value={typed}
      leftSection={<SearchIcon size={14} />}
      rightSection={
        typed === "" ? null : (
          <CloseButton
            size="xs"
            aria-label={t("common.clear")}
            onClick={() => {
              setTyped("");
              onChange("");
            }}
          />
        )
      }
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        later(event.currentTarget.value);
      }}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
    />
  );
}
