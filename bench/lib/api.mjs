/**
 * A call of the management API by an operator; resolves with the answer's body. Rejects with what was answered when that is no success.
 *
 * @param {{ port: number, operator: Record<string, string> }} server
 */
export async function call({ port, operator }, method, path, body) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...operator, accept: "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

/**
 * The longest stops of a server's event loop since this was asked last, in milliseconds: the 99th percentile, and the longest.
 *
 * @param {{ port: number, operator: Record<string, string> }} server
 */
export async function loopDelay({ port, operator }) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: operator })).text();
  const of = (quantile) => {
    const line = new RegExp(`^rampart_event_loop_delay_seconds\\{quantile="${quantile}"\\}\\s+(\\S+)`, "m").exec(text);
    return Number(line?.[1] ?? Number.NaN) * 1000;
  };
  return { p99Ms: of("0.99"), maxMs: of("1") };
}
