import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { profilesQuery } from "./queries";

interface Props {
  label: string;
  description?: ReactNode;
  /** What it means to choose none. */
  none: string;
  chosen: number | null;
  onChange: (chosen: number | null) => void;
  disabled?: boolean;
  error?: string | undefined;
}

/** Chooses one of the account's messaging profiles, or none. */
export function ProfileSelect({ none, chosen, onChange, ...props }: Props) {
  const profiles = useQuery(profilesQuery);
  return (
    <NativeSelect
      {...props}
      value={chosen ?? ""}
      onChange={({ currentTarget: { value } }) => onChange(value === "" ? null : Number(value))}
      data={[
        { value: "", label: none },
        ...(profiles.data ?? []).map(({ id, name }) => ({ value: String(id), label: name })),
      ]}
    />
  );
}
