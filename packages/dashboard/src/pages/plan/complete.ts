/** As much of JSON Schema as completion needs. */
export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly description?: string;
}

/** A name or value that fits where the cursor is. */
export interface Fit {
  readonly label: string;
  readonly description?: string;
}

/** What fits at the end of `before`, the text up to the cursor: names of fields, or the values of the one whose value is begun. */
export function fitsAt(before: string, schema: Schema): readonly Fit[] {
  const { path, field } = placeAt(before);
  const holders = path.reduce<readonly Schema[]>(
    (schemas, step) => schemas.flatMap((one) => into(one, step)),
    [schema],
  );
  if (field === undefined) return holders.flatMap(namesOf);
  return holders.flatMap((holder) => into(holder, field)).flatMap(valuesOf);
}

interface Place {
  readonly path: readonly string[];
  /** The field whose value is being written. */
  readonly field?: string;
}

/** Where a text ends, by its indentation and its open braces. */
function placeAt(before: string): Place {
  const lines = before.split("\n");
  const last = lines.at(-1) ?? "";
  const path = outerPath(lines);
  const open = last.lastIndexOf("{");
  if (open > last.lastIndexOf("}")) {
    const holder = /([\w-]+):\s*(?:\[\s*)?\{[^{}]*$/.exec(last)?.[1];
    const isItem = /^\s*-\s*\{[^{}]*$/.test(last) || /\[[^\]]*\{[^{}]*$/.test(last);
    const inner = [...path, ...(holder === undefined ? [] : [holder]), ...(isItem ? ["-"] : [])];
    return withField(
      inner,
      last
        .slice(open + 1)
        .split(",")
        .at(-1) ?? "",
    );
  }
  const isItem = /^\s*-\s/.test(last);
  return withField(isItem ? [...path, "-"] : path, last.replace(/^\s*(?:-\s+)?/, ""));
}

function withField(path: readonly string[], written: string): Place {
  const field = /^\s*([\w-]+):\s*[^\s]*$/.exec(written)?.[1];
  return field === undefined ? { path } : { path, field };
}

/** The fields that the last line stands inside of, the outermost first; `-` for an item of a list. */
function outerPath(lines: readonly string[]): readonly string[] {
  const path: string[] = [];
  let indent = indentOf(lines.at(-1) ?? "");
  for (const line of lines.slice(0, -1).toReversed()) {
    if (line.trim() === "" || line.trim().startsWith("#")) continue;
    const own = indentOf(line);
    const dash = /^\s*-\s+/.exec(line)?.[0].length;
    if (dash !== undefined && dash <= indent && own < indent) {
      path.unshift("-");
      indent = own;
    } else if (
      own < indent ||
      (own === indent && /^\s*-/.test(lines.at(-1) ?? "") && /:\s*$/.test(line) && dash === undefined)
    ) {
      const name = /^\s*([\w-]+):\s*$/.exec(line)?.[1];
      if (name === undefined) continue;
      path.unshift(name);
      indent = own;
    }
  }
  return path;
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

function alternatives(schema: Schema): readonly Schema[] {
  const { anyOf = [], oneOf = [], allOf = [] } = schema;
  return [schema, ...[...anyOf, ...oneOf, ...allOf].flatMap(alternatives)];
}

function into(schema: Schema, step: string): readonly Schema[] {
  return alternatives(schema).flatMap(({ properties, additionalProperties, items }) => {
    if (step === "-") return items === undefined ? [] : [items];
    const named = properties?.[step];
    if (named !== undefined) return [named];
    return typeof additionalProperties === "object" ? [additionalProperties] : [];
  });
}

function namesOf(schema: Schema): readonly Fit[] {
  return alternatives(schema).flatMap(({ properties = {} }) =>
    Object.entries(properties).map(([label, { description }]) => ({
      label,
      ...(description === undefined ? {} : { description }),
    })),
  );
}

function valuesOf(schema: Schema): readonly Fit[] {
  return alternatives(schema).flatMap((one) => (one.enum ?? []).map((value) => ({ label: String(value) })));
}
