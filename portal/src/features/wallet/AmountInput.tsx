import { TextInput, type TextInputProps } from "@mantine/core";
import { useFormat } from "~/format/useFormat";

interface Props extends Omit<TextInputProps, "onChange"> {
  currency: string;
  onChange: (typed: string) => void;
}

/** An amount of money, typed with a decimal point or comma. */
export function AmountInput({ currency, onChange, ...props }: Props) {
  const format = useFormat();
  return (
    <TextInput
      inputMode="decimal"
      dir="ltr"
      leftSection={format.symbol(currency)}
      onChange={(event) => onChange(event.currentTarget.value)}
      classNames={{ input: "num" }}
      {...props}
    />
  );
}
