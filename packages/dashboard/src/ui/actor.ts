/** What was done, as the audit names it, in words: `flag.rolledBack` is `Flag rolled back`. */
export function actionWords(action: string): string {
  const words = action.replaceAll(".", " ").replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
