/** Starts the POS: wiring first, then the first screen; nothing waits for the box. */

import "./styles.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { device } from "./state.ts";

device.start();
const root = document.getElementById("app");
if (root !== null) {
  root.textContent = "";
  render(<App />, root);
}
