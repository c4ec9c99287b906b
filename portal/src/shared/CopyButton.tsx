import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "~/i18n";
import { CheckIcon, CopyIcon } from "./icons";

interface Props {
  text: string;
  label: string;
  variant?: "default" | "subtle" | "filled";
  size?: "compact-xs" | "xs" | "sm";
}

/** Copies a text and says so on itself. */
export function CopyButton({ text, label, variant = "default", size = "xs" }: Props) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) {
      return undefined;
    }
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    void copyText(text).then(() => setCopied(true));
  };
  return (
    <Button
      size={size}
      variant={variant}
      color={variant === "subtle" ? "gray" : undefined}
      leftSection={copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
      onClick={copy}
      aria-live="polite"
    >
      {copied ? t("common.copied") : label}
    </Button>
  );
}

/** The clipboard, also where the page has no secure context. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      // Refused: the older way may still work.
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
