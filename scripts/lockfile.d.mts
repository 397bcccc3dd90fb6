/** One package of the lockfile. */
export interface LockedPackage {
  readonly key: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string | undefined;
  readonly needs: readonly string[];
  readonly isShipped: boolean;
}

export function readLockfile(): object;
export function packagesOf(lockfile: object): readonly LockedPackage[];
