import { Input } from "@mantine/core";
import { type Ref, useDeferredValue, useId, useMemo } from "react";
import { marked } from "~/shared/segments/spelling";
import css from "./MarkedTextarea.module.css";

interface Props {
  ref?: Ref<HTMLTextAreaElement>;
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: string;
  tooLong: boolean;
}

/**
 * A text field in which the characters that force UCS-2 are marked: the same text
 * lies under it, invisible but for its marks, and gives it its height.
 */
export function MarkedTextarea({ ref, label, value, onChange, error, tooLong }: Props) {
  const id = useId();
  const settled = useDeferredValue(value);
  const runs = useMemo(() => marked(settled), [settled]);
  return (
    <Input.Wrapper label={label} error={error} id={id}>
      <div className={css.field} data-invalid={error !== undefined || tooLong || undefined}>
        <div className={css.under} aria-hidden="true" dir="auto">
          {runs.map((run, index) =>
            run.odd ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: runs have no other identity
              <mark key={index}>{run.text}</mark>
            ) : (
              run.text
            ),
          )}
          {"\n"}
        </div>
        <textarea
          ref={ref}
          id={id}
          className={css.text}
          dir="auto"
          rows={5}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          aria-invalid={error !== undefined || tooLong || undefined}
          spellCheck
        />
      </div>
    </Input.Wrapper>
  );
}
