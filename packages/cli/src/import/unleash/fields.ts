/** Fields of a feature that are read, or have no part in the answers. */
export const FEATURE_FIELDS = new Set([
  "name",
  "enabled",
  "strategies",
  "variants",
  "dependencies",
  "description",
  "tags",
  "archived",
  "type",
  "project",
  "stale",
  "impressionData",
  "createdAt",
  "createdBy",
  "createdByUserId",
  "updatedAt",
  "lastSeenAt",
  "archivedAt",
  "favorite",
  "environments",
  "environment",
  "lastSeenAtEnvs",
  "collaborators",
  "children",
  "segments",
]);

/** Those of a strategy. */
export const STRATEGY_FIELDS = new Set([
  "id",
  "name",
  "title",
  "parameters",
  "constraints",
  "segments",
  "variants",
  "disabled",
  "sortOrder",
  "featureName",
  "environment",
  "projectId",
  "createdAt",
  "milestoneId",
]);

/** Those of a constraint. */
export const CONSTRAINT_FIELDS = new Set(["contextName", "operator", "value", "values", "inverted", "caseInsensitive"]);
