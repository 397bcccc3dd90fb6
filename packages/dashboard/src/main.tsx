import { render } from "preact";
import { App } from "./app/app.tsx";
import { followLinks } from "./app/router.ts";
import { applyTheme } from "./app/theme.ts";

applyTheme();
followLinks();
const root = document.querySelector("#app");
if (root !== null) render(<App />, root);
