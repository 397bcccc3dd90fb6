import { pointerOf } from "@rampart/core";

/** The user's id: what other products call key, userId or targetingKey. */
export const ID = "targetingKey";

/** How a clause names the attribute that lies under these names, one in the other: a plain name, or a JSON pointer. */
export function attributeNamed(steps: readonly string[]): string {
  const [only = ""] = steps;
  // A plain name that begins with a slash would be read as a pointer.
  return steps.length === 1 && !only.startsWith("/") ? only : pointerOf(steps);
}
