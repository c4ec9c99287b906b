import { Button, Drawer, SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { getRouteApi } from "@tanstack/react-router";
import {
  lazy,
  type ReactNode,
  type RefObject,
  Suspense,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { isBusy } from "~/app/shortcuts";
import { useSession } from "~/features/accounts/session";
import { openCompose } from "~/features/compose/open";
import { useTranslation } from "~/i18n";
import { PencilIcon, PhoneIcon } from "~/shared/icons";
import { Page } from "~/shared/Page";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { Figures } from "./Figures";
import { FilterBar } from "./FilterBar";
import { MessageDetailPanel } from "./MessageDetailPanel";
import { MessageLog } from "./MessageLog";
import css from "./SmsPage.module.css";

const Conversations = lazy(() => import("./Conversations"));
const VirtualPhone = lazy(() => import("~/features/phone/VirtualPhone"));

const route = getRouteApi("/inside/sms");

/** The inbox and outbox of all numbers. */
export function SmsPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const session = useSession();
  const [phone, setPhone] = useState(false);
  const wide = useMediaQuery("(min-width: 75em)", undefined, { getInitialValueInEffect: false });
  const { view, message, with: _with, via: _via, ...filters } = search;
  const conversations = view === "conversations";
  const split = useRef<HTMLDivElement>(null);
  useTop(split);

  const close = () => void navigate({ search: (old) => ({ ...old, message: undefined }) });
  useEffect(() => {
    if (message === undefined || !wide) {
      return undefined;
    }
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !isBusy(event)) {
        void navigate({ search: (old) => ({ ...old, message: undefined }) });
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [message, wide, navigate]);

  const detail = message !== undefined && (
    <MessageDetailPanel key={message} id={message} onClose={close} />
  );
  return (
    <Page
      title={t("sms.title")}
      fill={conversations}
      actions={
        <>
          {session?.demo && (
            <Button
              variant="default"
              leftSection={<PhoneIcon />}
              aria-pressed={phone}
              onClick={() => setPhone((open) => !open)}
            >
              {t("phone.title")}
            </Button>
          )}
          <Button
            leftSection={<PencilIcon />}
            onClick={() => openCompose({ from: filters.number })}
          >
            {t("compose.title")}
          </Button>
        </>
      }
    >
      <div className={css.top} data-thread={(conversations && _with !== undefined) || undefined}>
        <Figures number={filters.number} />
      </div>
      <div className={css.bar}>
        <SegmentedControl
          size="xs"
          aria-label={t("sms.view.label")}
          value={conversations ? "conversations" : "log"}
          onChange={(value) =>
            void navigate({
              search: (old) => ({
                ...old,
                view: value === "conversations" ? "conversations" : undefined,
                message: undefined,
              }),
            })
          }
          data={[
            { value: "log", label: t("sms.view.log") },
            { value: "conversations", label: t("sms.view.conversations") },
          ]}
        />
        <FilterBar filters={filters} numberOnly={conversations} />
      </div>
      <div className={css.split} ref={split} data-fill={conversations || undefined}>
        <div className={css.list}>
          {conversations ? (
            <Suspense fallback={<RowSkeleton />}>
              <Conversations />
            </Suspense>
          ) : (
            <MessageLog
              filters={filters}
              open={message}
              narrow={wide === true && Boolean(detail || phone)}
            />
          )}
        </div>
        {wide && detail && <div className={css.aside}>{detail}</div>}
        {wide && phone && (
          <div className={css.aside} data-phone>
            <Suspense>
              <VirtualPhone onClose={() => setPhone(false)} />
            </Suspense>
          </div>
        )}
      </div>
      {!wide && (
        <SidePanel opened={message !== undefined} onClose={close} label={t("sms.detail.title")}>
          {detail}
        </SidePanel>
      )}
      {!wide && (
        <SidePanel opened={phone} onClose={() => setPhone(false)} label={t("phone.title")}>
          <Suspense>
            <VirtualPhone onClose={() => setPhone(false)} />
          </Suspense>
        </SidePanel>
      )}
    </Page>
  );
}

/** Tells the panels beside the list how much of the window is above them. */
function useTop(ref: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const tell = () => {
      const top = Math.max(0, ref.current?.getBoundingClientRect().top ?? 0);
      ref.current?.style.setProperty("--top", `${top}px`);
    };
    tell();
    const resized = new ResizeObserver(tell);
    resized.observe(document.body);
    window.addEventListener("scroll", tell, { passive: true });
    return () => {
      resized.disconnect();
      window.removeEventListener("scroll", tell);
    };
  }, [ref]);
}

interface SidePanelProps {
  opened: boolean;
  onClose: () => void;
  label: string;
  children: ReactNode;
}

/** Where there is no room beside the list, a panel lies over it. */
function SidePanel({ opened, onClose, label, children }: SidePanelProps) {
  return (
    <Drawer.Root opened={opened} onClose={onClose} position="right" size={440} padding={0}>
      <Drawer.Overlay />
      <Drawer.Content aria-label={label}>
        <Drawer.Body className={css.panel}>{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
