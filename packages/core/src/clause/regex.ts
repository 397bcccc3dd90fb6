/**
 * Compiles a pattern to a search in linear time (RE2): core has no dependency, so the engine is handed in.
 * The pattern is unanchored. Throws when the pattern is invalid.
 */
export type LinearRegex = (pattern: string) => (text: string) => boolean;
