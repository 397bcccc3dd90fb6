/** Reports something about a part of the plan: `part` is the plan's own object, whose place in the document is known. */
export type Warn = (part: object, message: string, hint: string) => void;
