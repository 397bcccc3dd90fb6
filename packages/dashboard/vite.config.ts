import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

/** What of uPlot the console does not use, and what stands in its place: other curves, logarithmic scales, words for dates (its axes have ours), milliseconds, scatter plots, the legend, and the pointer with all that hangs on it: values are read in each chart's table. */
const UNUSED: readonly (readonly [statement: string, instead: string])[] = [
  ["uPlot.join = join;", ""],
  ["(paths.stepped = stepped);", ""],
  ["(paths.bars    = bars);", ""],
  ["(paths.spline  = monotoneCubic);", ""],
  ["uPlot.fmtDate = fmtDate;", ""],
  ["uPlot.tzDate  = tzDate;", ""],
  ["const _fmtDate = (opts.fmtDate || fmtDate);", ""],
  [
    "timeAxisVals(_tzDate, timeAxisStamps((ms == 1 ? _timeAxisStampsMs : _timeAxisStampsS), _fmtDate));",
    "numAxisVals;",
  ],
  ["timeSeriesVal(_tzDate, timeSeriesStamp(_timeSeriesStamp, _fmtDate));", "numSeriesVal;"],
  ["timeSeriesVal(_tzDate, timeSeriesStamp(sv, _fmtDate))", "sv"],
  ["timeAxisVals(_tzDate, timeAxisStamps(av, _fmtDate))", "av"],
  ["timeAxisVal(_tzDate, av)", "av"],
  ["const [ timeIncrsMs, _timeAxisStampsMs, timeAxisSplitsMs ] = genTimeStuffs(1);", ""],
  ["(ms == 1 ? timeAxisSplitsMs(_tzDate) : timeAxisSplitsS(_tzDate))", "timeAxisSplitsS(_tzDate)"],
  ["(ms == 1 ? timeIncrsMs : timeIncrsS)", "timeIncrsS"],
  ["\t\t_timeAxisStamps,\n", "\t\t[],\n"],
  ["uPlot.rangeLog = rangeLog;", ""],
  ["uPlot.rangeAsinh = rangeAsinh;", ""],
  ["[_min, _max] = rangeLog(_min, _min, scaleX.log, false);", ";"],
  ["[_min, _max] = rangeAsinh(_min, _min, scaleX.log, false);", ";"],
  ["(sc.distr == 3 ? snapLogX : sc.distr == 4 ? snapAsinhX : snapNumX)", "snapNumX"],
  ["(sc.distr == 3 ? snapLogY : sc.distr == 4 ? snapAsinhY : snapNumY)", "snapNumY"],
  ["sc.distr == 3 ? logAxisSplits : sc.distr == 4 ? asinhAxisSplits : numAxisSplits", "numAxisSplits"],
  [
    "sc.distr >= 3 && sc.log == 10 ? log10AxisValsFilt : sc.distr == 3 && sc.log == 2 ? log2AxisValsFilt : retArg1",
    "retArg1",
  ],
  ["const mode = self.mode;", "const mode = 1;"],
  ["const showLegend = legend.show;", "const showLegend = false;"],
  ["let multiValLegend = false;", "const multiValLegend = false;"],
  ["multiValLegend = getMultiVals != null;", ""],
  ["const showCursor =                cursor.show;", "const showCursor = false;"],
  ["updateCursor(null, _fire, _pub);", ""],
  ["updateCursor(null, true, false);\n\t\t\tshouldSetCursor", "shouldSetCursor"],
  ["events.mousedown = mouseDown;", ""],
  ["events.mousemove = mouseMove;", ""],
  ["events.mouseup = mouseUp;", ""],
  ["events.dblclick = dblClick;", ""],
  ["sync.sub(self);", ""],
  ["sync.unsub(self);", ""],
  ["self.pub = pub;", ""],
  ["uPlot.sync = _sync;", ""],
  ["const sync = _sync(syncKey);", ""],
  ["self.setSeries = setSeries;", ""],
  ["self.addSeries = addSeries;", ""],
  ["self.delSeries = delSeries;", ""],
  ["self.setSelect = setSelect;", ""],
  ["self.setLegend = setLegend;", ""],
  ["self.addBand = addBand;", ""],
  ["self.setBand = setBand;", ""],
  ["self.delBand = delBand;", ""],
  ["if (select.show && shouldSetSelect) {", "if (false) {"],
  ["if (select.show && !shouldSetSelect &&", "if (false &&"],
  ["if (legend.show && legend.live && shouldSetLegend) {", "if (false) {"],
  ["flags != 0 && bands.forEach(", "false && bands.forEach("],
];

/** Leaves those parts of uPlot out, for the budget's sake: nobody could reach them but by these names. */
const onlyLines: Plugin = {
  name: "only-lines",
  enforce: "pre",
  transform(code, id) {
    if (!/[/\\]uPlot\.esm\.js$/.test(id)) return undefined;
    return UNUSED.reduce((rest, [statement, instead]) => {
      if (!rest.includes(statement)) throw new Error(`uPlot has no ${JSON.stringify(statement)} any more: see UNUSED.`);
      return rest.replace(statement, () => instead);
    }, code);
  },
};

/** Loads what is loaded later as it is: all styles are in the one sheet of the page, and nothing is to be fetched ahead. */
const plainImports: Plugin = {
  name: "plain-imports",
  enforce: "pre",
  load: (id) => (id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : undefined),
};

/** Built into the server's package, which serves it. Nothing is inlined: the page's policy allows only files of its own. */
export default defineConfig({
  plugins: [onlyLines, plainImports],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: {
    conditions: ["source", "browser", "module", "import", "default"],
    alias: { "@rampart/examples": fileURLToPath(new URL("../../examples", import.meta.url)) },
  },
  build: {
    outDir: "../server/dist/console",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:4001", "/console": "http://127.0.0.1:4001" } },
});
