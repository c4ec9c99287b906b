import { TextInput, type TextInputProps } from "@mantine/core";

interface Props extends Omit<TextInputProps, "onChange"> {
  currency: string;
  onChange: (typed: string) => void;
}

/** An amount of money, typed with a decimal point or comma. */
export function AmountInput({ currency, onChange, ...props }: Props) {
  return (
    <TextInput
      inputMode="decimal"
      dir="ltr"
      leftSection={currency === "EUR" ? "€" : <span className="dim">{currency}</span>}
      onChange={(event) => onChange(event.currentTarget.value)}
      classNames={{ input: "num" }}
      {...props}
    />
  );
}
