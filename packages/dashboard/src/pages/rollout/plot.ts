import { measure, type MetricView, type RolloutEventView } from "@rampart/core";
import UPlot from "uplot";
import { theme } from "../../app/theme.ts";
import type { SparkPoint } from "../../ui/sparkline.tsx";
import { eventTone } from "./words.ts";

const HEIGHT = 180;

/** What a plot shows. */
export interface Plotted {
  readonly metric: MetricView;
  readonly points: readonly SparkPoint[];
  readonly marks: readonly RolloutEventView[];
  readonly thresholds: readonly number[];
}

/** A plot in `holder`, as wide as it is. `draw` shows other data; `destroy` ends it. */
export function createPlot(holder: HTMLElement): {
  readonly draw: (what: Plotted) => void;
  readonly destroy: () => void;
} {
  let shown: Plotted | undefined;
  let plot: UPlot | undefined;
  const observer = new ResizeObserver(() => plot?.setSize({ width: holder.clientWidth, height: HEIGHT }));
  observer.observe(holder);
  // Looking a colour up makes the browser work out styles: once for each, not for each line.
  const colours = new Map<string, string>();
  // What is drawn on a canvas doesn't follow the page's colours by itself.
  const redraw = (): void => {
    colours.clear();
    plot?.redraw();
  };
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", redraw);
  const forget = theme.subscribe(redraw);
  const colour = (name: string): string => {
    const known = colours.get(name);
    if (known !== undefined) return known;
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    holder.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    colours.set(name, color);
    return color;
  };
  const make = (metric: MetricView): UPlot =>
    new UPlot(
      {
        width: holder.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: (_, low, high) => rangeOf(low, high, shown?.thresholds ?? []) } },
        axes: [
          {
            stroke: () => colour("text-soft"),
            grid: { stroke: () => colour("line"), width: 1 },
            space: 80,
            values: (_, splits) => splits.map((at) => clockOf(at, (splits.at(-1) ?? at) - (splits[0] ?? at))),
          },
          {
            stroke: () => colour("text-soft"),
            grid: { stroke: () => colour("line"), width: 1 },
            size: 64,
            values: (_, splits) => splits.map((value) => measure(value, metric.unit)),
          },
        ],
        series: [{}, { stroke: () => colour("series-on"), width: 2, points: { show: false } }],
        hooks: { draw: [(self) => shown && mark(self, shown, colour)] },
      },
      [[], []],
      holder,
    );
  return {
    draw(what) {
      shown = what;
      plot ??= make(what.metric);
      plot.setData([what.points.map(({ at }) => at / 1000), what.points.map(({ value }) => value)]);
    },
    destroy() {
      observer.disconnect();
      scheme.removeEventListener("change", redraw);
      forget();
      plot?.destroy();
    },
  };
}

const MINUTES = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const FORMATS = [
  [600, new Intl.DateTimeFormat([], { ...MINUTES, second: "2-digit" })],
  [86_400, new Intl.DateTimeFormat([], MINUTES)],
  [Number.POSITIVE_INFINITY, new Intl.DateTimeFormat([], { ...MINUTES, day: "numeric", month: "short" })],
] as const;

/** The reader's time of day, with the seconds or the day where the span asks for them. */
function clockOf(atSeconds: number, spanSeconds: number): string {
  const format = FORMATS.find(([below]) => spanSeconds < below)?.[1];
  return format?.format(atSeconds * 1000) ?? "";
}

/** Thresholds are always in the picture: the distance to them is what matters. */
function rangeOf(low: number, high: number, thresholds: readonly number[]): [number, number] {
  const bottom = Math.min(low, ...thresholds);
  const top = Math.max(high, ...thresholds);
  const room = (top - bottom || Math.abs(top) || 1) * 0.1;
  return [bottom >= 0 ? Math.max(0, bottom - room) : bottom - room, top + room];
}

function mark(plot: UPlot, { marks, thresholds }: Plotted, colour: (name: string) => string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([6, 4]);
  for (const threshold of thresholds) {
    const y = plot.valToPos(threshold, "y", true);
    stroke(ctx, colour("bad"), [bbox.left, y], [bbox.left + bbox.width, y]);
  }
  ctx.setLineDash([]);
  for (const { at, event } of marks) {
    const x = plot.valToPos(Date.parse(at) / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    stroke(ctx, colour(eventTone(event)), [x, bbox.top], [x, bbox.top + bbox.height]);
  }
  ctx.restore();
}

function stroke(
  ctx: CanvasRenderingContext2D,
  style: string,
  [fromX, fromY]: readonly [number, number],
  [toX, toY]: readonly [number, number],
): void {
  ctx.strokeStyle = style;
  ctx.beginPath();
  ctx.moveTo(fromX, fromY);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}
