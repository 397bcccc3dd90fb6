/** Why a bench's goals are missed, where they are, as far as is known; shown with its figures while one is. By name of the bench. */
export const MISSES = {};
