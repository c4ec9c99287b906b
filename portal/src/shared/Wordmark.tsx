import css from "./Wordmark.module.css";

export function Wordmark() {
  return (
    <span className={css.mark} dir="ltr">
      <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" className={css.ground} />
        <path
          d="M9 11.500A2.5 2.5 0 0 1 11.5 9h9a2.5 2.5 0 0 1 2.5 2.500v6a2.5 2.5 0 0 1-2.5 2.500H15l-4 3.400V20a2 2 0 0 1-2-2z"
          fill="#fff"
        />
      </svg>
      didfarm
    </span>
  );
}
