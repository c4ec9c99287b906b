import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiFailure, api, idempotencyKey, take } from "~/api/client";
import { applyMessages } from "~/live/apply";
import { type Pending, post, withdraw } from "./outbox";

export type Outgoing = Omit<Pending, "key" | "created_at">;

interface Attempt extends Outgoing {
  key: string;
}

/** Sends a message: it appears at once, and its key makes trying again safe. */
export function useSend() {
  const cache = useQueryClient();
  const mutation = useMutation({
    mutationFn: ({ key, number_id, to, body }: Attempt) =>
      take(
        api.POST("/portal/sms/send", {
          params: { header: { "Idempotency-Key": key } },
          body: { from_number_id: number_id, to, body },
        }),
      ),
    onMutate: (attempt) => post({ ...attempt, created_at: new Date().toISOString() }),
    onSuccess: ({ message }, attempt) => {
      withdraw(attempt.key);
      applyMessages(cache, new Map([[message.id, message]]));
    },
    onError: (_error, attempt) => withdraw(attempt.key),
    retry: (failures, error) =>
      failures < 3 &&
      error instanceof ApiFailure &&
      (error.code === "network" || error.status === 503),
    retryDelay: (attempt) => 400 * 2 ** attempt,
  });
  return {
    send: (outgoing: Outgoing) => mutation.mutateAsync({ ...outgoing, key: idempotencyKey() }),
    isPending: mutation.isPending,
    error: mutation.error,
    reset: mutation.reset,
  };
}
