import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { type Failure, failureOf } from "../api/problem.ts";
import { FailureNotice } from "./state.tsx";

export interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly onClose: () => void;
}

/** A dialog over the page. Escape and the backdrop close it; focus goes in, and back to where it was. */
export function Dialog({ title, children, onClose }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    // A dialog that is taken out of the page without being closed leaves the focus nowhere.
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog
      ref={ref}
      class="dialog"
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && ref.current?.close()}
    >
      <div class="dialog-body">
        <h2 id={titleId}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

export interface CommandDialogProps {
  readonly title: string;
  readonly children?: ComponentChildren;
  /** On the button: `Pause`. */
  readonly verb: string;
  /** Ask why; the text goes to `onConfirm`. */
  readonly asksReason?: boolean;
  readonly onConfirm: (reason: string) => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something is done, and stays with what went wrong when it could not be done: nothing that was typed is lost. */
export function CommandDialog({ title, children, verb, asksReason = false, onConfirm, onClose }: CommandDialogProps) {
  const [reason, setReason] = useState("");
  const [failure, setFailure] = useState<Failure>();
  const [isBusy, setBusy] = useState(false);
  const reasonId = useId();
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    onConfirm(reason.trim()).then(onClose, (thrown: unknown) => {
      setFailure(failureOf(thrown));
      setBusy(false);
    });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        {children}
        {asksReason ? (
          <div class="field">
            <label for={reasonId}>Reason (goes into the audit)</label>
            <textarea
              id={reasonId}
              class="input"
              maxLength={1000}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </div>
        ) : null}
        {failure === undefined ? null : <FailureNotice failure={failure} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary" aria-disabled={isBusy}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
