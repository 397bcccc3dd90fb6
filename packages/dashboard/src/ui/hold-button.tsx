import { useEffect, useRef, useState } from "preact/hooks";

/** So long it is held before it counts: too long for a slip, short enough for an emergency. */
const HOLD_MS = 700;

/** After a short press a second one counts within this time, for those who can't hold. */
const ARMED_MS = 5_000;

export interface HoldButtonProps {
  readonly label: string;
  /** What is done, for the second press: `kill new-search`. */
  readonly what: string;
  /** Called once for each confirmed press. May be called again: it is never disabled. */
  readonly onConfirm: () => void;
  readonly class?: string;
}

/**
 * The button that takes a feature back. Held for a moment, by finger, mouse or key, it acts; a short press arms it, and a second one acts:
 * so it works with a switch or a screen reader too, and no dialog has to load.
 */
export function HoldButton({ label, what, onConfirm, class: extra = "" }: HoldButtonProps) {
  const [isHeld, setHeld] = useState(false);
  const [isArmed, setArmed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pressedAt = useRef<number>(undefined);
  const hasActed = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!isArmed) return undefined;
    const disarm = setTimeout(() => setArmed(false), ARMED_MS);
    return () => clearTimeout(disarm);
  }, [isArmed]);

  const act = (): void => {
    hasActed.current = true;
    pressedAt.current = undefined;
    setHeld(false);
    setArmed(false);
    onConfirm();
  };
  const press = ({ timeStamp }: Event): void => {
    if (pressedAt.current !== undefined) return;
    pressedAt.current = timeStamp;
    hasActed.current = false;
    setHeld(true);
    timer.current = setTimeout(act, HOLD_MS);
  };
  const release = ({ timeStamp }: Event): void => {
    clearTimeout(timer.current);
    // A browser that is busy lets the timer wait longer than whoever held the button.
    if (pressedAt.current !== undefined && timeStamp - pressedAt.current >= HOLD_MS) act();
    pressedAt.current = undefined;
    setHeld(false);
  };
  const click = (): void => {
    if (hasActed.current) {
      hasActed.current = false;
      return;
    }
    if (isArmed) act();
    else setArmed(true);
    hasActed.current = false;
  };
  const isKey = (event: KeyboardEvent): boolean => event.key === "Enter" || event.key === " ";
  return (
    <button
      type="button"
      class={`button hold ${extra}`}
      data-held={isHeld}
      data-armed={isArmed}
      title={`Hold to ${what}, or press twice`}
      onPointerDown={(event) => event.button === 0 && press(event)}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!isKey(event)) return;
        // The browser's own click comes with the first press of Enter, before anything was held.
        event.preventDefault();
        if (!event.repeat) press(event);
      }}
      onKeyUp={(event) => {
        if (!isKey(event)) return;
        event.preventDefault();
        release(event);
        click();
      }}
      onBlur={release}
      onClick={click}
    >
      <span aria-hidden="true">■</span>
      <span aria-live="assertive">{isArmed ? `Press again to ${what}` : isHeld ? "Keep holding …" : label}</span>
    </button>
  );
}
