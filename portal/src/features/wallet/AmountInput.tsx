import { TextInput, type TextInputProps } from "@mantine/core";
import { useFormat } from "~/format/useFormat";

interface Props extends Omit<TextInputProps, "onChange"> {
  currency: string;
  /** Digits after the point, where no others are taken. */
  decimals?: number;
  onChange: (typed: string) => void;
}

/** An amount of money, typed with a decimal point or comma. */
export function AmountInput({ currency, decimals, onChange, ...props }: Props) {
  const symbol = useFormat().symbol(currency);
  return (
    <TextInput
      inputMode={decimals === 0 ? "numeric" : "decimal"}
      dir="ltr"
      leftSection={symbol}
      {...(symbol.length > 1 && { leftSectionWidth: 50 })}
      onChange={(event) => onChange(event.currentTarget.value)}
      classNames={{ input: "num" }}
      {...props}
    />
  );
}
