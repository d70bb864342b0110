/** Starts the kitchen screen: wiring first, then the board; nothing waits for the box. */

import "./styles.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { device } from "./state.ts";
import { keepAwake } from "./wake-lock.ts";

device.start();
keepAwake();
const root = document.getElementById("app");
if (root !== null) {
  root.textContent = "";
  render(<App />, root);
}
