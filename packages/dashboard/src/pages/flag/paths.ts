/** Where a flag's configuration is read and changed. */
export const configPath = (environment: string, key: string): string =>
  `/api/v1/environments/${encodeURIComponent(environment)}/flags/${encodeURIComponent(key)}`;

/** Where a flag's definition is. */
export const flagPath = (key: string): string => `/api/v1/flags/${encodeURIComponent(key)}`;
