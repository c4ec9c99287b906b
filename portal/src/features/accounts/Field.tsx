import { type ComponentProps, useId, useState } from "react";
import { useTranslation } from "~/i18n";
import css from "./Field.module.css";

interface Props extends Omit<ComponentProps<"input">, "onChange" | "value"> {
  label: string;
  description?: string;
  error?: string;
  value: string;
  onChange: (value: string) => void;
}

/** A labelled field; its error is read out with it. */
export function Field({ label, description, error, onChange, ...input }: Props) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const { t } = useTranslation();
  const secret = input.type === "password";
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <div className={css.box} data-invalid={error !== undefined || undefined}>
        <input
          {...input}
          id={id}
          type={secret && shown ? "text" : input.type}
          dir="ltr"
          aria-invalid={error !== undefined || undefined}
          aria-describedby={`${id}-note`}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
        {secret && (
          <button
            type="button"
            aria-pressed={shown}
            aria-label={t("accounts.showPassword")}
            onClick={() => setShown(!shown)}
          >
            {shown ? t("accounts.hide") : t("accounts.show")}
          </button>
        )}
      </div>
      <p id={`${id}-note`} className={css.note} data-error={error !== undefined || undefined}>
        {error ?? description}
      </p>
    </div>
  );
}
